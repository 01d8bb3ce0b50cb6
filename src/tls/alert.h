// The alerts of TLS (RFC 8446 section 6) by name, and what the one who sends them means.
#pragma once

#include <string_view>

namespace sp::tls {

struct Alert {
  int number;
  std::string_view name;     // "handshake_failure"
  std::string_view meaning;  // "it found no version, cipher or key in common"; empty where the name says it all
};

// A row for any number; unknown ones are called "unknown".
const Alert& alert(int number);

}  // namespace sp::tls
