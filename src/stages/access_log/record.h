// What the access log says about one request, or one connection that was passed on: a plain struct of views, filled
// from the exchange when it has ended.
//
// No field of the request is in it but Referer and User-Agent: Cookie, Authorization and the like cannot get into the
// log. The target is logged as it was sent, with its query: an application that puts secrets into its URLs finds them
// here (and in the log of every other server on the way).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "runtime/timer_wheel.h"
#include "stages/access_log/time_text.h"

namespace sp::proxy {
struct Exchange;
}

namespace sp::access_log {

// Durations of the phases of one request. Negative: there was no such phase.
struct Phases {
  using Span = std::chrono::nanoseconds;
  static constexpr Span none{-1};
  Span tls = none;      // accepted to the end of the TLS handshake; of the first request of a connection only
  Span head = none;     // first octet of the head to the last
  Span connect = none;  // the server was chosen to a connection to it was there (next to nothing for one that was kept)
  Span first_byte = none;  // connected to the head of the response was there: the server's time
  Span last_byte = none;   // from there until the last octet was handed to the kernel
  Span total = none;       // first octet of the head to last octet of the response
};

// Views into the exchange and the snapshot; empty texts and zeros where something is not known.
struct Record {
  WallTime time{};          // when the request began
  std::string_view client;  // the address, as trusted proxies describe it
  std::string_view peer;    // the other end of the connection
  std::string_view listen;  // "https://:443"
  bool relay = false;       // a connection that was passed on: there is no request, and no status
  std::string proxy;        // the header of the PROXY protocol that it began with, as text; empty: none
  std::string_view method, scheme, authority, path, query;
  http::TargetForm form = http::TargetForm::origin;
  bool has_query = false;
  http::Version version = http::Version::http11;
  std::uint16_t status = 0;                     // 0: no response was sent
  std::string_view grpc_status;                 // "0": of head or trailers; empty: it is no gRPC
  std::uint64_t octets_in = 0, octets_out = 0;  // of content
  std::string_view referer, user_agent;         // as they went to the server: request_headers of the route are applied
  std::string_view tls_version, tls_cipher, tls_sni;  // empty: plain
  bool tls_resumed = false;
  std::string_view site;
  std::string_view route_kind, route_pattern;  // "path", "/sympa"; "sni", "mail.example.com"
  std::string_view place;                      // "sallyport.yaml:14"
  std::string_view upstream, server, server_address;
  // Of a way out.
  std::string_view user;
  std::string_view kind;          // "request", "connect", "socks", "inspected"
  std::string_view verdict;       // "allowed", "refused"; empty: it did not come to that
  std::string_view scan;          // what a scanner made of it: "clean", "replaced", "unseen"
  std::string_view tls_name;      // that was asked for in the TLS of a tunnel
  bool tls_name_differs = false;  // from the name that the tunnel was asked for
  std::string would_refuse;       // "rule 3", "no rule": what refuses it where rules only watch; empty: nothing
  std::uint32_t attempts = 0;
  bool reused = false;
  Code retried = Code::ok;  // why the attempt before failed; ok: there was none
  std::string_view retried_server;
  Error error{.code = Code::ok};  // with its side
  std::string_view detail, remedy;
  std::string_view id;  // empty: nobody asked for one
  Phases phases;
};

// `now`, `wall_now`: the same moment on both clocks. The record lives no longer than the exchange.
Record record_of(const proxy::Exchange& exchange, runtime::TimePoint now, WallTime wall_now);

// "client", "upstream", "local".
std::string_view side_name(Side side);

}  // namespace sp::access_log
