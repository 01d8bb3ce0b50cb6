// Reads request heads (RFC 9112 sections 2, 3 and 5) into the message model. Strict: what two readers could read
// differently is an error. Sans-io: no sockets, no clock, and no memory but the arena of the head.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/h1/framing.h"
#include "codec/h1/head_scan.h"
#include "codec/limits.h"
#include "http/message.h"

namespace sp::codec::h1 {

class RequestReader {
 public:
  explicit RequestReader(const Limits& limits) : limits_(limits) {}

  // Tries to take a whole head from the front of `in`. Returns its length in octets (with the empty lines before it, a
  // few of which are skipped as section 2.2 allows), or 0: more octets are needed; then call again with the same octets
  // (they may have moved) and more behind them. Scanning goes on where it stopped, so that dripped octets cost linear
  // time.
  //
  // On success `head` holds views into `in` (and its own arena), `persistence` how the content follows, and the reader
  // is ready for the next head. While 0 is returned the content of both is unspecified. After an error the connection
  // cannot be used again (section 9): answer and close.
  //
  // Errors (Side::client): bad_request_line, bad_method, bad_target, target_too_long, bad_version, bad_field_name,
  // bad_field_value, fields_too_large, too_many_fields, missing_host, bad_host, host_mismatch, bad_content_length,
  // length_and_transfer_encoding, bad_transfer_encoding, unsupported_transfer_coding, bad_connection_field,
  // unsupported_expectation, upgrade_with_body. One that is certain is reported before the head is complete.
  Result<std::size_t> read(ByteView in, http::RequestHead& head, Persistence& persistence);

  // Whether octets of a head (more than empty lines) have been seen: when the client closes now, was it between
  // requests?
  bool begun() const { return scan_.begun(); }
  // Forgets a head that was begun.
  void reset() {
    scan_ = {};
    line_checked_ = false;
  }

 private:
  Limits limits_;
  HeadScan scan_;
  bool line_checked_ = false;  // the request line was complete and well formed in an earlier call
};

}  // namespace sp::codec::h1
