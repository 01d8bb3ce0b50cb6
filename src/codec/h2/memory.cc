#include "codec/h2/memory.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <new>

#include "base/frame_pool.h"

namespace sp::codec::h2 {
namespace {

// Stands before each block: the pool wants to know the size again.
struct alignas(std::max_align_t) Size {
  std::size_t octets;  // of the block, without this
};

void* take(std::size_t octets, void*) {
  if (octets > std::numeric_limits<std::size_t>::max() - sizeof(Size)) return nullptr;
  try {
    auto* size = static_cast<Size*>(allocate_frame(octets + sizeof(Size)));
    size->octets = octets;
    return size + 1;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void give(void* block, void*) {
  if (block == nullptr) return;
  Size* size = static_cast<Size*>(block) - 1;
  free_frame(size, size->octets + sizeof(Size));
}

void* take_zeroed(std::size_t count, std::size_t octets, void* user) {
  if (octets != 0 && count > std::numeric_limits<std::size_t>::max() / octets) return nullptr;
  void* block = take(count * octets, user);
  if (block != nullptr) std::memset(block, 0, count * octets);
  return block;
}

void* resize(void* block, std::size_t octets, void* user) {
  if (block == nullptr) return take(octets, user);
  void* larger = take(octets, user);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, std::min(octets, (static_cast<Size*>(block) - 1)->octets));
  give(block, user);
  return larger;
}

}  // namespace

nghttp2_mem* session_memory() {
  static nghttp2_mem memory{
      .mem_user_data = nullptr, .malloc = take, .free = give, .calloc = take_zeroed, .realloc = resize};
  return &memory;
}

}  // namespace sp::codec::h2
