#include "config/grammar.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include "base/code.h"
#include "config/address.h"
#include "config/grammar_text.h"
#include "config/icap_url.h"
#include "config/network.h"
#include "config/node.h"
#include "config/proxy_condition.h"
#include "config/suggest.h"

namespace sp::config {
namespace {

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/' before the segment
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(end);
  }
  return false;
}

bool is_path_character(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' && c != '`' && c != '|';
}

// RFC 3986: what a URL that we send must keep to. Patterns of routes are brought to a normal form, and may be freer.
bool is_url_path_character(char c) {
  return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:@/%").find(c) != std::string_view::npos;
}

Problem bad_path_character(std::string_view path, char c) {
  if (c == ' ') return {"the path " + backquoted(path) + " holds a space", "write it as `%20`"};
  if (c == '\\') return {"the path " + backquoted(path) + " holds a backslash", "write `/`, or `%5C` for a backslash"};
  return {"the path " + backquoted(path) + " holds a character that no request can have",
          "write it percent-encoded: `%C3%A4`"};
}

std::optional<Problem> bad_escapes(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') continue;
    if (i + 2 < path.size() && is_hex(path[i + 1]) && is_hex(path[i + 2])) continue;
    return Problem{"the path " + backquoted(path) + " holds a `%` without two hexadecimal digits",
                   "write `%25` for a percent sign"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Problem> request_path(std::string_view text, Variables variables) {
  if (!text.starts_with('/')) {
    return Problem{"the path " + backquoted(text) + " does not begin with `/`", "write `/" + std::string(text) + "`"};
  }
  std::string plain(text);
  if (variables == Variables::allowed) {
    if (auto problem = known_variables(text, When::request)) return problem;
    plain = without_variables(text);
  }
  const auto bad =
      std::ranges::find_if_not(plain, variables == Variables::allowed ? is_url_path_character : is_path_character);
  if (bad != plain.end()) return bad_path_character(text, *bad);
  if (auto problem = bad_escapes(plain)) return problem;
  if (!has_dot_segment(plain)) return std::nullopt;
  return Problem{"the path " + backquoted(text) + " holds `.` or `..`, which no request has once it is normalised",
                 "write the path that is meant"};
}

std::optional<Problem> route_path(std::string_view text) {
  if (text.find_first_of("?#") != std::string_view::npos) {
    return Problem{"the path " + backquoted(text) + " holds a `?` or `#`",
                   "routes are chosen by the path alone: leave it out"};
  }
  if (text.ends_with('*')) {
    return Problem{"the path " + backquoted(text) + " holds a `*`, which stands for itself",
                   "a `path` is a prefix already: leave the `*` out, or use `regex`"};
  }
  return request_path(text, Variables::refused);
}

std::optional<Problem> route_regex(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 regex(re2::StringPiece(text.data(), text.size()), options);
  if (regex.ok()) return std::nullopt;
  const bool lookaround = text.find("(?=") != std::string_view::npos || text.find("(?!") != std::string_view::npos ||
                          text.find("(?<") != std::string_view::npos;
  return Problem{"the regular expression does not compile: " + regex.error(),
                 lookaround ? "RE2 has no look-ahead, look-behind and back-references: say it without them"
                            : "the syntax is that of RE2"};
}

std::optional<Problem> host_name(std::string_view text) {
  if (text.empty()) return Problem{"the host is empty", "write a name or an address"};
  constexpr std::size_t longest = 253;
  if (text.size() > longest) return Problem{"the host is longer than 253 characters", "no name can be"};
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return Problem{backquoted(text) + " holds letters beyond ASCII", "write the name by its A-labels: `xn--...`"};
    }
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_') continue;
    return Problem{backquoted(text) + " is not a host name", "names hold letters, digits, `-` and dots"};
  }
  if (text.starts_with('.') || text.find("..") != std::string_view::npos) {
    return Problem{backquoted(text) + " is not a host name: one of its labels is empty", "remove the extra dot"};
  }
  return std::nullopt;
}

