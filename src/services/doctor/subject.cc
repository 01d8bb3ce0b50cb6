#include "services/doctor/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sp::doctor {
namespace {

using codec::mail::Protocol;
using Kind = Speech::Kind;

struct KnownPort {
  std::uint16_t port;
  Speech speech;
  bool tls;
};
constexpr std::array known_ports{
    KnownPort{25, {Kind::mail, Protocol::smtp}, false}, KnownPort{587, {Kind::mail, Protocol::smtp}, false},
    KnownPort{465, {Kind::mail, Protocol::smtp}, true}, KnownPort{143, {Kind::mail, Protocol::imap}, false},
    KnownPort{993, {Kind::mail, Protocol::imap}, true}, KnownPort{110, {Kind::mail, Protocol::pop3}, false},
    KnownPort{995, {Kind::mail, Protocol::pop3}, true}, KnownPort{4190, {Kind::mail, Protocol::sieve}, false},
    KnownPort{80, {.kind = Kind::http1}, false},        KnownPort{443, {.kind = Kind::http1}, true},
    KnownPort{8443, {.kind = Kind::http1}, true},
};

// Ten thousand above is where servers behind a proxy are put (10025, 10993: Stalwart's documentation).
const KnownPort* known(std::uint16_t port) {
  for (const int wanted : {int{port}, port - 10000}) {
    const auto found = std::ranges::find(known_ports, wanted, &KnownPort::port);
    if (found != known_ports.end()) return found;
  }
  return nullptr;
}

Tls tls_of(policy::ServerTls tls) {
  switch (tls) {
    case policy::ServerTls::none: return Tls::none;
    case policy::ServerTls::starttls: return Tls::starttls;
    case policy::ServerTls::at_once: break;
  }
  return Tls::at_once;
}

class Collector {
 public:
  Collector(const proxy::Snapshot& snapshot, Which which) : snapshot_(snapshot), which_(which) {}

  std::vector<Subject> run() {
    for (const proxy::Entry& entry : snapshot_.entries) {
      if (entry.policy->relay != nullptr) add_relay(entry, *entry.policy->relay);
      for (const auto& site : entry.policy->sites) add_site(entry, *site);
    }
    return std::move(found_);
  }

 private:
  // ---- what octets are passed on to

  void add_relay(const proxy::Entry& entry, const policy::Relay& relay) {
    for (const policy::RelayTarget& target : relay.targets()) {
      for (const policy::Server& server : target.upstream->servers) {
        for (const proxy::Listen* listen : listens_for(entry, relay, target))
          add_relayed(entry, *listen, target, server);
      }
    }
  }

  // The addresses from which a client can get to a target: all, unless it is chosen by the port.
  static std::vector<const proxy::Listen*> listens_for(const proxy::Entry& entry, const policy::Relay& relay,
                                                       const policy::RelayTarget& target) {
    std::vector<const proxy::Listen*> all, by_port;
    for (const proxy::Listen& listen : entry.listens) {
      all.push_back(&listen);
      if (relay.choose({.port = listen.endpoint.port, .server_name = {}, .protocols = {}}).target == &target)
        by_port.push_back(&listen);
    }
    return by_port.empty() ? all : by_port;
  }

  void add_relayed(const proxy::Entry& entry, const proxy::Listen& listen, const policy::RelayTarget& target,
                   const policy::Server& server) {
    Subject subject = subject_of(entry, *target.upstream, server, target.place_text);
    const bool keeps_port = subject.port == 0 && !server.url.is_unix();
    if (keeps_port) subject.port = listen.endpoint.port;
    const bool untouched = !listen.tls || target.label.starts_with("alpn ");
    subject.passes_tls = subject.tls == Tls::none && untouched && !listen.mail;
    const auto mail = proxy::mail_protocol(listen, *entry.policy->relay, target.upstream);
    subject.speech = mail ? Speech{Kind::mail, *mail} : Speech{};
    const KnownPort* by_port = known(subject.port);
    if (by_port == nullptr) by_port = known(listen.endpoint.port);
    if (subject.speech.kind == Kind::unknown && by_port != nullptr) subject.speech = by_port->speech;
    if (subject.passes_tls && by_port != nullptr && by_port->tls) subject.tls = Tls::at_once;
    const bool tls_is_told = target.upstream->send_proxy.version == config::ProxyVersion::v2 &&
                             (listen.tls || (listen.mail && entry.policy->relay->needs_hello()));
    subject.in_clear = subject.tls == Tls::none && !subject.passes_tls && !tls_is_told;
    subject.xclient = mail && entry.policy->relay->xclient;
    add(std::move(subject));
  }

  // ---- servers of HTTP

  void add_site(const proxy::Entry& entry, const policy::Site& site) {
    for (const policy::Route& route : site.routes) {
      const auto* forward = std::get_if<policy::ForwardTarget>(&route.target);
      if (forward == nullptr || forward->upstream == nullptr) continue;
      if (which_ == Which::told && !forward->upstream->send_proxy.on()) continue;
      for (const policy::Server& server : forward->upstream->servers) {
        Subject subject = subject_of(entry, *forward->upstream, server, route.place_text);
        subject.speech.kind = server.http2 ? Kind::http2 : Kind::http1;
        subject.host = host_of(*forward, site, server);
        add(std::move(subject));
      }
    }
  }

  // The Host of requests, as far as it is known without one.
  static std::string host_of(const policy::ForwardTarget& forward, const policy::Site& site,
                             const policy::Server& server) {
    if (forward.host == policy::HostMode::literal) return forward.host_name;
    const bool known = forward.host == policy::HostMode::preserve && !site.hosts.empty() &&
                       site.hosts.front().find('*') == std::string::npos;
    return known ? site.hosts.front() : server.authority;
  }

  // ---- both

  static Subject subject_of(const proxy::Entry& entry, const policy::Upstream& upstream, const policy::Server& server,
                            const std::string& place) {
    return {.upstream = &upstream,
            .server = &server,
            .port = server.url.effective_port(),
            .scheme = std::string(server.http2 ? "h2c" : server.url.scheme),
            .entry = entry.name,
            .target_place = place,
            .speech = {},
            .tls = tls_of(server.tls)};
  }

  void add(Subject subject) {
    const http::Url& url = subject.server->url;
    const std::string host = url.is_ipv6() ? "[" + url.host + "]" : url.host;
    subject.address = url.is_unix() ? "unix:" + url.unix_path : fmt::format("{}:{}", host, subject.port);
    subject.name = url.is_unix() ? url.origin() : fmt::format("{}://{}", subject.scheme, subject.address);
    const bool is_known = std::ranges::any_of(found_, [&](const Subject& other) {
      return other.upstream == subject.upstream && other.server == subject.server && other.port == subject.port &&
             other.in_clear == subject.in_clear && other.xclient == subject.xclient;
    });
    if (!is_known) found_.push_back(std::move(subject));
  }

  const proxy::Snapshot& snapshot_;
  Which which_;
  std::vector<Subject> found_;
};

}  // namespace

std::vector<Subject> subjects_of(const proxy::Snapshot& snapshot, Which which) {
  return Collector(snapshot, which).run();
}

bool is_meant(const Subject& subject, std::string_view word) {
  return word == subject.upstream->name || word == subject.name || word == subject.address ||
         word == subject.server->name || word == subject.server->url.host;
}

}  // namespace sp::doctor
