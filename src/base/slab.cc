#include "base/slab.h"

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <new>
#include <utility>

#include "base/assert.h"
#include "base/pooling.h"

namespace sp {
namespace {

constexpr std::size_t grain = 16;
constexpr std::size_t classes = 32;  // objects of up to 512 octets

using Slabs = std::array<Slab, classes>;

template <std::size_t... I>
Slabs make_slabs(std::index_sequence<I...>) {
  return {Slab((I + 1) * grain)...};
}

// Pages of the system, not of the heap: there the space between would be lost. Only what is touched takes memory. Null:
// there are none.
void* map_aligned(std::size_t size) {
  void* mapped = mmap(nullptr, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* begin = static_cast<char*>(mapped);
  const std::size_t before = (size - (reinterpret_cast<std::uintptr_t>(begin) & (size - 1))) & (size - 1);
  if (before != 0) munmap(begin, before);
  munmap(begin + before + size, size - before);
  return begin + before;
}

Slab& slab_of(std::size_t bytes) {
  thread_local Slabs slabs = make_slabs(std::make_index_sequence<classes>());
  return slabs[(bytes + grain - 1) / grain - 1];
}

}  // namespace

Slab::Slab(std::size_t size) : size_(size), per_chunk_(static_cast<unsigned>((chunk - sizeof(Chunk)) / size)) {}

Slab::~Slab() {
  while (Chunk* left = with_room_.front()) {
    SP_ASSERT(left->used == 0);
    drop(*left);
  }
}

Slab::Chunk* Slab::add_chunk() {
  void* room = map_aligned(chunk);
  const bool of_heap = room == nullptr;
  // The heap may have taken all that there is, and hold it though nobody uses it any more.
  if (of_heap) room = ::operator new(chunk, std::align_val_t(chunk));
  auto* made = new (room) Chunk;
  made->owner = this;
  made->of_heap = of_heap;
  with_room_.push_front(*made);
  return made;
}

void Slab::drop(Chunk& gone) noexcept {
  const bool of_heap = gone.of_heap;
  gone.~Chunk();
  if (of_heap)
    ::operator delete(&gone, std::align_val_t(chunk));
  else
    munmap(&gone, chunk);
}

void* Slab::take() {
  Chunk* from = with_room_.front();
  if (from == nullptr) from = add_chunk();
  void* object = from->free;
  if (object != nullptr) {
    from->free = from->free->next;
  } else {
    object = reinterpret_cast<char*>(from + 1) + size_ * from->touched++;
  }
  if (++from->used == per_chunk_) from->unlink();
  return object;
}

void Slab::give(void* object) noexcept {
  // Chunks are aligned to their size: the first octets of it are found from any object.
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(object) & (chunk - 1);
  auto* home = reinterpret_cast<Chunk*>(static_cast<char*>(object) - offset);
  home->free = new (object) Free{home->free};
  Slab& slab = *home->owner;
  if (!home->linked()) slab.with_room_.push_front(*home);
  const bool only_one = slab.with_room_.front() == slab.with_room_.back();
  if (--home->used == 0 && !only_one) slab.drop(*home);
}

void* allocate_lasting(std::size_t bytes) {
  return pooling && bytes <= classes * grain ? slab_of(bytes).take() : ::operator new(bytes);
}

void* Lasting::operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return allocate_lasting(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void free_lasting(void* object, std::size_t bytes) noexcept {
  if (object == nullptr) return;
  if (pooling && bytes <= classes * grain) return Slab::give(object);
  ::operator delete(object);
}

}  // namespace sp
