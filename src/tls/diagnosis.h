// Why TLS failed, in words for a person: the Code says the kind, the text names the names.
#pragma once

#include <cstdint>
#include <string>

#include "base/code.h"

namespace sp::tls {

// What the other side has done to end it, where that says that it does not want the certificate that it was shown.
enum class Refusal : std::uint8_t {
  none,
  said,  // by an alert about certificates
  left,  // without a word
};

struct Diagnosis {
  Code code = Code::internal;
  std::string text;    // "the certificate of 10.0.0.7:443 is for sympa-backend.internal, not for actual.host"
  std::string remedy;  // what to do about it; empty: what the table of codes says
  Refusal refusal = Refusal::none;
};

}  // namespace sp::tls
