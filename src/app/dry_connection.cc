#include "app/dry_connection.h"

#include <fmt/format.h>

#include "app/listening_words.h"
#include "config/address.h"
#include "config/grammar.h"
#include "http/url.h"

namespace sp::app {
namespace {

using config::Address;

bool is_any(const IpAddress& address) { return address == IpAddress::any4() || address == IpAddress::any6(); }

// Whether connections to this URL come to the listener.
bool takes(const proxy::Entry& entry, const proxy::Listen& listen, const Address& url) {
  if (entry.policy->relay == nullptr || listen.endpoint.is_unix() || listen.endpoint.port != url.port) return false;
  const auto address = IpAddress::parse(url.host);
  if (address && !is_any(listen.endpoint.address) && *address != listen.endpoint.address) return false;
  if (url.scheme == "tcp") return listen.relay || listen.tls;
  if (url.scheme == "tls") return listen.tls || (listen.relay && !listen.mail);
  // Mail until STARTTLS: what passes on whatever comes passes it on as well.
  return listen.relay && !listen.tls && (!listen.mail || listen.mail == proxy::mail_protocol(url.scheme));
}

std::string normal_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return http::to_lower(name);
}

}  // namespace

bool is_connection(std::string_view url) {
  const auto end = url.find("://");
  return end != std::string_view::npos && config::is_relayed(url.substr(0, end));
}

std::expected<std::unique_ptr<DryConnection>, std::string> DryConnection::decide(const proxy::Snapshot& snapshot,
                                                                                 const ConnectionQuestion& question) {
  if (auto problem = config::test_connection(question.url))
    return std::unexpected(fmt::format("{}: {}", problem->message, problem->remedy));
  const Address url = *config::parse_address(question.url, config::AddressUse::relay);
  auto from = IpAddress::parse(question.from);
  if (!from) return std::unexpected(fmt::format("'{}' is not an IP address", question.from));
  std::unique_ptr<DryConnection> run(new DryConnection);
  for (const proxy::Entry& entry : snapshot.entries) {
    for (const proxy::Listen& listen : entry.listens) {
      if (run->entry_ != nullptr || !takes(entry, listen, url)) continue;
      run->entry_ = &entry;
      run->listen_ = &listen;
    }
  }
  if (run->entry_ == nullptr) {
    return std::unexpected(
        fmt::format("nothing that passes connections on listens for {}; the configuration listens on {}", question.url,
                    what_listens(snapshot)));
  }
  run->from_ = *from;
  run->to_ = IpAddress::parse(url.host);
  // No client asks for an address (RFC 6066 section 3).
  run->asked_ = normal_name(question.sni.value_or(run->to_ ? std::string() : url.host));
  run->go(question, !config::is_mail(url.scheme));
  return run;
}

// The order is that of proxy/relay/relay.cc.
void DryConnection::go(const ConnectionQuestion& question, bool speaks_tls) {
  offered_ = question.alpn;
  said_ = question.proxy;
  Arena arena;
  access_ = policy::decide(relay().access, from_, HeaderVariables(said_), arena);
  if (!access_.allowed) {
    code_ = Code::denied;
    return;
  }
  if (listen_->mail) {
    client_tls_ = ClientTls::starttls;
    return choose(relay().needs_hello() ? asked_ : std::string_view(), {});
  }
  if (listen_->tls ? relay().needs_protocols() : relay().needs_hello()) {
    waits_in_vain_ = !speaks_tls;
    std::vector<std::string_view> protocols;
    if (speaks_tls) protocols.assign(offered_.begin(), offered_.end());
    if (!listen_->tls || relay().names_any(protocols)) {
      client_tls_ = ClientTls::read;
      return choose(speaks_tls ? asked_ : std::string_view(), std::move(protocols));
    }
  }
  if (listen_->tls) client_tls_ = ClientTls::ends;
  goes_on_with_http_ = !listen_->relay;
  if (!goes_on_with_http_) choose(listen_->tls ? asked_ : std::string_view(), {});
}

void DryConnection::choose(std::string_view name, std::vector<std::string_view> protocols) {
  name_ = name;
  protocols_ = std::move(protocols);
  choice_ = relay().choose({.port = listen_->endpoint.port, .server_name = name_, .protocols = protocols_});
  if (choice_.target == nullptr) code_ = Code::no_target;
}

std::optional<codec::mail::Protocol> DryConnection::mail() const {
  if (listen_->mail || upstream() == nullptr || client_tls_ == ClientTls::read) return listen_->mail;
  return proxy::mail_protocol(*listen_, relay(), upstream());
}

std::string DryConnection::server_url(const policy::Server& server) const {
  if (server.url.effective_port() != 0) return server.name;
  return fmt::format("{}:{}", server.name, listen_->endpoint.port);
}

}  // namespace sp::app
