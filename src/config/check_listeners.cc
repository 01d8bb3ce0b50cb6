#include <algorithm>
#include <map>

#include "base/ip.h"
#include "config/address.h"
#include "config/check_parts.h"
#include "config/grammar_text.h"
#include "config/network.h"
#include "config/node.h"

namespace sp::config {
namespace {

// One text for each socket that two listeners could quarrel over.
std::string socket_of(const Address& address) {
  if (!address.unix_path.empty()) return address.unix_path;
  const auto ip = IpAddress::parse(address.host);
  return (ip ? ip->text() : address.host) + " " + std::to_string(address.port);
}

using Sockets = std::map<std::string, const Text*>;

void check_sockets_of(CheckState& state, const std::vector<Text>& listens, AddressUse use, Sockets& sockets) {
  for (const Text& listen : listens) {
    const auto address = parse_address(listen.value, use);
    if (!address) continue;
    const auto [first, is_new] = sockets.emplace(socket_of(*address), &listen);
    if (is_new) continue;
    state.error(listen.place, shown(listen) + " listens where " + shown(*first->second) + " does already",
                "choose another address or port, or join the two; the other is on " +
                    where(first->second->place, listen.place));
  }
}

void check_sockets(CheckState& state) {
  Sockets sockets;
  for (const InboundConfig& entry : state.config.inbound)
    check_sockets_of(state, entry.listen, AddressUse::listen, sockets);
  for (const OutboundConfig& entry : state.config.outbound)
    check_sockets_of(state, entry.listen, AddressUse::way_out, sockets);
}

void check_tls(CheckState& state, const InboundConfig& entry) {
  const auto is_https = [](const Text& listen) {
    const auto address = parse_address(listen.value, AddressUse::listen);
    return address && (address->scheme == "https" || address->scheme == "tls" || is_mail(address->scheme));
  };
  const auto https = std::ranges::find_if(entry.listen, is_https);
  if (https == entry.listen.end()) {
    // An address that is not understood may be meant for one: that is reported already.
    const bool all_understood = std::ranges::all_of(
        entry.listen, [](const Text& listen) { return parse_address(listen.value, AddressUse::listen).has_value(); });
    if (entry.tls.place.line > 0 && all_understood) {
      state.warning(entry.tls.place, "`tls` has no effect: this entry listens on no address of TLS",
                    "add `https://:443` or `tls://:993` to `listen`, or remove `tls`");
    }
    return;
  }
  if (state.config.certificates.empty()) {
    state.error(https->place, shown(*https) + " needs a certificate, and there is none",
                "add `certificates: [ { cert: /path/cert.pem, key: /path/key.pem } ]` at the top level");
  }
  check_client_certificates(state, entry.tls.client_certificates);
}

void check_trust(CheckState& state, const InboundConfig& entry) {
  for (const Text& proxy : entry.trusted_proxies) {
    const auto trusted = parse_network(proxy.value);
    if (!trusted || !trusted->is_everything()) continue;
    state.warning(proxy.place,
                  shown(proxy) + " trusts everybody: any client can choose the address that it seems to come from",
                  "name the addresses of your own proxies");
  }
  for (const Text& proxy : entry.accept_proxy.from) {
    const auto proxies = parse_network(proxy.value);
    if (!proxies || !proxies->is_everything()) continue;
    state.warning(proxy.place,
                  shown(proxy) +
                      " takes a PROXY header from everybody, and wants one of everybody: any client can "
                      "choose the address that it seems to come from",
                  "name the addresses of the proxies in front of this one");
  }
}

}  // namespace

void check_client_certificates(CheckState& state, const ClientCertificateConfig& clients) {
  if (clients.mode != ClientCertificates::off && !given(clients.ca)) {
    state.error(clients.place, "`client_certificates` names no authority, so that no certificate could be verified",
                "add `ca: /path/ca.pem`");
  }
  if (clients.mode == ClientCertificates::off && given(clients.ca)) {
    state.warning(clients.ca.place, "`ca` has no effect: clients are not asked for a certificate",
                  "add `mode: required` or `mode: optional`");
  }
}

void check_listeners(CheckState& state) {
  check_sockets(state);
  std::map<std::string_view, Place> names;
  const auto check_name = [&](const std::string& name, const Place& place) {
    const auto [first, is_new] = names.emplace(name, place);
    if (is_new || name.empty()) return;
    state.error(place, "two entries have the name " + backquoted(name),
                "give one of them another name; the other is on " + where(first->second, place));
  };
  for (const InboundConfig& entry : state.config.inbound) {
    check_tls(state, entry);
    check_trust(state, entry);
    check_name(entry.name, entry.place);
  }
  for (const OutboundConfig& entry : state.config.outbound) check_name(entry.name, entry.place);
}

void check_hosts(CheckState& state, const InboundConfig& entry) {
  std::map<std::string, const Text*> hosts;
  for (const SiteConfig& site : entry.sites) {
    for (const Text& host : site.hosts) {
      std::string name = lower(host.value);
      if (name.ends_with('.')) name.pop_back();
      const auto [first, is_new] = hosts.emplace(std::move(name), &host);
      if (is_new) continue;
      state.error(host.place, "the host " + shown(host) + " is given twice in this entry",
                  "keep it in one site; the other is on " + where(first->second->place, host.place));
    }
  }
}

}  // namespace sp::config
