// Reads what an ICAP service answers (RFC 3507 sections 4.3 to 4.5): "unchanged", or a message of HTTP in the place of
// the one that it was shown. Sans-io, bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/icap/request.h"

namespace sp::codec::icap {

struct Answer {
  enum class Kind : std::uint8_t {
    unchanged,  // 204
    request,    // another request
    response,   // another response; to a request: the client gets it, and nothing is asked
  };
  Kind kind = Kind::unchanged;
  bool keep_alive = true;
  std::string http_head;  // with its empty line; not looked at yet
  bool has_body = false;
  // What it says that it has found: X-Infection-Found, X-Virus-ID or X-Violations-Found, as it came, but for its end.
  std::string found;
};

// The heads of an answer. A body behind them is in the chunks of HTTP/1.1, and for the reader of those.
class AnswerReader {
 public:
  static constexpr std::size_t max_head = std::size_t{16} * 1024;       // of ICAP
  static constexpr std::size_t max_http_head = std::size_t{64} * 1024;  // in it
  static constexpr std::size_t max_fields = 64;
  static constexpr std::size_t max_found = 256;

  explicit AnswerReader(Shown::What what) : what_(what) {}

  // Takes octets off the front of `in`; what it leaves there must be shown again with more behind it. True: the heads
  // are complete, and `in` is the body, if there is one, or what follows the answer. Errors (scanner_unavailable,
  // Side::upstream, `where` says what), after which the connection cannot be used again: every status but 200 and 204;
  // what is not ICAP, or not framed without doubt; what is beyond the bounds.
  Result<bool> read(ByteView& in);
  Answer& answer() { return answer_; }

 private:
  Result<bool> read_head(ByteView& in);
  Result<void> read_status(std::string_view line);
  Result<void> read_field(std::string_view line);
  Result<void> read_encapsulated(std::string_view list);
  Result<void> end_head();

  const Shown::What what_;
  bool head_read_ = false;
  std::uint16_t status_ = 0;
  std::size_t fields_ = 0;
  std::size_t http_head_size_ = 0;
  bool encapsulated_ = false;  // the field was there
  Answer answer_;
};

}  // namespace sp::codec::icap
