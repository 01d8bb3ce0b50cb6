// Every address in the configuration is a URL: where to listen, and where to send.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/problem.h"

namespace sp::config {

enum class AddressUse : std::uint8_t {
  listen,   // https://:443, http://127.0.0.1:80, https://[::]:443, http+unix:///run/x.sock: an IP address or none, no
            // path
  way_out,  // `listen` of outbound: proxy://127.0.0.1:3128, http://, https://, socks5://, with a port
  target,   // `to` of a route: https://host[:port][/path], http+unix:///run/x.sock[:/path]; the path may hold ${...}
  server,   // one server of an upstream: a target without path, or one of the next
  relay,    // `to` of an entry that passes octets on: tcp://host[:port], tls://host[:port], smtp://host[:port] and so
            // on; without a port it is the one that the client has connected to
};

struct Address {
  // http, https or h2c (HTTP/2 without TLS); proxy or socks5 (the way out); tcp or tls (whatever is spoken); smtp,
  // imap, pop3 or sieve (in clear until STARTTLS)
  std::string scheme;
  std::string host;        // as written, IPv6 without brackets; empty: every address (listen), or a Unix socket
  std::uint16_t port = 0;  // as written, or that of the scheme; 0: none is written, and the scheme has none
  std::string path;        // with its '/'; empty if none is written
  std::string unix_path;   // not empty: a Unix socket, without host and port
};

// What is wrong is said in the words of the user's file.
std::expected<Address, Problem> parse_address(std::string_view text, AddressUse use);

// Whether a scheme is of an entry that passes octets on, or of a server of one; and of these, of one where STARTTLS is
// spoken.
bool is_relayed(std::string_view scheme);
bool is_mail(std::string_view scheme);

// Whether a text is meant as a URL, and not as the name of an upstream.
bool looks_like_url(std::string_view text);

}  // namespace sp::config
