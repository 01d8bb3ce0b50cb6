// From what connections to a server have shown to a sentence: which end is to be changed, and how. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "services/doctor/observation.h"

namespace sp::doctor {

// What is known without asking the server.
struct Circumstances {
  std::string server;        // as configured: "10.0.0.7:25", "mail.internal:25"
  std::string scheme;        // as well: "smtp"
  std::string target_place;  // of `to` or the like: "sallyport.yaml:29"; may be empty
  std::string proxy_place;   // of `send_proxy`; empty where there is none
  std::string mail;          // "imap": what is spoken there, as a scheme; empty where it is not known to be mail
  // Clients may speak TLS with the server through this gate: whether it does is not for this configuration to say.
  bool passes_tls = false;
};

struct Diagnosis {
  Code code = Code::ok;
  std::string text;    // a sentence without its full stop
  std::string remedy;  // as well
};

// `seen` begins with what the configuration says to do; the others are what was tried besides, to find what would work.
// Nothing: there is nothing wrong that is known.
std::optional<Diagnosis> diagnose(const Circumstances& about, std::span<const Observation> seen);

// "it closes the connection", "it answers (220 mail.example.com)".
std::string reaction_text(const Observation& seen);
// "v2, TLS", "no header, STARTTLS".
std::string way_text(const Way& way);

}  // namespace sp::doctor
