// The grammars of fields and of the ${...} in their values.
#include <algorithm>
#include <array>
#include <vector>

#include "config/grammar.h"
#include "config/grammar_text.h"
#include "config/node.h"
#include "config/suggest.h"

namespace sp::config {
namespace {

struct OwnedField {
  std::string_view name;
  std::string_view remedy;
};

// Framing and hop-by-hop fields are written by the codec (RFC 9110 section 7.6.1, RFC 9112 section 6): a configuration
// that could set them could make two messages of one.
constexpr std::array owned_fields{
    OwnedField{"host", "set `host` of the route"},
    OwnedField{"content-length", "leave it out: the gate writes it from the body itself"},
    OwnedField{"transfer-encoding", "leave it out: the gate writes it from the body itself"},
    OwnedField{"connection", "leave it out: each connection has its own"},
    OwnedField{"keep-alive", "set `timeouts: { keep_alive: 60s }`"},
    OwnedField{"proxy-connection", "leave it out: each connection has its own"},
    OwnedField{"te", "leave it out: each connection has its own"},
    OwnedField{"trailer", "leave it out: the gate writes it where there are trailers"},
    OwnedField{"upgrade", "set `upgrades` of the route"},
    OwnedField{"http2-settings", "leave it out: each connection has its own"},
    OwnedField{"expect", "leave it out: the gate answers `Expect: 100-continue` itself"},
};

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

bool names_field_or_cookie(std::string_view name) {
  return std::ranges::any_of(variable_prefixes, [&](std::string_view prefix) {
    return name.starts_with(prefix) && is_token(name.substr(prefix.size()));
  });
}

std::string unknown_variable_remedy(std::string_view name, When when) {
  std::vector<std::string_view> known(variable_names.begin(), variable_names.end());
  if (when == When::response) known.insert(known.end(), response_variable_names.begin(), response_variable_names.end());
  const std::string_view best = nearest(name, known);
  if (!best.empty()) return "did you mean `${" + std::string(best) + "}`?";
  return "the reference page lists what there is, such as `${client.address}` and `${request.host}`";
}

Problem unknown_variable(std::string_view name, When when) {
  const std::string shown = backquoted("${" + std::string(name) + "}");
  if (is_variable(name, When::response)) {
    return {shown + " is not known before there is a response", "use it in `response_headers` only"};
  }
  for (const std::string_view prefix : variable_prefixes) {
    if (name.starts_with(prefix))
      return {shown + " names no field or cookie", "write `${" + std::string(prefix) + "NAME}`"};
  }
  if (name.starts_with(proxy_variable_prefix)) {
    const std::string_view best = nearest(name.substr(proxy_variable_prefix.size()), proxy_value_names);
    return {shown + " is nothing that a header of the PROXY protocol says",
            best.empty() ? "write `${proxy.authority}`, or the number of a type: `${proxy.0xE1}`"
                         : "did you mean `${proxy." + std::string(best) + "}`?"};
  }
  if (name.starts_with(regex_variable_prefix)) {
    return {shown + " names no group of a regular expression", "write `${regex.0}` to `${regex.9}`"};
  }
  return {shown + " is not known", unknown_variable_remedy(name, when)};
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || marks.find(c) != marks.npos; });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::string without_variables(std::string_view text) {
  std::string result(text);
  for_each_variable(text, [&](std::string_view name) {
    const std::string whole = "${" + std::string(name) + "}";
    result.erase(result.find(whole), whole.size());
    return true;
  });
  return result;
}

std::optional<Problem> known_variables(std::string_view text, When when) {
  std::optional<Problem> problem;
  const bool closed = for_each_variable(text, [&](std::string_view name) {
    if (!is_variable(name, when) && !names_field_or_cookie(name)) problem = unknown_variable(name, when);
    return !problem;
  });
  if (!closed)
    return Problem{"a `${` is not closed", "close it with `}`, or write `$${` for the characters themselves"};
  return problem;
}

std::optional<Problem> field_name(std::string_view text) {
  if (is_token(text)) return std::nullopt;
  if (text.ends_with(':'))
    return Problem{backquoted(text) + " is not the name of a field", "leave the `:` out of the name"};
  return Problem{backquoted(text) + " is not the name of a field", "names hold letters, digits and `-`, and no spaces"};
}

std::optional<Problem> editable_field(std::string_view text) {
  if (auto problem = field_name(text)) return problem;
  const std::string name = lower(text);
  const auto owned = std::ranges::find(owned_fields, name, &OwnedField::name);
  if (owned == owned_fields.end()) return std::nullopt;
  return Problem{"the gate itself answers for the field " + backquoted(text), std::string(owned->remedy)};
}

std::optional<Problem> plain_field_value(std::string_view text) {
  if (std::ranges::any_of(text, is_control)) {
    return Problem{"a field value holds a line break or another control character", "write it on one line"};
  }
  if (text == std::string_view{} ||
      (text.front() != ' ' && text.front() != '\t' && text.back() != ' ' && text.back() != '\t')) {
    return std::nullopt;
  }
  return Problem{"a field value begins or ends with white space", "no recipient would see it: remove it"};
}

std::optional<Problem> field_value(std::string_view text) {
  if (auto problem = plain_field_value(text)) return problem;
  return known_variables(text, When::response);
}

std::optional<Problem> tlv_value(std::string_view text) { return known_variables(text, When::request); }

std::optional<Problem> response_body(std::string_view text) { return known_variables(text, When::response); }

std::optional<Problem> public_key_pin(std::string_view text) {
  constexpr std::string_view prefix = "sha256//";  // as curl writes it
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  // 32 octets are 43 digits of base64 and one '='. The last digit holds 4 bits, so that its lowest two are zero.
  constexpr std::string_view last_digits = "AEIMQUYcgkosw048";
  const auto is_digit = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  const bool good = text.size() == 44 && text[43] == '=' && last_digits.find(text[42]) != last_digits.npos &&
                    std::ranges::all_of(text.substr(0, 42), is_digit);
  if (good) return std::nullopt;
  return Problem{backquoted(text) + " is not the SHA-256 of a public key in base64",
                 "`openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 "
                 "-binary | base64` prints it"};
}

}  // namespace sp::config
