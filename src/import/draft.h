// The configuration that an importer makes, before it is text. Not config::Config: this one has comments and order, and
// leaves out what is a default anyway, as a person would.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sp::import {

using Comments = std::vector<std::string>;  // a line each, above what they speak of

struct DraftEdits {
  std::vector<std::pair<std::string, std::string>> set, add;
  std::vector<std::string> remove;
  bool empty() const { return set.empty() && add.empty() && remove.empty(); }
  bool operator==(const DraftEdits&) const = default;
};

struct DraftTimeouts {
  // Empty: the default.
  std::string client_head, connect, response_head, body_idle, keep_alive, tunnel_idle, half_closed;
  bool empty() const { return *this == DraftTimeouts{}; }
  bool operator==(const DraftTimeouts&) const = default;
};

struct DraftUpstreamTls {
  std::string verify, ca, sni, cert, key;  // empty: the default
  bool empty() const { return *this == DraftUpstreamTls{}; }
  bool operator==(const DraftUpstreamTls&) const = default;
};

struct DraftRedirect {
  std::string to;
  int status = 302;
  bool operator==(const DraftRedirect&) const = default;
};

enum class DraftMatch : std::uint8_t { exact, path, regex };

// What a route says, without where it came from: two routes are the same when this is.
struct DraftRule {
  DraftMatch match = DraftMatch::path;
  std::string pattern = "/";
  std::string to;                         // or
  std::optional<DraftRedirect> redirect;  // or
  int respond = 0;                        // this status, and
  std::string respond_body, respond_type;
  std::string host;  // empty: preserve
  DraftEdits request_headers, response_headers;
  DraftUpstreamTls upstream_tls;
  std::string send_proxy;  // v1, v2; empty: off
  std::vector<std::string> allow, deny;
  std::string max_body;
  bool encoded_slashes = false;
  DraftTimeouts timeouts;
  bool operator==(const DraftRule&) const = default;
};

struct DraftRoute {
  DraftRule rule;
  Comments comments;
};

struct DraftSite {
  std::vector<std::string> hosts;
  bool https_redirect_off = false;
  DraftEdits request_headers, response_headers;
  std::string max_body;
  DraftTimeouts timeouts;
  std::vector<DraftRoute> routes;
  Comments comments;
};

struct DraftClientCertificates {
  std::string mode, ca;  // empty mode: off
  bool operator==(const DraftClientCertificates&) const = default;
};

struct DraftLimits {
  std::string request_line, head, fields, connections, connections_per_address, rate_per_address;
  bool empty() const { return *this == DraftLimits{}; }
  bool operator==(const DraftLimits&) const = default;
};

struct DraftEntry {
  std::string name;
  std::vector<std::string> listen;
  std::vector<std::string> trusted_proxies;
  bool modern_tls = false;
  DraftClientCertificates client_certificates;
  DraftLimits limits;
  DraftTimeouts timeouts;
  std::vector<std::string> accept_proxy_from;
  std::vector<DraftSite> sites;
  // Of an entry that passes octets on, instead of sites.
  std::string to;
  std::vector<std::pair<std::string, std::string>> ports, sni, alpn;
  std::string send_proxy;  // v1, v2; empty: off
  std::string protocol;    // smtp, imap, pop3, sieve; empty: the scheme says it, or nobody
  std::string starttls;    // optional, required; empty: the default
  bool xclient = false;
  bool passwords_in_clear = false;
  DraftUpstreamTls upstream_tls;
  std::vector<std::string> allow, deny;
  Comments comments;
};

struct DraftServer {
  std::string url;
  int weight = 1;
  bool backup = false;
};

struct DraftUpstream {
  std::string name;
  std::vector<DraftServer> servers;
  std::string balance;  // empty: the default
  std::string fail_for;
  std::optional<int> fail_after, retries;
  DraftUpstreamTls upstream_tls;
  std::string send_proxy;  // v1, v2; empty: off
  DraftTimeouts timeouts;
  Comments comments;
};

struct DraftCertificate {
  std::string cert, key;
  bool operator==(const DraftCertificate&) const = default;
};

// A rule of the way out.
struct DraftOutboundRule {
  bool allow = false;
  std::vector<std::string> to;  // destinations
  std::vector<std::string> who, from, ports, methods;
  std::string schedule;
  Comments comments;
  bool operator==(const DraftOutboundRule&) const = default;
};

struct DraftInspect {
  std::string cert, key;
  std::vector<std::string> only, except;
  DraftUpstreamTls upstream_tls;
  bool operator==(const DraftInspect&) const = default;
};

struct DraftParent {
  std::string url;
  std::vector<std::string> no_proxy;
  bool operator==(const DraftParent&) const = default;
};

struct DraftScanner {
  std::string requests, responses, unavailable;  // empty: none, or the default
  bool operator==(const DraftScanner&) const = default;
};

struct DraftOutbound {
  std::string name;
  std::vector<std::string> listen;
  std::string users;
  std::vector<std::string> clients;
  std::optional<DraftInspect> inspect;
  std::optional<DraftParent> parent;
  std::optional<DraftScanner> scanner;
  std::vector<DraftOutboundRule> rules;
  bool via = false, forwarded = false;
  std::string max_body;
  std::string connections_per_address;
  Comments comments;
};

struct Draft {
  Comments header;
  std::vector<DraftCertificate> certificates;
  std::vector<DraftEntry> entries;
  std::vector<DraftOutbound> outbound;
  std::vector<DraftUpstream> upstreams;
  DraftTimeouts timeouts;
};

// The file's text. Maps and lists that fit a line are written in one, as in the documentation.
std::string write_yaml(const Draft& draft);

}  // namespace sp::import
