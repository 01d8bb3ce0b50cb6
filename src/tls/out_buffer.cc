#include "tls/out_buffer.h"

#include <cstring>
#include <memory>

#include "base/assert.h"
#include "base/free_list.h"

namespace sp::tls {
namespace {

thread_local FreeList<HeapBlocks> buffers(sizeof(OutBuffer), 16);
thread_local std::unique_ptr<char[]> scratch;

}  // namespace

void* OutBuffer::operator new(std::size_t) { return buffers.take(); }

void OutBuffer::operator delete(void* memory) noexcept {
  if (memory != nullptr) buffers.give(memory);
}

std::size_t trim_out_buffers() noexcept { return buffers.trim(); }

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
  if (scratch == nullptr) scratch = std::make_unique_for_overwrite<char[]>(max_record);
  return scratch.get();
}

}  // namespace sp::tls
