// Every way in which something can fail, as one enumeration. What differs from failure to failure (HTTP status,
// Proxy-Status error, log level, explanation, remedy) is one row in the table of code.cc: nothing else decides by code.
#pragma once

#include <cstdint>
#include <string_view>

namespace sp {

enum class Code : std::uint8_t {
  ok,
  // ---- the client's request ----
  bad_request_line,
  bad_method,
  bad_target,
  target_too_long,
  bad_version,
  bad_field_name,
  bad_field_value,
  fields_too_large,
  too_many_fields,
  missing_host,
  bad_host,
  host_mismatch,
  bad_content_length,
  length_and_transfer_encoding,
  bad_transfer_encoding,
  unsupported_transfer_coding,
  bad_connection_field,
  bad_pseudo_field,
  bad_chunk,
  bad_trailer,
  body_too_large,
  body_incomplete,
  unsupported_expectation,
  upgrade_with_body,
  ambiguous_path,
  encoded_slash,
  head_timeout,
  body_too_slow,
  client_closed,
  client_too_slow,
  http2_error,
  http2_flood,
  client_tls_failed,
  plain_http_on_tls,
  client_certificate_required,
  client_certificate_invalid,
  client_hello_missing,
  client_hello_malformed,
  client_hello_too_long,
  misdirected,
  // ---- the PROXY header in front of it ----
  proxy_header_missing,
  proxy_header_tls,
  proxy_header_version,
  proxy_header_malformed,
  proxy_header_too_long,
  proxy_header_checksum,
  proxy_header_unlisted,
  // ---- the client's mail dialogue ----
  starttls_injection,
  starttls_required,
  mail_malformed,
  mail_line_too_long,
  mail_too_many_commands,
  // ---- the client's SOCKS dialogue ----
  socks_version,
  socks_malformed,
  socks_unsupported,
  // ---- decisions of this gate ----
  no_site,
  no_route,
  no_target,
  denied,
  proxy_authentication_required,
  users_busy,
  not_for_a_proxy,
  destination_malformed,
  destination_refused,
  destination_address_refused,
  minted_certificate_refused,
  user_rate,
  user_tunnels,
  user_bytes,
  destination_rate,
  destination_tunnels,
  destination_bytes,
  // ---- images of other sites ----
  image_method,
  image_url_signature,
  image_url_malformed,
  image_not_there,
  image_not_an_image,
  image_svg_refused,
  image_too_large,
  image_too_many_pixels,
  image_redirect,
  image_timeout,
  image_memory,
  // ---- and of all requests ----
  scanner_refused,
  scanner_unavailable,
  trace_refused,
  connect_refused_here,
  upgrade_refused,
  max_forwards_reached,
  loop_detected,
  // ---- the way to the upstream ----
  no_server_available,
  dns_error,
  dns_timeout,
  dns_no_address,
  connection_refused,
  connection_timeout,
  connection_unreachable,
  connection_failed,
  upstream_tls_failed,
  upstream_tls_alert,
  upstream_certificate_name,
  upstream_certificate_untrusted,
  upstream_certificate_expired,
  upstream_certificate_pin,
  // ---- the parent of a way out ----
  parent_refused,
  parent_denied,
  parent_malformed,
  // ---- the server and the PROXY header ----
  proxy_not_expected,
  proxy_expected,
  proxy_peer_unlisted,
  // ---- the upstream's response ----
  upstream_closed,
  upstream_reset,
  response_head_timeout,
  response_body_timeout,
  bad_status_line,
  upstream_speaks_http2,
  bad_response_field,
  response_fields_too_large,
  bad_response_framing,
  response_incomplete,
  bad_response_chunk,
  unexpected_upgrade,
  no_extended_connect,
  too_many_interim,
  request_write_timeout,
  upstream_http2_error,
  upstream_stream_refused,
  // ---- the upstream's mail dialogue ----
  starttls_refused,
  mail_server_refused,
  mail_reply_malformed,
  mail_identity_refused,
  mail_log_in_disabled,
  // ---- local ----
  cancelled,
  timeout,
  end_of_stream,
  shutting_down,
  io_error,
  address_in_use,
  permission_denied,
  not_found,
  no_descriptors,
  out_of_memory,
  too_many_connections,
  too_many_from_address,
  config_invalid,
  internal,
  count_,  // not a failure: how many there are
};

enum class Severity : std::uint8_t { debug, info, notice, warning, error };

// One row for each Code.
struct CodeInfo {
  Code code;
  std::string_view name;          // as in the log, the metrics and the documentation: "connection_refused"
  std::uint16_t status;           // the HTTP status that a client gets; 0: nothing can be sent (or nobody is there)
  std::string_view proxy_status;  // the error type of RFC 9209 section 2.3; empty where none fits
  Severity severity;              // of the log line
  std::string_view what;          // what happened, a sentence for a person
  std::string_view remedy;        // what to do about it; empty where there is nothing to do
};

const CodeInfo& info(Code code);
inline std::string_view name(Code code) { return info(code).name; }

}  // namespace sp
