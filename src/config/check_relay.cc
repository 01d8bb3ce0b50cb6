// Entries that pass octets on (`tcp://`, `tls://`, `smtp://`...), and what tells them from those of HTTP.
#include <algorithm>
#include <map>
#include <vector>

#include "base/ip.h"
#include "config/address.h"
#include "config/check_parts.h"
#include "config/grammar.h"
#include "config/grammar_text.h"
#include "config/node.h"
#include "config/tables_entry.h"

namespace sp::config {
namespace {

using Targets = std::vector<std::pair<std::string, Text>>;

std::string scheme_of(const Text& listen) {
  const auto address = parse_address(listen.value, AddressUse::listen);
  return address ? address->scheme : std::string();
}

bool relays(const Text& listen) { return is_relayed(scheme_of(listen)); }

bool all_understood(const InboundConfig& entry) {
  return std::ranges::none_of(entry.listen, [](const Text& listen) { return scheme_of(listen).empty(); });
}

std::vector<const Text*> targets_of(const InboundConfig& entry) {
  std::vector<const Text*> all;
  if (given(entry.to)) all.push_back(&entry.to);
  for (const Targets* map : {&entry.ports, &entry.sni, &entry.alpn}) {
    for (const auto& [key, target] : *map) all.push_back(&target);
  }
  return all;
}

void check_target(CheckState& state, const Text& to) {
  if (to.empty()) return;
  if (looks_like_url(to.value)) return;  // its grammar was looked at
  check_upstream_name(state, to, Passes::octets);
  check_servers_of(state, to, Passes::octets);
}

void check_same_names(CheckState& state, const Targets& targets) {
  std::map<std::string, const Text*> known;
  for (const auto& [key, target] : targets) {
    std::string name = lower(key);
    if (name.ends_with('.')) name.pop_back();
    const auto [first, is_new] = known.emplace(std::move(name), &target);
    if (is_new) continue;
    state.error(target.place, backquoted(key) + " is given twice",
                "keep one of them; the other is on " + where(first->second->place, target.place));
  }
}

// ---- mail

// What is spoken with the servers of a target: their schemes.
std::vector<std::string> schemes_of(const CheckState& state, const Text& to) {
  std::vector<std::string> all;
  const auto add = [&](const Text& url, AddressUse use) {
    if (const auto address = parse_address(url.value, use)) all.push_back(address->scheme);
  };
  if (looks_like_url(to.value)) {
    add(to, AddressUse::relay);
  } else if (const auto found = state.config.upstreams.find(to.value); found != state.config.upstreams.end()) {
    for (const ServerConfig& server : found->second.servers) add(server.url, AddressUse::server);
  }
  return all;
}

std::string described(const Text& to) {
  return looks_like_url(to.value) ? shown(to) : "a server of the upstream " + shown(to);
}

constexpr std::string_view plain_server = "write `tcp://` for the server";

// TLS that is read and not ended here is that of the client with the server: nothing is put around it, or in front of
// it.
void check_untouched(CheckState& state, const Text& to, std::string_view remedy) {
  for (const std::string& scheme : schemes_of(state, to)) {
    if (scheme == "tcp" || !is_relayed(scheme)) continue;
    const std::string why = is_mail(scheme) ? "there is no STARTTLS before it" : "it would be TLS within TLS";
    state.error(to.place, "TLS of clients passes on untouched to " + described(to) + ": " + why, std::string(remedy));
    return;
  }
}

// How a session begins with a server that was chosen is known before it is chosen.
void check_one_kind(CheckState& state, const Text& to) {
  const std::vector<std::string> schemes = schemes_of(state, to);
  for (const std::string& scheme : schemes) {
    if (scheme == schemes.front() || (!is_mail(scheme) && !is_mail(schemes.front()))) continue;
    state.error(to.place,
                "the servers of " + shown(to) + " begin in different ways: `" + schemes.front() + "://` and `" +
                    scheme + "://`",
                "make an upstream of each, or listen on `smtp://` or the like");
    return;
  }
}

std::string word_of(MailProtocol protocol) {
  for (const auto& [word, value] : EnumWords<MailProtocol>::words) {
    if (value == protocol) return word;
  }
  return {};
}

// Two legs of one session speak one protocol.
void check_one_protocol(CheckState& state, const InboundConfig& entry, const Text& to) {
  for (const Text& listen : entry.listen) {
    const std::string here = scheme_of(listen);
    for (const std::string& there : schemes_of(state, to)) {
      if (!is_mail(here) || !is_mail(there) || here == there) continue;
      state.error(to.place, shown(to) + " speaks another protocol than " + shown(listen),
                  "use `" + here + "://`, or `tcp://` or `tls://` where the server does without STARTTLS");
      return;
    }
    if (entry.protocol && is_mail(here) && here != word_of(*entry.protocol)) {
      state.error(listen.place,
                  shown(listen) + " speaks another protocol than `protocol: " + word_of(*entry.protocol) + "`",
                  "remove `protocol`: the scheme says it");
      return;
    }
  }
  for (const std::string& there : schemes_of(state, to)) {
    if (!entry.protocol || !is_mail(there) || there == word_of(*entry.protocol)) continue;
    state.error(to.place, shown(to) + " speaks another protocol than `protocol: " + word_of(*entry.protocol) + "`",
                "remove `protocol`: the scheme says it");
    return;
  }
}

bool listens_on(const InboundConfig& entry, bool (*what)(std::string_view scheme)) {
  return std::ranges::any_of(entry.listen, [&](const Text& listen) { return what(scheme_of(listen)); });
}

// See passwords_in_clear; a name may turn out to be this machine's, and is taken for that of another.
bool is_this_machine(std::string_view host) {
  const auto address = IpAddress::parse(host);
  return address ? address->is_loopback() : host == "localhost";
}

// The servers of a target that are spoken to without TLS.
bool has_clear_server(const CheckState& state, const Text& to) {
  const auto is_clear = [](const Text& url, AddressUse use) {
    const auto address = parse_address(url.value, use);
    return address && address->scheme == "tcp" && !is_this_machine(address->host);
  };
  if (looks_like_url(to.value)) return is_clear(to, AddressUse::relay);
  const auto found = state.config.upstreams.find(to.value);
  return found != state.config.upstreams.end() &&
         std::ranges::any_of(found->second.servers,
                             [&](const ServerConfig& server) { return is_clear(server.url, AddressUse::server); });
}

// Between mail servers nobody logs in.
bool is_for_users(const InboundConfig& entry, std::string_view scheme) {
  if (scheme == "tls") return entry.protocol.has_value();
  return is_mail(scheme) && (scheme != "smtp" || entry.starttls == StartTls::required);
}

// A password needs TLS on both legs: with one that never has any, every log-in is refused.
void check_log_in(CheckState& state, const InboundConfig& entry, const Text& to) {
  if (entry.passwords_in_clear == InClear::allow) return;
  const std::vector<std::string> there = schemes_of(state, to);
  for (const Text& listen : entry.listen) {
    const std::string here = scheme_of(listen);
    if (is_for_users(entry, here) && has_clear_server(state, to)) {
      state.warning(to.place, "no password goes in clear to " + described(to) + ": nobody can log in there",
                    "write `" + (is_mail(here) ? here : word_of(*entry.protocol)) +
                        "://` (STARTTLS) or `tls://` for the server, or `passwords_in_clear: allow`");
      return;
    }
    const auto mail = std::ranges::find_if(there, [&](const std::string& each) { return is_for_users(entry, each); });
    if (here == "tcp" && mail != there.end()) {
      state.warning(to.place, "nobody can log in: clients of " + shown(listen) + " have no TLS, and no STARTTLS",
                    "listen on `" + *mail + "://`, or write `tcp://` for the server to pass its STARTTLS on");
      return;
    }
  }
}

void check_mail_keys(CheckState& state, const InboundConfig& entry, const std::string& why) {
  const auto only_mail = [&](bool given, std::string_view key) {
    if (!given) return;
    state.error(entry.place, backquoted(key) + " has no effect: " + why,
                "listen on `smtp://`, `imap://`, `pop3://` or `sieve://`, or remove it");
  };
  only_mail(entry.protocol.has_value(), "protocol");
  only_mail(entry.starttls.has_value(), "starttls");
  only_mail(entry.xclient == OnOff::on, "xclient");
  only_mail(entry.passwords_in_clear == InClear::allow, "passwords_in_clear");
}

void check_mail(CheckState& state, const InboundConfig& entry) {
  const bool here = listens_on(entry, is_mail);
  bool there = entry.protocol.has_value();
  for (const Text* target : targets_of(entry)) {
    check_one_protocol(state, entry, *target);
    check_log_in(state, entry, *target);
    if (!here) check_one_kind(state, *target);
    there |= std::ranges::any_of(schemes_of(state, *target), is_mail);
  }
  if (here && !entry.alpn.empty())
    state.error(entry.alpn.front().second.place, "`alpn` is for `tcp://` and `tls://`", "use `sni`");
  if (!here && there && entry.starttls) {
    state.warning(entry.place, "`starttls` has no effect: it is about clients, and none of them begins with mail here",
                  "listen on `smtp://` or the like, or remove it");
  }
  if (!here && !there) check_mail_keys(state, entry, "neither clients nor servers speak mail with STARTTLS");
}

// Where TLS of clients is looked at and not ended.
void check_looked_at(CheckState& state, const InboundConfig& entry) {
  for (const auto& [protocol, to] : entry.alpn) check_untouched(state, to, plain_server);
  const bool in_clear = listens_on(entry, [](std::string_view scheme) { return scheme == "tcp"; });
  if (!in_clear || (entry.sni.empty() && entry.alpn.empty())) return;
  const std::string remedy = std::string(plain_server) + ", or listen on `tls://`";
  for (const auto& [name, to] : entry.sni) check_untouched(state, to, remedy);
  // These are for clients without TLS too, which `tls://` may be meant for; nobody speaks STARTTLS with them here.
  const auto check_mail_target = [&](const Text& to) {
    if (std::ranges::any_of(schemes_of(state, to), is_mail)) check_untouched(state, to, remedy);
  };
  check_mail_target(entry.to);
  for (const auto& [port, to] : entry.ports) check_mail_target(to);
}

// What is for requests.
void check_http_keys(CheckState& state, const InboundConfig& entry) {
  if (!entry.trusted_proxies.empty()) {
    state.warning(entry.trusted_proxies.front().place,
                  "`trusted_proxies` has no effect: connections that are passed on have no fields",
                  "to be told by the PROXY protocol who connects, write `accept_proxy: { from: [ ADDRESS ] }`");
  }
  if (entry.max_body)
    state.warning(entry.place, "`max_body` has no effect: connections that are passed on have no bodies", "remove it");
}

void check_tls_of_servers(CheckState& state, const InboundConfig& entry) {
  check_upstream_tls(state, entry.upstream_tls);
  if (entry.upstream_tls.place.line == 0) return;
  const auto speaks_tls = [&](const Text* to) {
    return std::ranges::any_of(schemes_of(state, *to),
                               [](const std::string& scheme) { return scheme == "tls" || is_mail(scheme); });
  };
  if (std::ranges::any_of(targets_of(entry), speaks_tls)) return;
  state.warning(entry.upstream_tls.place, "`upstream_tls` has no effect: no server of this entry speaks TLS",
                "write `tls://` for the server, or remove `upstream_tls`");
}

// ---- HTTP

constexpr std::string_view for_relays = " is for entries that listen on `tcp://`, `tls://`, `smtp://` and the like";

// A protocol may be for a server of its own: certificates that a mail server renews for itself, say.
void check_http_targets(CheckState& state, const InboundConfig& entry) {
  std::vector<const Text*> others;
  if (given(entry.to)) others.push_back(&entry.to);
  for (const Targets* map : {&entry.ports, &entry.sni}) {
    for (const auto& [key, target] : *map) others.push_back(&target);
  }
  if (!others.empty()) {
    state.error(others.front()->place,
                "`to`, `ports` and `sni` are for entries that listen on `tcp://`, `tls://`, `smtp://` and the like",
                "put it into a route: `sites: [ { routes: [ { path: /, to: URL } ] } ]`");
  }
  if (entry.alpn.empty()) return;
  for (const auto& [key, target] : entry.alpn) {
    check_target(state, target);
    check_untouched(state, target, plain_server);
  }
  const auto is_https = [](const Text& listen) { return scheme_of(listen) == "https"; };
  if (std::ranges::any_of(entry.listen, is_https)) return;
  state.error(entry.alpn.front().second.place, "`alpn` is for entries where clients speak TLS", "add `https://:443`");
}

void check_http_entry(CheckState& state, const InboundConfig& entry) {
  if (entry.sites.empty()) {
    state.error(entry.place, "the entry has no `sites`, so that it would answer nothing",
                "add `sites`; or, to pass on octets, let it listen on `tcp://` or `tls://`, and add `to`");
  }
  check_http_targets(state, entry);
  if (entry.send_proxy.place.line > 0 && entry.alpn.empty()) {
    state.error(entry.send_proxy.place, "`send_proxy` of an entry" + std::string(for_relays),
                "say it in the route, or in the upstream");
  }
  if (entry.upstream_tls.place.line > 0) {
    state.error(entry.upstream_tls.place, "`upstream_tls` of an entry" + std::string(for_relays),
                "say it in the route, or in the upstream");
  }
  check_mail_keys(state, entry, "this entry listens for HTTP");
  for (const auto& [list, key] : {std::pair{&entry.allow, "allow"}, std::pair{&entry.deny, "deny"}}) {
    if (list->empty()) continue;
    state.error(list->front().place, backquoted(key) + " of an entry" + std::string(for_relays),
                "say it in the site or the route");
  }
}

// ---- entries that pass octets on

void check_relay_entry(CheckState& state, const InboundConfig& entry) {
  const auto targets = targets_of(entry);
  if (targets.empty()) {
    state.error(entry.place, "the entry does not say where its connections go", "add `to: tcp://10.0.0.7:10993`");
  }
  for (const SiteConfig& site : entry.sites) {
    state.error(site.place, "`sites` are for entries that listen for HTTP; this one passes on octets",
                "listen on `https://` or `http://`, or give the entry `to` instead");
    break;
  }
  for (const Text* target : targets) check_target(state, *target);
  check_mail(state, entry);
  check_looked_at(state, entry);
  check_http_keys(state, entry);
  check_same_names(state, entry.sni);
  for (const auto& [key, target] : entry.ports) {
    if (port(key)) continue;  // it is none: that is reported already
    const bool known = std::ranges::any_of(entry.listen, [&](const Text& listen) {
      const auto address = parse_address(listen.value, AddressUse::listen);
      return address && std::to_string(address->port) == key;
    });
    if (!known) state.warning(target.place, "the entry does not listen on port " + key, "add it to `listen`");
  }
  check_tls_of_servers(state, entry);
}

}  // namespace

void check_relay(CheckState& state, const InboundConfig& entry) {
  check_send_proxy(state, entry.send_proxy);
  const auto relay = std::ranges::find_if(entry.listen, relays);
  if (relay == entry.listen.end() && !all_understood(entry)) {
    // What it was meant for is not known: its targets are used all the same.
    for (const Text* target : targets_of(entry)) check_target(state, *target);
    return;
  }
  if (relay == entry.listen.end()) return check_http_entry(state, entry);
  const auto other = std::ranges::find_if_not(entry.listen, relays);
  if (other != entry.listen.end()) {
    state.error(other->place, shown(*other) + " and " + shown(*relay) + " do not go together in one entry",
                "make an entry of its own for " + shown(*other));
    return;
  }
  check_relay_entry(state, entry);
}

}  // namespace sp::config
