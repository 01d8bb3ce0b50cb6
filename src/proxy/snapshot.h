// One configuration, compiled: everything that connections need to know, immutable and shared by all workers. Built
// whole beside the running one; a connection keeps the snapshot under which it began for as long as it lives.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/ip.h"
#include "codec/limits.h"
#include "codec/mail/dialogue.h"
#include "config/finding.h"
#include "config/model.h"
#include "policy/compile.h"
#include "policy/outbound.h"

namespace sp::tls {
class CertificateStore;
class TicketKeys;
struct ClientSettings;
struct ServerSettings;
}  // namespace sp::tls

namespace sp::proxy {

class Users;
struct Inspection;

// One address of one entry of `inbound` or `outbound`.
struct Listen {
  Endpoint endpoint;
  bool tls = false;
  bool h2c = false;        // clients may begin with HTTP/2
  bool relay = false;      // what comes is passed on, whatever it is
  bool any_proxy = false;  // HTTP, TLS or SOCKS: the first octet tells
  bool socks = false;
  std::optional<codec::mail::Protocol> mail;  // of a relay: what is spoken until STARTTLS
  std::string text;                           // as written: "https://:443"
};

// One entry of `inbound` or `outbound`.
struct Entry {
  std::string name;
  const config::InboundConfig* config = nullptr;
  const policy::Inbound* policy = nullptr;
  const policy::Outbound* outbound = nullptr;    // null: an entry of `inbound`
  std::shared_ptr<Users> users;                  // of the way out; null: nobody is asked who he is
  std::shared_ptr<const Inspection> inspection;  // of the way out; null: tunnels stay closed
  std::vector<Listen> listens;
  std::shared_ptr<const tls::ServerSettings> tls;       // null: no TLS ends here
  std::uint16_t https_port = 0;                         // where http is redirected to
  std::unordered_set<const policy::Site*> https_sites;  // those that http is redirected for: they have a certificate
  codec::Limits limits;
  std::uint32_t number = 0;

  bool relays() const { return outbound == nullptr && policy->sites.empty(); }
};

// What "smtp", "imap", "pop3" and "sieve" stand for; nothing for other schemes.
std::optional<codec::mail::Protocol> mail_protocol(std::string_view scheme);
// Which mail protocol the two sides of a connection speak that is passed on, by the listener, the server or the entry;
// nothing where it is not treated as mail.
std::optional<codec::mail::Protocol> mail_protocol(const Listen& listen, const policy::Relay& relay,
                                                   const policy::Upstream* upstream);

struct Snapshot {
  std::uint64_t generation = 0;
  config::Config config;
  std::vector<config::InboundConfig> ways_out;  // of entries of `outbound`: what they have in common with `inbound`
  std::unique_ptr<const policy::Policy> policy;
  std::vector<Entry> entries;
  std::shared_ptr<const tls::CertificateStore> certificates;
  std::shared_ptr<const tls::TicketKeys> tickets;
  std::vector<std::shared_ptr<const tls::ClientSettings>> upstream_tls;  // by Upstream::id; null: plain
  std::shared_ptr<const tls::ClientSettings> web_tls;  // of servers that no configuration names; null: none is asked
  std::string via;  // how this gate calls itself in Via; of this process, so that a loop is seen

  Snapshot();
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
};

}  // namespace sp::proxy
