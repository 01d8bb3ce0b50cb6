// What one connection to a server has shown.
#pragma once

#include <cstdint>
#include <string>

#include "base/code.h"
#include "config/model.h"
#include "services/doctor/product.h"

namespace sp::doctor {

enum class Tls : std::uint8_t { none, starttls, at_once };

// How a connection begins.
struct Way {
  config::ProxyVersion header = config::ProxyVersion::off;
  Tls tls = Tls::none;
  bool operator==(const Way&) const = default;
};

enum class Outcome : std::uint8_t {
  well,          // the server has answered as it does when nothing is wrong
  quiet,         // it is connected and waits; of what is spoken there it is not known that it would say something
  took_header,   // it took the header for a command
  refused,       // it answers, but not with a welcome
  other_speech,  // it greets, in another protocol of mail than is expected
  wants_tls,     // it answers to clear text that it wants TLS
  tls_failed,    // no handshake came about
  certificate,   // one did, and the settings refuse the server
  no_starttls,
  closed,
  silent,
  unreachable,
  given_up,  // nobody wanted to know any more
};

// Whether the server was sent what it expects, if with something behind that which is not well.
constexpr bool begins_well(Outcome outcome) {
  return outcome == Outcome::well || outcome == Outcome::certificate || outcome == Outcome::no_starttls ||
         outcome == Outcome::other_speech;
}

// What a server of mail makes of being told by XCLIENT or ID who connects.
enum class Identity : std::uint8_t { not_asked, taken, not_offered, refused };

struct Observation {
  Way way;
  Outcome outcome = Outcome::given_up;
  Code code = Code::ok;        // of `unreachable`, `tls_failed` and `certificate`
  std::string answer;          // what the server said, escaped and cut
  std::string detail, remedy;  // of the same, in words
  std::string address;         // of the server, "10.0.0.7:25"; empty where it was not reached
  std::string gate;            // this gate's address towards it; empty where it is not known
  std::string tls_version;     // "TLSv1.3"
  std::string certificate;     // its subject and its last day
  Product product = Product::unknown;
  // Of `well`:
  Identity identity = Identity::not_asked;
  bool log_in_disabled = false;  // as the connection is now
};

}  // namespace sp::doctor
