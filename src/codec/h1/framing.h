// How the content of a message is delimited: RFC 9112 section 6.3. body_length() is the only code in the program that
// reads Content-Length and Transfer-Encoding; whatever two readers could read differently is refused there.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace sp::codec::h1 {

struct Framing {
  enum class Kind : std::uint8_t {
    none,         // nothing follows
    length,       // `length` octets
    chunked,      // chunks, a last chunk, trailers
    until_close,  // everything up to the end of the connection (responses only)
  };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
  bool operator==(const Framing&) const = default;
};

// What a head says about the connection that carried it and about the octets behind it.
struct Persistence {
  bool keep_alive = false;  // another message may follow on this connection
  Framing framing{};        // for BodyReader::start()
};

// The two fields as they were found, collected while a head is read.
struct FramingFields {
  std::string_view length;  // the value of the first Content-Length
  std::string_view coding;  // the value of the first Transfer-Encoding
  std::uint32_t lengths = 0;
  std::uint32_t codings = 0;
};

struct BodyLength {
  Framing framing;
  std::optional<std::uint64_t> declared;  // Content-Length, also where nothing follows (HEAD, 304)
};

// Errors: bad_content_length, length_and_transfer_encoding, bad_transfer_encoding, unsupported_transfer_coding.
Result<BodyLength> request_body_length(const FramingFields& fields, http::Version version);
// Errors: bad_response_framing.
Result<BodyLength> response_body_length(const FramingFields& fields, http::Version version, std::uint16_t status,
                                        http::Method asked);

}  // namespace sp::codec::h1
