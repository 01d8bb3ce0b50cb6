// The names that ${...} may hold where a value is used (field values, paths of `to`, redirects, responses).
// policy/template.h gives them their values; here they are only known, so that a wrong one is found before anything
// runs.
// `$${` is a literal `${`.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace sp::config {

inline constexpr std::array<std::string_view, 22> variable_names{
    "client.address",
    "client.port",
    "request.method",
    "request.host",
    "request.path",
    "request.query",
    "request.uri",
    "request.scheme",
    "request.id",
    "tls.version",
    "tls.cipher",
    "tls.sni",
    "tls.alpn",
    "tls.client.subject",
    "tls.client.issuer",
    "tls.client.serial",
    "tls.client.fingerprint",
    "tls.client.verify",
    "server.address",
    "server.port",
    "route.path",
    "upstream.name",
};
// Known only once there is a response.
inline constexpr std::array<std::string_view, 1> response_variable_names{"response.status"};
// Followed by the name of a field or of a cookie.
inline constexpr std::array<std::string_view, 2> variable_prefixes{"request.header.", "request.cookie."};
// Followed by what a header of the PROXY protocol has said: one of these, or the number of a type, such as 0xE1.
inline constexpr std::string_view proxy_variable_prefix = "proxy.";
inline constexpr std::array<std::string_view, 19> proxy_value_names{
    "version",     "source",      "source.port", "destination",   "destination.port", "alpn",       "authority",
    "unique_id",   "netns",       "tls",         "tls.version",   "tls.cipher",       "tls.verify", "tls.client.cn",
    "tls.sig_alg", "tls.key_alg", "aws.vpce_id", "azure.link_id", "gcp.psc_id"};
// Followed by a digit: a group of the route's regular expression; 0 is the whole match.
inline constexpr std::string_view regex_variable_prefix = "regex.";

enum class When : std::uint8_t { request, response };

// The digit of "regex.N", or -1.
constexpr int regex_group(std::string_view name) {
  if (!name.starts_with(regex_variable_prefix) || name.size() != regex_variable_prefix.size() + 1) return -1;
  return name.back() >= '0' && name.back() <= '9' ? name.back() - '0' : -1;
}

constexpr bool is_proxy_value(std::string_view text) {
  if (std::ranges::find(proxy_value_names, text) != proxy_value_names.end()) return true;
  constexpr std::string_view digits = "0123456789abcdefABCDEF";
  return text.size() == 4 && text.starts_with("0x") && digits.contains(text[2]) && digits.contains(text[3]);
}

constexpr bool is_variable(std::string_view name, When when = When::response) {
  const auto is_name = [&](std::string_view known) { return known == name; };
  if (std::ranges::any_of(variable_names, is_name)) return true;
  if (when == When::response && std::ranges::any_of(response_variable_names, is_name)) return true;
  if (name.starts_with(proxy_variable_prefix)) return is_proxy_value(name.substr(proxy_variable_prefix.size()));
  return regex_group(name) >= 0;
}

// Calls `found(name)` with what stands in each ${...}, until it returns false. False where a `${` is not closed.
template <class Found>
constexpr bool for_each_variable(std::string_view text, Found found) {
  for (auto start = text.find("${"); start != text.npos; start = text.find("${", start)) {
    if (start > 0 && text[start - 1] == '$') {
      start += 2;
      continue;
    }
    const auto end = text.find('}', start);
    if (end == text.npos) return false;
    if (!found(text.substr(start + 2, end - start - 2))) return true;
    start = end;
  }
  return true;
}

}  // namespace sp::config
