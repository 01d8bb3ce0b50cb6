// A receive buffer that is only there while it is needed: pooled by the thread, given back when it is empty.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace sp::proxy {

// Memory of fixed sizes, kept in free lists of this thread. Never null: throws std::bad_alloc as operator new does.
char* take_block(std::size_t size);
void give_block(char* block, std::size_t size) noexcept;
// Gives back to the heap what this thread did not need since the last call; says how many octets.
std::size_t trim_blocks() noexcept;

class Buffer {
 public:
  static constexpr std::size_t small = std::size_t{16} * 1024;  // a head, and what comes with it
  static constexpr std::size_t large = std::size_t{64} * 1024;  // content that streams
  static constexpr std::size_t huge = std::size_t{256} * 1024;  // content that comes faster than it is read
  // So many of the last kind may be in use at a time on one thread: they are for speed, not for everybody.
  static constexpr unsigned most_huge = 16;
  static bool huge_is_to_be_had() noexcept;

  Buffer() = default;
  ~Buffer() { release(); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return size_; }
  // What has been received and not consumed.
  ByteView view() const { return {data_ + begin_, end_ - begin_}; }
  void consume(std::size_t n) { begin_ += n; }
  // Changes places with `other`: views into both stay as they are.
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }
  // Forgets what view() is not: `rest` is the tail of view() that is still to be read.
  void keep(ByteView rest) { begin_ = end_ - rest.size(); }

  // Brings `later` up to the end of `earlier`: one view. Both are into this buffer, and what was between them is lost.
  ByteView join(ByteView earlier, ByteView later) {
    std::memmove(data_ + (earlier.data() - data_) + earlier.size(), later.data(), later.size());
    return {earlier.data(), earlier.size() + later.size()};
  }

  // Room behind what was received; takes a block of `size` if there is none, and never moves what is there.
  std::span<char> room(std::size_t size = small) {
    if (data_ == nullptr) take(size);
    if (empty()) begin_ = end_ = 0;
    return {data_ + end_, size_ - end_};
  }
  void filled(std::size_t n) { end_ += n; }

  // Makes room for at least `total` octets from the beginning of view(): moves them, to a larger block if need be.
  // Views into the buffer are dead after it.
  void make_room(std::size_t total);
  void append(ByteView text) {
    make_room(view().size() + text.size());
    std::memcpy(data_ + end_, text.data(), text.size());
    end_ += text.size();
  }
  void release() noexcept {
    if (data_ != nullptr) give_block(data_, size_);
    data_ = nullptr;
    begin_ = end_ = size_ = 0;
  }
  void release_if_empty() noexcept {
    if (empty()) release();
  }

 private:
  void take(std::size_t size) {
    data_ = take_block(size);
    size_ = size;
    begin_ = end_ = 0;
  }
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sp::proxy
