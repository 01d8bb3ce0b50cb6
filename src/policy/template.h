// Values with placeholders: "https://${request.host}${request.uri}". Compiled once, expanded for each request.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace sp::policy {

enum class Variable : std::uint8_t {
  client_address,
  client_port,
  request_method,
  request_host,
  request_path,
  request_query,
  request_uri,
  request_scheme,
  request_id,
  request_header,  // with a name: ${request.header.User-Agent}
  request_cookie,  // with a name: ${request.cookie.sid}
  tls_version,
  tls_cipher,
  tls_sni,
  tls_alpn,
  tls_client_subject,
  tls_client_issuer,
  tls_client_serial,
  tls_client_fingerprint,
  tls_client_verify,
  server_address,
  server_port,
  route_path,
  upstream_name,
  response_status,
  proxy,  // with a name: ${proxy.authority}; what a header of the PROXY protocol has said
  regex,  // with a number: ${regex.1}
};

enum class Argument : std::uint8_t { none, field_name, cookie_name, number, proxy_value };
struct VariableInfo {
  Variable variable;
  std::string_view name;  // "client.address"; with an argument the part before it: "request.header."
  Argument argument;
};
// All that there are, in the order of the enumeration.
std::span<const VariableInfo> variables();

// Where values come from. Returned text lives as long as the arena, or longer.
class Variables {
 public:
  virtual ~Variables() = default;
  // The value, or empty where there is none (no TLS, no such field). `argument`: the field or cookie name, or the
  // number.
  virtual std::string_view value(Variable variable, std::string_view argument, Arena& arena) const = 0;
};

class Template {
 public:
  // What an expanded value is for: it decides which characters a variable may bring in.
  enum class Use : std::uint8_t {
    field,  // control characters (CR, LF, NUL, ...) become spaces
    url,    // what a URL must not hold is percent-encoded; encodings that are there stay
    text,   // as it is: the content of a response
  };

  Template() = default;
  // Placeholders by the names above; `$${` is a literal `${`. The error is a sentence for the person who wrote it.
  static std::expected<Template, std::string> compile(std::string_view text);

  bool is_literal() const { return parts_.empty(); }
  // What was written (with placeholders, if there are any); of a literal: its value.
  const std::string& source() const { return literal_; }
  bool uses(Variable variable) const;
  // A literal is returned as it is: it lives as long as the template. Anything else is in the arena.
  std::string_view expand(const Variables& variables, Arena& arena, Use use = Use::field) const;

 private:
  struct Part {
    std::string text;  // a literal, or the variable's argument
    Variable variable{};
    bool is_variable = false;
  };
  static std::expected<Part, std::string> part_of(std::string_view name);

  std::string literal_;
  std::vector<Part> parts_;
};

}  // namespace sp::policy
