// Writing everything, at the peer's pace.
#pragma once

#include <sys/uio.h>

#include <coroutine>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "http/fields.h"
#include "proxy/pace.h"
#include "runtime/pipe.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::proxy {

inline iovec piece_of(ByteView text) { return {const_cast<char*>(text.data()), text.size()}; }

// Takes `octets` off the front of the pieces.
void take_off(std::span<iovec>& pieces, std::size_t octets);

// What write_all() returns, to be awaited where it is made. Nearly always the first write takes everything, and there
// is nothing to wait for: only the rest is a coroutine.
class [[nodiscard]] WritingAll {
 public:
  WritingAll(runtime::Stream& stream, std::span<iovec> pieces, Pace* pace, runtime::Duration idle)
      : stream_(stream), pieces_(pieces), pace_(pace), idle_(idle) {}
  WritingAll(const WritingAll&) = delete;
  bool await_ready();
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter);
  Result<void> await_resume();

 private:
  runtime::Stream& stream_;
  std::span<iovec> pieces_;
  Pace* pace_;  // null: `idle_` alone
  runtime::Duration idle_;
  Result<void> result_;
  std::optional<runtime::Task<Result<void>>> rest_;
};

// Writes all the pieces (which it changes). Code::timeout when the peer takes them more slowly than `pace` wants.
inline WritingAll write_all(runtime::Stream& stream, std::span<iovec> pieces, Pace& pace) {
  return {stream, pieces, &pace, {}};
}
inline WritingAll write_all(runtime::Stream& stream, std::span<iovec> pieces, runtime::Duration idle) {
  return {stream, pieces, nullptr, idle};
}

// The same with what a pipe holds. `sent` counts what the stream took.
runtime::Task<Result<void>> write_all(runtime::Stream& stream, runtime::Pipe& pipe, Pace& pace, std::uint64_t& sent);

// The room that these fields take in a head of HTTP/1.
inline std::size_t head_octets(const http::Fields& fields) {
  std::size_t total = 0;
  for (const http::Field& field : fields) total += field.name.size() + field.value.size() + 4;
  return total;
}

}  // namespace sp::proxy
