// HTTP/1 as the actors of the simulation speak it: a reader of their own, so that no mistake of ours hides itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/stream.h"
#include "runtime/task.h"
#include "testing/sim/story.h"

namespace sp::testing {

struct SimMessage {
  std::string line;          // the first one
  std::string content;       // without its framing
  std::size_t length = 0;    // Content-Length
  bool chunked = false;      // how its content is framed
  bool close = false;        // "Connection: close" was there
  bool upgrade = false;      // "Upgrade" was there
  bool expects_100 = false;  // "Expect: 100-continue" was there
  std::string key;           // Sec-WebSocket-Key
  bool whole = false;        // it came to its end, by its own framing

  // 200 of "HTTP/1.1 200 OK".
  unsigned status() const;
  // 17 of "GET /17 HTTP/1.1".
  std::uint32_t number() const;
};

class SimReader {
 public:
  explicit SimReader(runtime::Stream& stream) : stream_(stream) {}
  // The next head; nothing where the connection ends before it does. `until` is when patience ends.
  runtime::Task<std::optional<SimMessage>> head(runtime::TimePoint until);
  // The content of that message; `whole` says whether all of it came.
  runtime::Task<void> content(SimMessage& message, runtime::TimePoint until);
  // The next response that is not an interim one, with its content.
  runtime::Task<std::optional<SimMessage>> response(runtime::TimePoint until);
  // Some octets more; false at the end, or when time is over.
  runtime::Task<bool> more(runtime::TimePoint until);
  // Everything until the other side has said that it is the end. False if the connection broke before, or time is over.
  runtime::Task<bool> rest(std::string& into, runtime::TimePoint until);
  // What has come, and was not taken as part of a message.
  std::string_view octets() const { return octets_; }

 private:
  // Until this many octets are there.
  runtime::Task<bool> have(std::size_t octets, runtime::TimePoint until);
  // The next line without its CRLF, taken off.
  runtime::Task<std::optional<std::string>> line(runtime::TimePoint until);
  runtime::Task<bool> chunks(SimMessage& message, runtime::TimePoint until);

  runtime::Stream& stream_;
  std::string octets_;
  bool ended_ = false;  // by a FIN
};

// False if the other side does not take all of it.
runtime::Task<bool> send_octets(runtime::Stream& stream, std::string octets, runtime::TimePoint until);
// The same in pieces with pauses between them, as messages in a tunnel are.
runtime::Task<bool> send_slowly(runtime::Stream& stream, std::string octets, Dice& dice, runtime::TimePoint until);

}  // namespace sp::testing
