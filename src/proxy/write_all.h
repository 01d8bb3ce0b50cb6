// Writing everything, at the peer's pace.
#pragma once

#include <sys/uio.h>

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

// Writes all the pieces (which it changes). Code::timeout when the peer takes them more slowly than `pace` wants.
runtime::Task<Result<void>> write_all(runtime::Stream& stream, std::span<iovec> pieces, Pace& pace);
inline runtime::Task<Result<void>> write_all(runtime::Stream& stream, std::span<iovec> pieces, runtime::Duration idle) {
  Pace pace(idle, 0);
  auto written = co_await write_all(stream, pieces, pace);
  co_return written;
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
