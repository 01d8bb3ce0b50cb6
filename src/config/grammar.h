// The small grammars of single values: each says whether a text is what a key wants, and what to do if it is not. They
// look at nothing but the text.
#pragma once

#include <cstdint>

#include "config/problem.h"
#include "config/variables.h"

namespace sp::config {

enum class Variables : std::uint8_t { refused, allowed };
// Whether every ${...} of a text is closed and known.
std::optional<Problem> known_variables(std::string_view text, When when);

// A path as requests have it: begins with '/', no query, no spaces, no dot segments.
std::optional<Problem> request_path(std::string_view text, Variables variables);
std::optional<Problem> route_path(std::string_view text);
std::optional<Problem> route_regex(std::string_view text);
// A DNS name or an IPv4 address: letters, digits, '-', '_' and dots.
std::optional<Problem> host_name(std::string_view text);
// `hosts` of a site: a name, an address, "*.example.com" or "*".
std::optional<Problem> host_pattern(std::string_view text);
// `host` of a route: preserve, upstream or host[:port].
std::optional<Problem> host_setting(std::string_view text);
// `path` of health checks: a path, and perhaps a query.
std::optional<Problem> health_path(std::string_view text);
// `host` of health checks: host[:port].
std::optional<Problem> health_host(std::string_view text);
// "200" or "200-399".
std::optional<Problem> status_range(std::string_view text);
std::optional<Problem> network(std::string_view text);
// Of `allow` and `deny`: a network, or a condition on what a PROXY header says.
std::optional<Problem> client_rule(std::string_view text);
// What a PROXY header says, by its name: "authority", "0xE1".
std::optional<Problem> proxy_value_name(std::string_view text);
std::optional<Problem> ip_address(std::string_view text);
std::optional<Problem> listen_url(std::string_view text);
// icap://host[:port]/path
std::optional<Problem> icap_url(std::string_view text);
// `listen` of the way out.
std::optional<Problem> outbound_listen_url(std::string_view text);
std::optional<Problem> server_url(std::string_view text);
// `to` of an entry that passes octets on: a URL or the name of an upstream.
std::optional<Problem> relay_target(std::string_view text);
std::optional<Problem> port(std::string_view text);
std::optional<Problem> alpn_protocol(std::string_view text);
// A type of the PROXY protocol that is free for agreement: "0xE0" to "0xEF".
std::optional<Problem> custom_tlv(std::string_view text);
// Its value; what ${...} it holds is known when a connection begins.
std::optional<Problem> tlv_value(std::string_view text);
// `to` of a redirect: a path or a URL; may hold ${...}.
std::optional<Problem> redirect_target(std::string_view text);
// The name of a field that may be edited: a token, and none of those that the gate itself answers for.
std::optional<Problem> editable_field(std::string_view text);
std::optional<Problem> field_name(std::string_view text);
// A value without control characters; what ${...} it holds is known.
std::optional<Problem> field_value(std::string_view text);
// The same where no ${...} is replaced.
std::optional<Problem> plain_field_value(std::string_view text);
std::optional<Problem> response_body(std::string_view text);
std::optional<Problem> upgrade_protocol(std::string_view text);
std::optional<Problem> public_key_pin(std::string_view text);
// Names of entries and upstreams, which also appear in logs and metrics.
std::optional<Problem> simple_name(std::string_view text);
std::optional<Problem> access_log(std::string_view text);
// None of its words: a slip in one of them has neither a slash nor a dot.
bool is_log_path(std::string_view text);
// `request` of a test: "[METHOD] URL".
std::optional<Problem> test_request(std::string_view text);
// `connect` of a test: tcp://host:port, tls://, or that of mail.
std::optional<Problem> test_connection(std::string_view text);
// "CONNECT gitlab.com:443", "gitlab.com:443", "GET http://gitlab.com/x".
std::optional<Problem> test_outbound(std::string_view text);
// The name that a TLS client asks for; empty: none.
std::optional<Problem> client_name(std::string_view text);
std::optional<Problem> code_name(std::string_view text);
// `refused` of a test: a code, or the word `allowed`.
std::optional<Problem> expected_refusal(std::string_view text);
std::optional<Problem> not_empty_text(std::string_view text);

}  // namespace sp::config
