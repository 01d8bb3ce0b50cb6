// HTTP/1 as the actors of the simulation speak it: a reader of their own, so that no mistake of ours hides itself.
#pragma once

#include <optional>
#include <string>

#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::testing {

struct SimMessage {
  std::string line;     // the first one
  std::string content;  // without its framing
  bool close = false;   // "Connection: close" was there
  bool whole = false;   // it came to its end, by its own framing
};

class SimReader {
 public:
  explicit SimReader(runtime::Stream& stream) : stream_(stream) {}
  // The next message; nothing where the connection ends before its head does. `until` is when patience ends.
  runtime::Task<std::optional<SimMessage>> next(bool response, runtime::TimePoint until);

 private:
  // Until this many octets are there.
  runtime::Task<bool> have(std::size_t octets, runtime::TimePoint until);
  // The next line without its CRLF, taken off.
  runtime::Task<std::optional<std::string>> line(runtime::TimePoint until);
  runtime::Task<bool> chunks(SimMessage& message, runtime::TimePoint until);
  runtime::Task<bool> more(runtime::TimePoint until);

  runtime::Stream& stream_;
  std::string octets_;
};

runtime::Task<bool> send_octets(runtime::Stream& stream, std::string octets, runtime::TimePoint until);

}  // namespace sp::testing
