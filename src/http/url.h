// URLs as the configuration writes them and as responses carry them (RFC 3986), and authorities (`host[:port]`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sp::http {

// What a URL is going to be used for: each use allows one thing more than a plain absolute URL.
enum class UrlUse : std::uint8_t {
  reference,  // scheme://host[:port][/path][?query]
  listen,     // the host may be empty ("https://:443") or "*": all addresses
  target,     // the path and the query may hold ${...}
};

// An absolute URL. A value: it owns its text.
struct Url {
  std::string scheme;      // lower case: "https", "tcp"; for "http+unix" it is "http"
  std::string host;        // lower case, without the trailing dot; IPv6 without brackets; empty for Unix sockets
  std::uint16_t port = 0;  // 0: none is written
  std::string path;        // begins with '/', or is empty where none is written
  std::string query;       // without '?'
  bool has_query = false;
  std::string unix_path;  // of http+unix:///run/x.sock: "/run/x.sock"; a path follows after a colon: ///run/x.sock:/app

  bool is_unix() const { return !unix_path.empty(); }
  bool is_ipv6() const { return host.find(':') != std::string::npos; }
  // The port that is written, or that of the scheme (http 80, https 443), or 0.
  std::uint16_t effective_port() const;
  // host[:port], with brackets around IPv6 and without the scheme's own port: as in a Host field. "localhost" for Unix
  // sockets.
  std::string authority() const;
  // scheme://authority without path: how a server is named in logs. "http+unix:///run/x.sock" for Unix sockets.
  std::string origin() const;
  std::string text() const;
  bool operator==(const Url&) const = default;
};

// The port that a scheme stands for: http, h2c and ws 80, https and wss 443; 0 where there is none.
std::uint16_t default_port(std::string_view scheme);

// Strict: a scheme, "://", an authority without user information, then a path and a query of permitted characters only,
// with well-formed percent-encodings; no fragment. Whatever else there is: nothing is returned.
std::optional<Url> parse_url(std::string_view text, UrlUse use = UrlUse::reference);

// The parts of `host[:port]`, as views of the text.
struct Authority {
  std::string_view host;   // without brackets and without the trailing dot; upper case stays
  std::uint16_t port = 0;  // 0: none is written
  bool ipv6 = false;
};
// Nothing when the host or one of its labels is empty, or holds a character that no name or address has, or when the
// port is not 1-65535.
std::optional<Authority> split_authority(std::string_view text);

// ASCII letters in lower case.
std::string to_lower(std::string_view text);

}  // namespace sp::http
