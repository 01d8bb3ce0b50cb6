// What ManageSieve says at the end of each answer (RFC 5804 sections 1.3 and 4, "response").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sp::codec::mail {

struct SieveResponse {
  enum class Word : std::uint8_t { ok, no, bye };
  Word word = Word::ok;
  // What it says to people: without quotes, and with spaces for line ends.
  std::string text;
};
// `line` with or without its CRLF, literals in it. Nothing: it is no such line.
std::optional<SieveResponse> parse_sieve_response(ByteView line);

}  // namespace sp::codec::mail
