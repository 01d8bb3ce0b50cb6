#include "base/arena.h"

#include <algorithm>
#include <new>

namespace sp {

void* Arena::allocate_slow(std::size_t bytes) {
  std::size_t capacity = std::max(bytes, head_ == nullptr ? block_size_ : head_->capacity * 2);
  auto* block = static_cast<Block*>(::operator new(sizeof(Block) + capacity));
  block->next = head_;
  block->capacity = capacity;
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

void Arena::reset() {
  while (head_ != nullptr && head_->next != nullptr) {
    Block* next = head_->next;
    ::operator delete(head_);
    head_ = next;
  }
  used_ = 0;
}

void Arena::release() {
  reset();
  ::operator delete(head_);
  head_ = nullptr;
}

std::size_t Arena::bytes_held() const {
  std::size_t total = 0;
  for (const Block* block = head_; block != nullptr; block = block->next) total += sizeof(Block) + block->capacity;
  return total;
}

}  // namespace sp
