// One connection to an entry that passes octets on, decided as on the data path, but without a connection: what
// `explain` and `test` look at.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/said_in_header.h"
#include "policy/relay.h"
#include "proxy/snapshot.h"

namespace sp::app {

struct ConnectionQuestion {
  std::string url;  // tcp://host:port, tls://, smtp://, imap://, pop3://, sieve://
  std::string from = "192.0.2.1";
  std::optional<std::string> sni;  // the name that TLS asks for; empty: none; without it: the host of the URL
  std::vector<std::string> alpn;   // the protocols that TLS offers
  SaidInHeader proxy;              // by the PROXY header
};

// Whether a URL is one of these.
bool is_connection(std::string_view url);

class DryConnection {
 public:
  // What becomes of the TLS that the client may speak.
  enum class ClientTls : std::uint8_t {
    unseen,    // whatever is spoken passes on
    read,      // its first words are read, and it passes on untouched
    ends,      // it ends here
    starttls,  // it ends here, once the client asks for it
  };

  // The error says why there is nothing to decide: the URL is none, or nothing listens for it. The snapshot outlives
  // it.
  static std::expected<std::unique_ptr<DryConnection>, std::string> decide(const proxy::Snapshot& snapshot,
                                                                           const ConnectionQuestion& question);

  const proxy::Entry& entry() const { return *entry_; }
  const proxy::Listen& listen() const { return *listen_; }
  const policy::Relay& relay() const { return *entry_->policy->relay; }
  const IpAddress& from() const { return from_; }
  // The address that the URL names; without one the client has connected to some address of the listener.
  const std::optional<IpAddress>& to() const { return to_; }
  // It must begin with a header of the PROXY protocol.
  bool introduces_itself() const { return entry_->policy->proxies.contains(from_); }
  const policy::Decision& access() const { return access_; }
  std::string access_text() const { return app::access_text(relay().access, access_, from_, said_); }
  ClientTls client_tls() const { return client_tls_; }
  // The client is waited for before a server is chosen: it has to begin with TLS. A client of mail waits as well.
  bool waits_in_vain() const { return waits_in_vain_; }
  // The name and the protocols by which the target was chosen; empty where they are not known by then.
  const std::string& name() const { return name_; }
  const std::vector<std::string_view>& protocols() const { return protocols_; }
  const policy::RelayChoice& choice() const { return choice_; }
  const policy::Upstream* upstream() const { return choice_.target == nullptr ? nullptr : choice_.target->upstream; }
  // What is spoken in front of STARTTLS, on one leg or both.
  std::optional<codec::mail::Protocol> mail() const;
  // Code::ok where it is passed on; denied, no_target.
  Code code() const { return code_; }
  bool refused() const { return code_ != Code::ok; }
  // Of `https://` with `alpn`: requests come, since no protocol has a target of its own.
  bool goes_on_with_http() const { return goes_on_with_http_; }
  // "tcp://10.0.0.7:993": with the port that is connected to.
  std::string server_url(const policy::Server& server) const;

 private:
  DryConnection() = default;
  void go(const ConnectionQuestion& question, bool speaks_tls);
  void choose(std::string_view name, std::vector<std::string_view> protocols);

  const proxy::Entry* entry_ = nullptr;
  const proxy::Listen* listen_ = nullptr;
  IpAddress from_;
  std::optional<IpAddress> to_;
  std::string asked_;  // the name that TLS would ask for, in normal form
  std::vector<std::string> offered_;
  SaidInHeader said_;
  policy::Decision access_;
  ClientTls client_tls_ = ClientTls::unseen;
  bool waits_in_vain_ = false;
  bool goes_on_with_http_ = false;
  std::string name_;
  std::vector<std::string_view> protocols_;
  policy::RelayChoice choice_;
  Code code_ = Code::ok;
};

}  // namespace sp::app
