// Blocks of one size that are kept for the next who needs one: the most recently used first, since it is still in the
// cache. What nobody needed for a while goes back to the heap, so that a burst does not cost memory for ever.
#pragma once

#include <cstddef>
#include <new>

namespace sp {

// Where they come from and go to: the heap, or (slab.h) pages where blocks of one size lie side by side.
class HeapBlocks {
 public:
  explicit HeapBlocks(std::size_t size) : size_(size) {}
  void* take() { return ::operator new(size_); }
  static void give(void* block) noexcept { ::operator delete(block); }

 private:
  std::size_t size_;
};

template <class Source>
class FreeList {
 public:
  // Keeps at most `most` blocks of `size` octets.
  FreeList(std::size_t size, unsigned most) : source_(size), size_(size), most_(most) {}
  ~FreeList() { shrink(count_); }
  FreeList(const FreeList&) = delete;
  FreeList& operator=(const FreeList&) = delete;

  // Never null: throws std::bad_alloc as operator new does.
  void* take() {
    if (first_ == nullptr) return source_.take();
    Free* block = first_;
    first_ = block->next;
    // The next one to be asked for may not be in the cache any more; by then it will be.
    __builtin_prefetch(first_, 1);
    if (--count_ < unneeded_) unneeded_ = count_;
    return block;
  }
  void give(void* block) noexcept {
    if (count_ == most_) return Source::give(block);
    first_ = new (block) Free{first_};
    ++count_;
  }
  // Gives back what was not needed since the last call. Says how many octets that were.
  std::size_t trim() noexcept {
    std::size_t octets = unneeded_ * size_;
    shrink(unneeded_);
    unneeded_ = count_;
    return octets;
  }

 private:
  struct Free {
    Free* next;
  };
  void shrink(unsigned blocks) noexcept {
    for (; blocks > 0; --blocks, --count_) {
      Free* next = first_->next;
      Source::give(first_);
      first_ = next;
    }
  }
  Source source_;
  std::size_t size_;
  unsigned most_;
  unsigned count_ = 0;
  unsigned unneeded_ = 0;  // the smallest count since the last trim()
  Free* first_ = nullptr;
};

}  // namespace sp
