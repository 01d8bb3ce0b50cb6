// Memory for what is small, lives long and comes in great number: sockets, idle connections, tunnels. Objects of one
// size lie side by side in chunks of their own, apart from what each request takes and gives back; otherwise every page
// of a burst would keep one of them, and nothing of it could go back to the system.
#pragma once

#include <cstddef>
#include <new>

#include "base/intrusive_list.h"

namespace sp {

class Slab {
 public:
  // Objects of `size` octets, at most chunk / 8.
  explicit Slab(std::size_t size);
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // Never null: throws std::bad_alloc as operator new does.
  void* take();
  // Of the slab that it was taken from, by the same thread.
  static void give(void* object) noexcept;

  static constexpr std::size_t chunk = std::size_t{64} * 1024;

 private:
  struct Free {
    Free* next;
  };
  struct alignas(16) Chunk : ListHook {
    Slab* owner;
    Free* free = nullptr;
    unsigned used = 0;
    unsigned touched = 0;  // objects from here on were never handed out
    bool of_heap = false;  // else of the system
  };
  Chunk* add_chunk();
  void drop(Chunk& chunk) noexcept;

  std::size_t size_;
  unsigned per_chunk_;
  IntrusiveList<Chunk> with_room_;
};

// From a slab of this thread for that size, or from the heap if it is large. Freed with the same size, on the same
// thread. Throws std::bad_alloc.
void* allocate_lasting(std::size_t bytes);
void free_lasting(void* object, std::size_t bytes) noexcept;

// Base of classes whose objects are made there.
class Lasting {
 public:
  static void* operator new(std::size_t bytes) { return allocate_lasting(bytes); }
  static void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept;
  static void operator delete(void* object, std::size_t bytes) noexcept { free_lasting(object, bytes); }
};

}  // namespace sp