std::optional<Problem> host_pattern(std::string_view text) {
  if (text == "*") return std::nullopt;
  const std::string shown = backquoted(text);
  if (looks_like_url(text)) return Problem{shown + " is a URL", "write the host name alone: `lists.example.com`"};
  if (text.find('/') != std::string_view::npos)
    return Problem{shown + " holds a path", "write the host name alone, and the path in a route"};
  if (text.starts_with('[') && text.ends_with(']') && text.size() > 2) {
    if (IpAddress::parse(text.substr(1, text.size() - 2))) return std::nullopt;
    return Problem{shown + " is not an IPv6 address in brackets", "write `[2001:db8::1]`"};
  }
  if (text.find(':') != std::string_view::npos) {
    if (IpAddress::parse(text))
      return Problem{shown + " needs brackets, as in the Host field", "write `[" + std::string(text) + "]`"};
    return Problem{shown + " holds a port", "write the name alone: the port is said by `listen`"};
  }
  const std::string_view name = text.starts_with("*.") ? text.substr(2) : text;
  if (name.find('*') != std::string_view::npos) {
    return Problem{shown + " holds a `*` in a place where it means nothing",
                   "write `*.example.com`, or `*` for every name"};
  }
  return host_name(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
}

std::optional<Problem> host_setting(std::string_view text) {
  if (text == "preserve" || text == "upstream") return std::nullopt;
  if (looks_like_url(text)) return Problem{backquoted(text) + " is a URL", "write the host alone: `lists.example.com`"};
  std::string_view host = text;
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    const std::string_view port = host.substr(colon + 1);
    const bool digits =
        !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return Problem{backquoted(text) + " is not a host", "write `preserve`, `upstream` or a name"};
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']') && IpAddress::parse(host.substr(1, host.size() - 2)))
    return std::nullopt;
  return host_name(host);
}

std::optional<Problem> client_rule(std::string_view text) {
  if (!is_proxy_condition(text)) return network(text);
  auto parsed = parse_proxy_condition(text);
  return parsed ? std::nullopt : std::optional(std::move(parsed.error()));
}

std::optional<Problem> proxy_value_name(std::string_view text) {
  return known_variables("${" + std::string(proxy_variable_prefix) + std::string(text) + "}", When::request);
}

