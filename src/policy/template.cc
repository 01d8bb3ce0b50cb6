#include "policy/template.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/variables.h"
#include "http/fields.h"

namespace sp::policy {
namespace {

constexpr std::array rows{
    VariableInfo{Variable::client_address, "client.address", Argument::none},
    VariableInfo{Variable::client_port, "client.port", Argument::none},
    VariableInfo{Variable::request_method, "request.method", Argument::none},
    VariableInfo{Variable::request_host, "request.host", Argument::none},
    VariableInfo{Variable::request_path, "request.path", Argument::none},
    VariableInfo{Variable::request_query, "request.query", Argument::none},
    VariableInfo{Variable::request_uri, "request.uri", Argument::none},
    VariableInfo{Variable::request_scheme, "request.scheme", Argument::none},
    VariableInfo{Variable::request_id, "request.id", Argument::none},
    VariableInfo{Variable::request_header, "request.header.", Argument::field_name},
    VariableInfo{Variable::request_cookie, "request.cookie.", Argument::cookie_name},
    VariableInfo{Variable::tls_version, "tls.version", Argument::none},
    VariableInfo{Variable::tls_cipher, "tls.cipher", Argument::none},
    VariableInfo{Variable::tls_sni, "tls.sni", Argument::none},
    VariableInfo{Variable::tls_alpn, "tls.alpn", Argument::none},
    VariableInfo{Variable::tls_client_subject, "tls.client.subject", Argument::none},
    VariableInfo{Variable::tls_client_issuer, "tls.client.issuer", Argument::none},
    VariableInfo{Variable::tls_client_serial, "tls.client.serial", Argument::none},
    VariableInfo{Variable::tls_client_fingerprint, "tls.client.fingerprint", Argument::none},
    VariableInfo{Variable::tls_client_verify, "tls.client.verify", Argument::none},
    VariableInfo{Variable::server_address, "server.address", Argument::none},
    VariableInfo{Variable::server_port, "server.port", Argument::none},
    VariableInfo{Variable::route_path, "route.path", Argument::none},
    VariableInfo{Variable::upstream_name, "upstream.name", Argument::none},
    VariableInfo{Variable::response_status, "response.status", Argument::none},
    VariableInfo{Variable::proxy, "proxy.", Argument::proxy_value},
    VariableInfo{Variable::regex, "regex.", Argument::number},
};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].variable) != i) return false;
  }
  return rows.size() == static_cast<std::size_t>(Variable::regex) + 1;
}
static_assert(rows_are_in_order(), "every Variable has its row, in the order of the enumeration");

bool good_argument(Argument kind, std::string_view text) {
  switch (kind) {
    case Argument::none: return text.empty();
    case Argument::field_name:
    case Argument::cookie_name: return http::is_token(text);
    case Argument::proxy_value: return config::is_proxy_value(text);
    case Argument::number: return text.size() == 1 && text[0] >= '0' && text[0] <= '9';
  }
  return false;
}

std::string wanted(Argument kind) {
  if (kind == Argument::number) return "a number from 0 to 9";
  return kind == Argument::proxy_value ? "what a PROXY header says, or a type such as 0xE1" : "a name";
}

const VariableInfo* row_of(std::string_view name) {
  auto found = std::ranges::find_if(rows, [&](const VariableInfo& row) {
    return row.argument == Argument::none ? name == row.name : name.starts_with(row.name);
  });
  return found == rows.end() ? nullptr : &*found;
}

bool is_control(char c) {
  auto u = static_cast<unsigned char>(c);
  return u < 0x20 || u == 0x7f;
}
// What no URL may hold (RFC 3986); '%' stays, for values that are encoded already.
bool is_foreign_to_urls(char c) {
  auto u = static_cast<unsigned char>(c);
  return u <= 0x20 || u >= 0x7f || std::string_view("\"<>\\^`{|}").contains(c);
}

std::string_view without_controls(std::string_view value, Arena& arena) {
  if (std::ranges::none_of(value, is_control)) return value;
  char* out = arena.chars(value.size());
  std::ranges::transform(value, out, [](char c) { return is_control(c) ? ' ' : c; });
  return {out, value.size()};
}

std::string_view url_encoded(std::string_view value, Arena& arena) {
  if (std::ranges::none_of(value, is_foreign_to_urls)) return value;
  constexpr std::string_view hex = "0123456789ABCDEF";
  char* out = arena.chars(value.size() * 3);
  std::size_t size = 0;
  for (char c : value) {
    if (!is_foreign_to_urls(c)) {
      out[size++] = c;
      continue;
    }
    auto u = static_cast<unsigned char>(c);
    out[size++] = '%';
    out[size++] = hex[u >> 4];
    out[size++] = hex[u & 15];
  }
  return {out, size};
}

std::string_view made_safe(std::string_view value, Template::Use use, Arena& arena) {
  switch (use) {
    case Template::Use::field: return without_controls(value, arena);
    case Template::Use::url: return url_encoded(value, arena);
    case Template::Use::text: break;
  }
  return value;
}

}  // namespace

std::span<const VariableInfo> variables() { return rows; }

std::expected<Template::Part, std::string> Template::part_of(std::string_view name) {
  std::string quoted = "`${" + std::string(name) + "}`";
  if (name.starts_with("env.")) return std::unexpected(quoted + " is replaced when the file is read, and was not");
  const VariableInfo* row = row_of(name);
  if (row == nullptr) return std::unexpected(quoted + " is not a value that exists");
  std::string_view argument = row->argument == Argument::none ? "" : name.substr(row->name.size());
  if (!good_argument(row->argument, argument)) {
    return std::unexpected(quoted + ": after `" + std::string(row->name) + "` stands " + wanted(row->argument));
  }
  return Part{.text = std::string(argument), .variable = row->variable, .is_variable = true};
}

std::expected<Template, std::string> Template::compile(std::string_view text) {
  Template result;
  std::string literal;
  bool has_variables = false;
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.starts_with("$${")) {
      literal += "${";
      rest.remove_prefix(3);
    } else if (rest.starts_with("${")) {
      std::size_t end = rest.find('}');
      if (end == std::string_view::npos) return std::unexpected("`" + std::string(rest) + "` has no closing brace");
      auto part = part_of(rest.substr(2, end - 2));
      if (!part) return std::unexpected(part.error());
      if (!literal.empty()) result.parts_.push_back({.text = std::exchange(literal, {})});
      result.parts_.push_back(*std::move(part));
      has_variables = true;
      rest.remove_prefix(end + 1);
    } else {
      literal += rest.front();
      rest.remove_prefix(1);
    }
  }
  if (has_variables && !literal.empty()) result.parts_.push_back({.text = literal});
  result.literal_ = has_variables ? std::string(text) : literal;
  return result;
}

bool Template::uses(Variable variable) const {
  return std::ranges::any_of(parts_, [&](const Part& part) { return part.is_variable && part.variable == variable; });
}

std::string_view Template::expand(const Variables& variables, Arena& arena, Use use) const {
  if (is_literal()) return literal_;
  auto* values = arena.array<std::string_view>(parts_.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    values[i] = part.is_variable ? made_safe(variables.value(part.variable, part.text, arena), use, arena)
                                 : std::string_view(part.text);
    total += values[i].size();
  }
  if (parts_.size() == 1) return values[0];
  char* out = arena.chars(total);
  char* at = out;
  for (std::size_t i = 0; i < parts_.size(); ++i) at = std::ranges::copy(values[i], at).out;
  return {out, total};
}

}  // namespace sp::policy
