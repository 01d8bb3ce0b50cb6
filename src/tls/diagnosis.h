// Why TLS failed, in words for a person: the Code says the kind, the text names the names.
#pragma once

#include <string>

#include "base/code.h"

namespace sp::tls {

struct Diagnosis {
  Code code = Code::internal;
  std::string text;    // "the certificate of 10.0.0.7:443 is for sympa-backend.internal, not for actual.host"
  std::string remedy;  // what to do about it; empty: what the table of codes says
};

}  // namespace sp::tls
