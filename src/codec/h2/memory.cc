#include "codec/h2/memory.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <new>

#include "base/frame_pool.h"

namespace sp::codec::h2 {
namespace {

// Stands before each block: the pool wants to know the size again.
struct alignas(std::max_align_t) Size {
  std::size_t octets;  // of the block, without this
};

// What is set aside, by each thread: given out from the front, and whole again when all of it has come back. The system
// does not fetch memory for it before it is used.
class Reserve {
 public:
  void* take(std::size_t octets) {
    octets = (octets + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
    if (memory_ == nullptr || octets > size - used_) return nullptr;
    std::byte* const block = memory_.get() + used_;
    used_ += octets;
    ++blocks_;
    return block;
  }
  // False: it is not from here.
  bool give(const void* block) {
    const auto* octet = static_cast<const std::byte*>(block);
    if (std::less<>()(octet, memory_.get()) || !std::less<>()(octet, memory_.get() + size)) return false;
    if (--blocks_ == 0) used_ = 0;
    return true;
  }

 private:
  static constexpr std::size_t size = std::size_t{1} << 20;
  std::unique_ptr<std::byte[]> memory_{new (std::nothrow) std::byte[size]};
  std::size_t used_ = 0, blocks_ = 0;
};
Reserve& reserve() {
  thread_local Reserve one;
  return one;
}

void* take(std::size_t octets, void* ended) {
  if (octets > std::numeric_limits<std::size_t>::max() - sizeof(Size)) return nullptr;
  void* room = nullptr;
  try {
    room = allocate_frame(octets + sizeof(Size));
  } catch (const std::bad_alloc&) {
    *static_cast<bool*>(ended) = true;
    room = reserve().take(octets + sizeof(Size));
    if (room == nullptr) return nullptr;
  }
  return new (room) Size{octets} + 1;
}

void give(void* block, void*) {
  if (block == nullptr) return;
  Size* size = static_cast<Size*>(block) - 1;
  if (!reserve().give(size)) free_frame(size, size->octets + sizeof(Size));
}

void* take_zeroed(std::size_t count, std::size_t octets, void* ended) {
  if (octets != 0 && count > std::numeric_limits<std::size_t>::max() / octets) return nullptr;
  void* block = take(count * octets, ended);
  if (block != nullptr) std::memset(block, 0, count * octets);
  return block;
}

void* resize(void* block, std::size_t octets, void* ended) {
  if (block == nullptr) return take(octets, ended);
  void* larger = take(octets, ended);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, std::min(octets, (static_cast<Size*>(block) - 1)->octets));
  give(block, ended);
  return larger;
}

}  // namespace

nghttp2_mem session_memory(bool& ended) {
  reserve();  // now, and not when it is needed
  return {.mem_user_data = &ended, .malloc = take, .free = give, .calloc = take_zeroed, .realloc = resize};
}

}  // namespace sp::codec::h2
