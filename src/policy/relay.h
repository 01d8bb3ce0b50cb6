// Where an entry that passes octets on sends a connection: by the protocol that a TLS client offers, by the name that
// it asks for, by the port that it has connected to. Compiled once from the configuration; pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "policy/access.h"
#include "policy/string_table.h"

namespace sp::policy {

struct Upstream;

// `to`, or one line of `ports`, `sni` or `alpn`.
struct RelayTarget {
  const Upstream* upstream = nullptr;
  std::string label;                // "sni mail.example.com": as reasons and logs name it
  std::string place_text;           // "sallyport.yaml:31"
  config::TimeoutsConfig timeouts;  // global < entry < upstream
};

struct RelayChoice {
  const RelayTarget* target = nullptr;  // null: nothing is for this connection
  std::string_view why;                 // a sentence's end: "the client asks for this name"
};

// What is known of a connection. Empty texts where nothing is: a client without TLS, or without a name.
struct RelayQuestion {
  std::uint16_t port = 0;
  std::string_view server_name;
  std::span<const std::string_view> protocols;
};

class Relay {
 public:
  // A protocol that the client offers wins over the name that it asks for, an exact name over the nearest `*.`, that
  // over `*`; then comes the port, and then `to`. Of several protocols that are named, the client's first wins.
  RelayChoice choose(const RelayQuestion& question) const;
  // Whether the answer depends on what a TLS client says.
  bool needs_hello() const { return !names_.empty() || !protocols_.empty(); }
  bool needs_protocols() const { return !protocols_.empty(); }
  // Whether one of these has a target of its own.
  bool names_any(std::span<const std::string_view> protocols) const;

  AccessList access;
  std::string place_text;  // of the entry
  // Of mail.
  std::optional<config::MailProtocol> spoken;  // where no scheme says it
  bool xclient = false;
  std::optional<config::StartTls> starttls;
  config::InClear passwords_in_clear = config::InClear::refuse;

  // ---- for who compiles it ----
  void add_default(RelayTarget target);
  void add_port(std::uint16_t port, RelayTarget target);
  void add_name(std::string_view pattern, RelayTarget target);
  void add_protocol(std::string_view protocol, RelayTarget target);
  std::span<const RelayTarget> targets() const { return targets_; }

 private:
  std::uint32_t add(RelayTarget target);
  const RelayTarget* by_name(std::string_view name) const;

  std::vector<RelayTarget> targets_;
  StringTable names_{Case::insensitive};  // "mail.example.com", ".example.com" for all below it, "*"
  StringTable protocols_;
  std::map<std::uint16_t, std::uint32_t> ports_;
  std::int64_t default_ = -1;
};

}  // namespace sp::policy
