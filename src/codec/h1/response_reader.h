// Reads response heads (RFC 9112 sections 4 and 5) into the message model, as strictly as requests are read.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/h1/framing.h"
#include "codec/h1/head_scan.h"
#include "codec/limits.h"
#include "http/message.h"

namespace sp::codec::h1 {

class ResponseReader {
 public:
  explicit ResponseReader(const Limits& limits) : limits_(limits) {}

  // As RequestReader::read(). `asked` is the method of the request that is being answered: HEAD has no content, CONNECT
  // becomes a tunnel with 2xx. Interim responses (1xx) are returned like others; call again for the final one. After a
  // 101 what follows belongs to the tunnel; whether one was asked for (unexpected_upgrade) is for the caller to say.
  //
  // Deviations from RFC 9112: white space before the colon (5.1) and obs-fold (5.2) are refused, not mended; bare LF
  // too.
  //
  // Errors (Side::upstream): bad_status_line, upstream_speaks_http2, bad_response_field, response_fields_too_large,
  // bad_response_framing.
  Result<std::size_t> read(ByteView in, http::Method asked, http::ResponseHead& head, Persistence& persistence);

  void reset() { scan_ = {}; }

 private:
  Limits limits_;
  HeadScan scan_;
};

}  // namespace sp::codec::h1
