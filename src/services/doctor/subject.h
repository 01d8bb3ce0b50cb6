// The servers of a configuration that can be examined, and what is spoken with each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/mail/dialogue.h"
#include "proxy/snapshot.h"
#include "services/doctor/observation.h"

namespace sp::doctor {

// What a server is expected to speak.
struct Speech {
  enum class Kind : std::uint8_t { unknown, mail, http1, http2 };
  Kind kind = Kind::unknown;
  codec::mail::Protocol mail = codec::mail::Protocol::smtp;
};

struct Subject {
  const policy::Upstream* upstream = nullptr;
  const policy::Server* server = nullptr;
  std::uint16_t port = 0;    // 0: a Unix socket
  std::string host;          // that is sent as SNI, as connect_server() has it; may be empty
  std::string name;          // "tcp://10.0.0.7:25"
  std::string address;       // the same without the scheme
  std::string scheme;        // "tcp"
  std::string entry;         // its name
  std::string target_place;  // "sallyport.yaml:29"
  Speech speech;
  Tls tls = Tls::none;
  bool passes_tls = false;  // clients may speak TLS with it through this gate
  bool in_clear = false;    // what clients say by TLS goes on in clear, and a header says nothing of their TLS either
  bool xclient = false;     // it is told by XCLIENT or ID who connects
};

enum class Which : std::uint8_t {
  all,
  told,  // those where something can be wrong about what they are told: of entries that pass octets on, or with
         // `send_proxy`
};

// Each once, in the order of the file. Points into the snapshot.
std::vector<Subject> subjects_of(const proxy::Snapshot& snapshot, Which which);

// Whether a word of the command line means this one: the name of its upstream, its URL, host:port, or its host.
bool is_meant(const Subject& subject, std::string_view word);

}  // namespace sp::doctor
