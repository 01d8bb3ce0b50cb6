// Every address in the configuration is a URL: where to listen, and where to send.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/problem.h"

namespace sp::config {

enum class AddressUse : std::uint8_t {
  listen,  // https://:443, http://127.0.0.1:80, https://[::]:443, http+unix:///run/x.sock: an IP address or none, no
           // path
  target,  // `to` of a route: https://host[:port][/path], http+unix:///run/x.sock[:/path]; the path may hold ${...}
  server,  // one server of an upstream: a target without path
};

struct Address {
  std::string scheme;      // http, https or h2c (HTTP/2 without TLS)
  std::string host;        // as written, IPv6 without brackets; empty: every address (listen), or a Unix socket
  std::uint16_t port = 0;  // as written, or that of the scheme
  std::string path;        // with its '/'; empty if none is written
  std::string unix_path;   // not empty: a Unix socket, without host and port
};

// What is wrong is said in the words of the user's file.
std::expected<Address, Problem> parse_address(std::string_view text, AddressUse use);

// Whether a text is meant as a URL, and not as the name of an upstream.
bool looks_like_url(std::string_view text);

}  // namespace sp::config
