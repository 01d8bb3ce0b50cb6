#include "base/arena.h"

#include <algorithm>
#include <new>

#include "base/free_list.h"
#include "base/pooling.h"
#include "base/slab.h"

namespace sp {
namespace {

// Every exchange begins with one of the first two, and most need no more than the next.
constexpr std::size_t block_head = 4 * sizeof(void*);
// Blocks double up to here: whoever fills much would hold as much again for nothing.
constexpr std::size_t largest_growth = std::size_t{16} * 1024;
using Blocks = FreeList<Slab>;
thread_local Blocks small_blocks(Arena::small_block + block_head, 512);
thread_local Blocks middle_blocks(2 * Arena::small_block + block_head, 256);
thread_local Blocks usual_blocks(Arena::usual_block + block_head, 256);

Blocks* blocks_of(std::size_t capacity) {
  if (!pooling) return nullptr;
  switch (capacity) {
    case Arena::small_block: return &small_blocks;
    case 2 * Arena::small_block: return &middle_blocks;
    case Arena::usual_block: return &usual_blocks;
    default: return nullptr;
  }
}

}  // namespace

std::size_t trim_arena_blocks() noexcept { return small_blocks.trim() + middle_blocks.trim() + usual_blocks.trim(); }

void Arena::give_back(Block* block) {
  Blocks* blocks = blocks_of(block->capacity);
  if (blocks != nullptr) return blocks->give(block);
  ::operator delete(block);
}

void* Arena::allocate_slow(std::size_t bytes) {
  std::size_t capacity =
      std::max(bytes, head_ == nullptr ? block_size_ : std::min(head_->capacity * 2, largest_growth));
  static_assert(sizeof(Block) == block_head);
  Blocks* blocks = blocks_of(capacity);
  void* memory = blocks != nullptr ? blocks->take() : ::operator new(sizeof(Block) + capacity);
  auto* block = static_cast<Block*>(memory);
  block->next = head_;
  block->capacity = capacity;
  block->used_of_next = used_;
  head_ = block;
  used_ = bytes;
  return block->data();
}

std::string_view Arena::concat(std::initializer_list<std::string_view> parts) {
  std::size_t total = 0;
  for (std::string_view part : parts) total += part.size();
  char* out = chars(total);
  char* at = out;
  for (std::string_view part : parts) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return {out, total};
}

void Arena::drop_head() {
  Block* dropped = head_;
  head_ = dropped->next;
  used_ = dropped->used_of_next;
  give_back(dropped);
}

void Arena::take_back(const void* memory, std::size_t bytes) {
  if (head_ == nullptr || head_->data() + used_ != static_cast<const char*>(memory) + bytes) return;
  used_ -= bytes;
  if (used_ == 0 && head_->next != nullptr) drop_head();
}

void Arena::reset() {
  while (head_ != nullptr && head_->next != nullptr) drop_head();
  used_ = 0;
}

void Arena::release() {
  reset();
  if (head_ != nullptr) give_back(head_);
  head_ = nullptr;
}

std::size_t Arena::bytes_held() const {
  std::size_t total = 0;
  for (const Block* block = head_; block != nullptr; block = block->next) total += sizeof(Block) + block->capacity;
  return total;
}

}  // namespace sp
