// Entries of the way out. What a pattern of a destination may be, policy/ says when it compiles them.
#include <algorithm>

#include "base/ip.h"
#include "config/address.h"
#include "config/check_parts.h"
#include "config/image_proxy.h"
#include "config/node.h"

namespace sp::config {
namespace {

bool of_this_machine(const Text& listen) {
  const auto address = parse_address(listen.value, AddressUse::way_out);
  if (!address) return true;  // that is reported already
  const auto ip = IpAddress::parse(address->host);
  return ip && ip->is_loopback();
}

bool speaks_only_tls(const Text& listen) { return listen.value.starts_with("https://"); }

// Who speaks without TLS shows no certificate, and would get in all the same.
void check_required_certificates(CheckState& state, const OutboundConfig& entry) {
  const auto clear = std::ranges::find_if_not(entry.listen, speaks_only_tls);
  if (clear == entry.listen.end()) return;
  state.error(
      clear->place,
      shown(*clear) + " takes clients without TLS, who have no certificate, and `client_certificates` requires one",
      "listen on https:// alone, or write `mode: optional`");
}

// Who may use it has to be said where others than this machine can reach it.
void check_who(CheckState& state, const OutboundConfig& entry) {
  if (given(entry.users) || !entry.clients.empty()) return;
  if (entry.tls.client_certificates.mode == ClientCertificates::required) return;
  const auto open = std::ranges::find_if_not(entry.listen, of_this_machine);
  if (open == entry.listen.end()) return;
  state.error(open->place, shown(*open) + " can be reached by others, and nothing says who may use this way out",
              "add `clients: [ 10.0.0.0/8 ]` or `users: /etc/sallyport/egress.htpasswd`, or listen on 127.0.0.1");
}

void check_rule(CheckState& state, const OutboundRuleConfig& rule) {
  if (rule.allow.empty() == rule.deny.empty()) {
    state.error(rule.place,
                rule.allow.empty() ? "the rule neither allows nor denies anything" : "the rule has `allow` and `deny`",
                rule.allow.empty() ? "add `allow: [ example.com ]` or `deny: [ \"*\" ]`" : "make a rule of each");
  }
}

// Others than the gate itself, when it fetches images.
bool names_users(const OutboundRuleConfig& rule) {
  return std::ranges::any_of(rule.who, [](const std::string& user) { return user != image_proxy_user; });
}

// Who only watches wants to know what was seen; who enforces no rule reaches nothing.
void check_mode(CheckState& state, const OutboundConfig& entry) {
  if (entry.mode == OutboundMode::observe) {
    if (!entry.record) {
      state.warning(entry.place, "`mode: observe` without a `record`: only the access log says what would be refused",
                    "add `record: /var/lib/sallyport/egress.db`");
    }
  } else if (entry.rules.empty() && entry.place.line > 0) {
    state.warning(entry.place, "this way out has no `rules`: nothing can be reached",
                  "add `rules: [ { allow: [ example.com ] } ]`, or see what is asked for with `mode: observe`");
  }
}

void check_inspect(CheckState& state, const InspectConfig& inspect) {
  check_upstream_tls(state, inspect.upstream_tls);
  if (!inspect.only.empty() && !inspect.except.empty()) {
    state.error(inspect.except.front().place, "`inspect` has `only` and `except`, and one of them would do",
                "keep the shorter list");
  }
  if (inspect.ca.is_default) {
    state.error(inspect.ca.place, "`default` is of certificates that are shown; this one signs them", "remove it");
  }
}

void check_scanner(CheckState& state, const ScannerConfig& scanner) {
  if (given(scanner.requests) || given(scanner.responses)) return;
  state.error(scanner.place, "`scanner` says neither where requests are shown nor where responses are",
              "add `responses: icap://127.0.0.1:1344/avscan`");
}

void check_certificate(CheckState& state, const OutboundConfig& entry) {
  const auto https = std::ranges::find_if(entry.listen, speaks_only_tls);
  if (https == entry.listen.end() || !state.config.certificates.empty()) return;
  state.error(https->place, shown(*https) + " needs a certificate, and there is none",
              "add `certificates: [ { cert: /path/cert.pem, key: /path/key.pem } ]` at the top level");
}

}  // namespace

void check_outbound(CheckState& state, const OutboundConfig& entry) {
  check_who(state, entry);
  check_certificate(state, entry);
  check_client_certificates(state, entry.tls.client_certificates);
  if (entry.tls.client_certificates.mode == ClientCertificates::required) check_required_certificates(state, entry);
  if (entry.inspect) check_inspect(state, *entry.inspect);
  check_parent(state, entry);
  if (entry.scanner) check_scanner(state, *entry.scanner);
  for (const OutboundRuleConfig& rule : entry.rules) {
    check_rule(state, rule);
    if (names_users(rule) && !given(entry.users) && entry.tls.client_certificates.mode == ClientCertificates::off) {
      state.error(rule.place, "`who` names users, and nobody says who they are",
                  "add `users` to the entry, or `tls: { client_certificates: ... }`");
    }
  }
  check_mode(state, entry);
}

}  // namespace sp::config
