#include "proxy/buffer.h"

#include <new>

#include "base/free_list.h"
#include "base/pooling.h"

namespace sp::proxy {
namespace {

thread_local FreeList<HeapBlocks> small_blocks(Buffer::small, 256), large_blocks(Buffer::large, 64);
thread_local FreeList<HeapBlocks> huge_blocks(Buffer::huge, Buffer::most_huge);
thread_local unsigned huge_in_use = 0;

FreeList<HeapBlocks>* list_of(std::size_t size) {
  if (!pooling) return nullptr;
  switch (size) {
    case Buffer::small: return &small_blocks;
    case Buffer::large: return &large_blocks;
    case Buffer::huge: return &huge_blocks;
    default: return nullptr;
  }
}

}  // namespace

char* take_block(std::size_t size) {
  FreeList<HeapBlocks>* list = list_of(size);
  auto* block = static_cast<char*>(list == nullptr ? ::operator new(size) : list->take());
  if (size == Buffer::huge) ++huge_in_use;
  return block;
}

void give_block(char* block, std::size_t size) noexcept {
  FreeList<HeapBlocks>* list = list_of(size);
  if (size == Buffer::huge) --huge_in_use;
  if (list == nullptr) return ::operator delete(block);
  list->give(block);
}

std::size_t trim_blocks() noexcept { return small_blocks.trim() + large_blocks.trim() + huge_blocks.trim(); }

bool Buffer::huge_is_to_be_had() noexcept { return huge_in_use < most_huge; }

void Buffer::make_room(std::size_t total) {
  std::size_t held = end_ - begin_;
  if (data_ == nullptr || total > size_) {
    // Beyond the fixed sizes by half as much again: what grows octet by octet must not be moved for each of them.
    std::size_t size = total <= small ? small : total <= large ? large : total + total / 2;
    char* data = take_block(size);
    if (data_ != nullptr && held != 0) std::memcpy(data, data_ + begin_, held);
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
