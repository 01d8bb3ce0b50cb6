// A request for the path of a check, and the status of the answer: on a connection of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/loop.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::health {

struct Question {
  std::string_view path;  // with its query
  std::string_view host;
  std::string_view scheme;
};

// The final status. Errors: those of the stream, timeout, end_of_stream, or what is wrong with the answer. What follows
// the status is read for a moment, so that the server need not take it for a client that has left; then the connection
// can only be closed.
runtime::Task<Result<std::uint16_t>> ask_http1(runtime::Stream& stream, Question question, runtime::TimePoint deadline);
runtime::Task<Result<std::uint16_t>> ask_http2(runtime::Stream& stream, Question question, runtime::TimePoint deadline);

}  // namespace sp::health
