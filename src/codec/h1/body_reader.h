// Takes the content behind a head out of its framing (RFC 9112 sections 6 and 7): octets in, octets of content out,
// chunk lines and extensions dropped.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/h1/framing.h"
#include "codec/h1/head_scan.h"
#include "codec/limits.h"
#include "http/fields.h"

namespace sp::codec::h1 {

class BodyReader {
 public:
  struct Step {
    ByteView data{};    // content, a view into `in`; empty: more octets are needed, unless done
    bool done = false;  // the content is complete (it may be so together with the last data)
  };

  // `sender` says whose codes the errors bear: Side::client for requests, Side::upstream for responses.
  BodyReader(const Limits& limits, Side sender);

  // Begins the content of the next message.
  void start(const Framing& framing);

  // Takes octets off the front of `in`. What it leaves in `in` although it returned no data and is not done (only the
  // beginning of a trailer section, which is at most limits.trailers long) must be shown again with more behind it.
  // Trailer fields are copied into `trailers` and its arena; where that is null they are checked and dropped. Once
  // done, `in` is what follows the message. Errors, after which the connection cannot be used again: bad_chunk and
  // bad_trailer of the client; of an upstream bad_response_chunk for both.
  Result<Step> next(ByteView& in, http::Fields* trailers);

  // The connection ended: complete (until close, or already done) or cut off (body_incomplete, response_incomplete)?
  Result<void> end() const;

  bool done() const { return state_ == State::done; }
  // How many octets of content come next without any framing in between, as far as is known: of the rest of a known
  // length or of this chunk. All ones: up to the end of the connection.
  std::uint64_t contiguous() const;
  // `octets` of them (at most contiguous()) were moved without passing here, as by splice.
  void skip(std::uint64_t octets);

 private:
  enum class State : std::uint8_t {
    done,
    fixed,
    until_close,
    size,
    blank,
    extension,
    size_lf,  // of a chunk's line: digits; white space before ';'; behind ';'; LF is due
    data,
    data_cr,
    data_lf,
    trailers
  };

  struct Bounds {
    std::uint32_t chunk_line, trailers, trailer_fields;
    Underscores underscores;
  };

  Result<Step> next_chunked(ByteView& in, http::Fields* trailers);
  Result<void> read_line(ByteView& in);
  const char* take_octet(char c);
  const char* take_size_octet(char c);
  const char* end_line();
  Result<bool> read_trailers(ByteView& in, http::Fields* trailers);
  ByteView take(ByteView& in);
  std::unexpected<Error> bad_chunk(const char* where) const;
  std::unexpected<Error> bad_trailer(const char* where) const;

  Bounds bounds_;
  HeadScan trailer_scan_;
  std::uint64_t left_ = 0;      // octets of content: of the whole (fixed) or of this chunk
  std::uint32_t overhead_ = 0;  // octets of extensions that no content has made up for
  std::uint32_t line_ = 0;      // octets of this chunk's line so far
  std::uint8_t digits_ = 0;
  State state_ = State::done;
  Side sender_;
};

}  // namespace sp::codec::h1
