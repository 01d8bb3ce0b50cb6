// Memory for the small things of one exchange (heads, rewritten URLs): bump allocation, one reset, no destructors.
#pragma once

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

namespace sp {

// Blocks that are given up are kept for the next arena of this thread. This gives back to the heap what was not needed
// since the last call; says how many octets.
std::size_t trim_arena_blocks() noexcept;

class Arena {
 public:
  // `first_block` bytes are taken on first use and kept over reset(); an idle arena after release() holds nothing.
  static constexpr std::size_t usual_block = 4096;
  static constexpr std::size_t small_block = 1024;  // where there are very many at a time
  explicit Arena(std::size_t first_block = usual_block) : block_size_(first_block) {}
  ~Arena() { release(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised memory, valid until reset(). `align` is a power of two, at most alignof(std::max_align_t).
  void* allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t)) {
    std::size_t at = (used_ + align - 1) & ~(align - 1);
    if (head_ == nullptr || at + bytes > head_->capacity) [[unlikely]]
      return allocate_slow(bytes);
    used_ = at + bytes;
    return head_->data() + at;
  }
  // Takes back what was allocated last, so that the next one gets its place; what is not the last stays until reset().
  void take_back(const void* memory, std::size_t bytes);
  char* chars(std::size_t bytes) { return static_cast<char*>(allocate(bytes, 1)); }

  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  // A copy of `text` that lives until reset().
  std::string_view copy(std::string_view text) { return concat({text}); }
  // The parts one after the other, as one piece that lives until reset().
  std::string_view concat(std::initializer_list<std::string_view> parts);

  // Forgets everything allocated; keeps the first block. All views into the arena are dead after it.
  void reset();
  // reset(), and gives the memory back.
  void release();
  std::size_t bytes_held() const;

 private:
  struct alignas(std::max_align_t) Block {
    Block* next;
    std::size_t capacity;
    std::size_t used_of_next;  // when this one was begun
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };
  void* allocate_slow(std::size_t bytes);
  void drop_head();
  static void give_back(Block* block);

  Block* head_ = nullptr;  // the block being filled; older ones behind it
  std::size_t used_ = 0;
  std::size_t block_size_;
};

}  // namespace sp
