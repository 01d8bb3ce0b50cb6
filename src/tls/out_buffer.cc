#include "tls/out_buffer.h"

#include <cstring>
#include <memory>
#include <new>

#include "base/assert.h"

namespace sp::tls {
namespace {

struct Pool {
  static constexpr std::size_t most = 16;
  std::array<void*, most> free;
  std::size_t count = 0;
  std::unique_ptr<char[]> scratch;

  ~Pool() {
    while (count > 0) ::operator delete(free[--count]);
    count = most;  // what comes back later, at the end of the thread, goes to the heap
  }
};
thread_local Pool pool;

}  // namespace

void* OutBuffer::operator new(std::size_t bytes) {
  if (pool.count > 0 && pool.count < Pool::most + 1) return pool.free[--pool.count];
  return ::operator new(bytes);
}

void OutBuffer::operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  if (pool.count < Pool::most) {
    pool.free[pool.count++] = memory;
  } else {
    ::operator delete(memory);
  }
}

bool OutBuffer::append(std::string_view octets) {
  if (octets.size() > capacity - end_) {
    if (octets.size() > capacity - size()) return false;
    std::memmove(octets_, octets_ + begin_, size());
    for (std::size_t i = 0; i < marks_; ++i) mark_[first_mark_ + i].end -= static_cast<std::uint32_t>(begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  std::memcpy(octets_ + end_, octets.data(), octets.size());
  end_ += octets.size();
  return true;
}

void OutBuffer::consume(std::size_t n) {
  SP_ASSERT(n <= size());
  begin_ += n;
  while (marks_ > 0 && mark_[first_mark_].end <= begin_) {
    credit_ += mark_[first_mark_].plain;
    ++first_mark_;
    --marks_;
  }
}

void OutBuffer::mark(std::size_t plain) {
  owed_ += plain;
  if (marks_ == 0) first_mark_ = 0;
  SP_ASSERT(first_mark_ + marks_ < max_marks);
  mark_[first_mark_ + marks_++] = {static_cast<std::uint32_t>(plain), static_cast<std::uint32_t>(end_)};
}

std::size_t OutBuffer::take_credit() {
  const std::size_t credit = credit_;
  credit_ = 0;
  owed_ -= credit;
  return credit;
}

char* record_scratch() {
  if (pool.scratch == nullptr) pool.scratch = std::make_unique_for_overwrite<char[]>(max_record);
  return pool.scratch.get();
}

}  // namespace sp::tls
