#include "proxy/buffer.h"

#include <new>

namespace sp::proxy {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SP_NO_POOLING 1  // so that a use after free is seen
#endif
#endif

struct Free {
  Free* next;
};
// The most recently used block first: it is still in the cache.
struct FreeList {
  Free* first = nullptr;
  unsigned count = 0;
  unsigned keep;
  explicit FreeList(unsigned most) : keep(most) {}
  ~FreeList() {
    while (first != nullptr) {
      Free* next = first->next;
      ::operator delete(first);
      first = next;
    }
  }
};
thread_local FreeList small_blocks(256), large_blocks(64);

FreeList* list_of(std::size_t size) {
#ifdef SP_NO_POOLING
  (void)size;
  return nullptr;
#else
  return size == Buffer::small ? &small_blocks : size == Buffer::large ? &large_blocks : nullptr;
#endif
}

}  // namespace

char* take_block(std::size_t size) {
  FreeList* list = list_of(size);
  if (list == nullptr || list->first == nullptr) return static_cast<char*>(::operator new(size));
  Free* block = list->first;
  list->first = block->next;
  --list->count;
  return reinterpret_cast<char*>(block);
}

void give_block(char* block, std::size_t size) noexcept {
  FreeList* list = list_of(size);
  if (list == nullptr || list->count == list->keep) return ::operator delete(block);
  list->first = new (block) Free{list->first};
  ++list->count;
}

void Buffer::make_room(std::size_t total) {
  std::size_t held = end_ - begin_;
  if (data_ == nullptr || total > size_) {
    std::size_t size = total <= small ? small : total <= large ? large : total;
    char* data = take_block(size);
    if (held != 0) std::memcpy(data, data_ + begin_, held);
    if (data_ != nullptr) give_block(data_, size_);
    data_ = data;
    size_ = size;
  } else if (begin_ != 0 && begin_ + total > size_) {
    std::memmove(data_, data_ + begin_, held);
  } else {
    return;
  }
  begin_ = 0;
  end_ = held;
}

}  // namespace sp::proxy