std::optional<Problem> network(std::string_view text) {
  auto parsed = parse_network(text);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> ip_address(std::string_view text) {
  if (IpAddress::parse(text)) return std::nullopt;
  return Problem{backquoted(text) + " is not an IP address", "write `192.0.2.1` or `2001:db8::1`"};
}

std::optional<Problem> listen_url(std::string_view text) {
  auto parsed = parse_address(text, AddressUse::listen);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> icap_url(std::string_view text) {
  auto parsed = parse_icap_url(text);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> outbound_listen_url(std::string_view text) {
  auto parsed = parse_address(text, AddressUse::way_out);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> server_url(std::string_view text) {
  auto parsed = parse_address(text, AddressUse::server);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> relay_target(std::string_view text) {
  if (text.empty()) return Problem{"the target is empty", "write `tcp://10.0.0.7:10993` or the name of an upstream"};
  if (!looks_like_url(text)) return std::nullopt;
  auto parsed = parse_address(text, AddressUse::relay);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> port(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && error == std::errc{} && end == text.data() + text.size();
  if (whole && number >= 1 && number <= 65535 && text[0] != '0') return std::nullopt;
  return Problem{backquoted(text) + " is not a port", "a port is a number from 1 to 65535"};
}

std::optional<Problem> alpn_protocol(std::string_view text) {
  constexpr std::size_t longest = 255;  // RFC 7301 section 3.1
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  if (!text.empty() && text.size() <= longest && visible) return std::nullopt;
  return Problem{backquoted(text) + " is not the name of a protocol", "write it as clients offer it: `acme-tls/1`"};
}

std::optional<Problem> custom_tlv(std::string_view text) {
  const std::string word = lower(text);
  const bool known =
      word.size() == 4 && word.starts_with("0xe") && std::isxdigit(static_cast<unsigned char>(word[3])) != 0;
  if (known) return std::nullopt;
  return Problem{backquoted(text) + " is not a type for values of one's own", "those are `0xE0` to `0xEF`"};
}

std::optional<Problem> redirect_target(std::string_view text) {
  if (text.empty()) return Problem{"the redirect leads nowhere", "write a path or a URL"};
  if (auto problem = field_value(text)) return problem;
  const bool target =
      text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://") || text.starts_with("${");
  if (!target) {
    return Problem{backquoted(text) + " is neither a path nor a URL",
                   "write `/path`, `https://host/path` or `https://${request.host}${request.uri}`"};
  }
  if (text.find(' ') == std::string_view::npos) return std::nullopt;
  return Problem{backquoted(text) + " holds a space", "write it as `%20`"};
}

std::optional<Problem> upgrade_protocol(std::string_view text) {
  if (is_token(text)) return std::nullopt;
  return Problem{backquoted(text) + " is not the name of a protocol", "write `websocket`"};
}

std::optional<Problem> simple_name(std::string_view text) {
  constexpr std::size_t longest = 64;
  const bool good =
      !text.empty() && text.size() <= longest && is_alphanumeric(text.front()) &&
      std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  if (good) return std::nullopt;
  return Problem{backquoted(text) + " is not a name",
                 "a name has up to 64 letters, digits, `-`, `_` and dots, and begins with a letter or digit"};
}

bool is_log_path(std::string_view text) { return text.find_first_of("./") != std::string_view::npos; }

std::optional<Problem> access_log(std::string_view text) {
  static constexpr std::array<std::string_view, 4> words{"off", "stdout", "syslog", "journal"};
  if (std::ranges::find(words, text) != words.end() || is_log_path(text)) return std::nullopt;
  const std::string_view best = nearest(text, words);
  return Problem{backquoted(text) + " is not a place for the access log",
                 best.empty()
                     ? "write `off`, `stdout`, `syslog`, `journal` or the path of a file, such as `./access.log`"
                     : "did you mean `" + std::string(best) + "`?"};
}

std::optional<Problem> test_request(std::string_view text) {
  const auto space = text.find(' ');
  std::string_view url = text;
  if (space != std::string_view::npos) {
    if (!is_token(text.substr(0, space))) {
      return Problem{backquoted(text.substr(0, space)) + " is not a method",
                     "write `GET https://lists.example.com/path`"};
    }
    url = text.substr(space + 1);
  }
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return Problem{backquoted(url) + " is not an http or https URL", "write `GET https://lists.example.com/path`"};
  }
  // The query belongs to the request, not to the address.
  auto parsed = parse_address(url.substr(0, url.find('?')), AddressUse::target);
  if (parsed) return std::nullopt;
  return parsed.error();
}

std::optional<Problem> test_connection(std::string_view text) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos || !is_relayed(text.substr(0, separator))) {
    return Problem{backquoted(text) + " is not the URL of a connection that is passed on",
                   "write `tcp://mail.example.com:993`; requests of HTTP stand in `request`"};
  }
  auto parsed = parse_address(text, AddressUse::relay);
  if (!parsed) return parsed.error();
  if (parsed->port != 0) return std::nullopt;
  return Problem{backquoted(text) + " has no port",
                 "write the port that clients connect to: `tcp://mail.example.com:993`"};
}

// What is wrong with a destination is for the gate to say: a test may ask about that.
std::optional<Problem> test_outbound(std::string_view text) {
  constexpr std::string_view remedy = "write `CONNECT gitlab.com:443`, or `GET http://gitlab.com/path`";
  const auto space = text.find(' ');
  const std::string_view target = space == std::string_view::npos ? text : text.substr(space + 1);
  const std::string_view method = space == std::string_view::npos ? std::string_view() : text.substr(0, space);
  if (target.starts_with("http://") || target.starts_with("https://")) {
    if (method == "CONNECT")
      return Problem{"CONNECT is for a host and a port, not for a URL", "write `CONNECT gitlab.com:443`"};
    if (auto problem = test_request(text)) return Problem{problem->message, std::string(remedy)};
    return std::nullopt;
  }
  const auto colon = target.rfind(':');
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7f' && c != '/'; };
  if (colon == std::string_view::npos || !std::ranges::all_of(target, is_plain)) {
    return Problem{backquoted(target) + " is neither HOST:PORT nor an http or https URL", std::string(remedy)};
  }
  if (!method.empty() && method != "CONNECT")
    return Problem{"a host and a port are asked for by CONNECT, not by " + backquoted(method), std::string(remedy)};
  return std::nullopt;
}

std::optional<Problem> client_name(std::string_view text) { return text.empty() ? std::nullopt : host_name(text); }

std::optional<Problem> code_name(std::string_view text) {
  std::vector<std::string_view> names;
  for (int i = 1; i < static_cast<int>(Code::count_); ++i) names.push_back(name(static_cast<Code>(i)));
  if (std::ranges::find(names, text) != names.end()) return std::nullopt;
  const std::string_view best = nearest(text, names);
  return Problem{backquoted(text) + " is not a reason for which anything is refused",
                 best.empty() ? "write `denied`, `no_route` or another code of the log"
                              : "did you mean `" + std::string(best) + "`?"};
}

std::optional<Problem> expected_refusal(std::string_view text) {
  return text == "allowed" ? std::nullopt : code_name(text);
}

std::optional<Problem> not_empty_text(std::string_view text) {
  if (!text.empty()) return std::nullopt;
  return Problem{"the text is empty", "give it a value, or leave the key out"};
}

}  // namespace sp::config
