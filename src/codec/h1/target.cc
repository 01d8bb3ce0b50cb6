#include "codec/h1/target.h"

#include <algorithm>

#include "codec/h1/characters.h"

namespace sp::codec::h1 {
namespace {

auto refused(const char* where) { return fail(Error{.code = Code::bad_target, .side = Side::client, .where = where}); }

// The end of the valid characters from `at`; `stop` ends them too.
std::size_t valid_until(std::string_view text, std::size_t at, char stop) {
  for (; at < text.size() && text[at] != stop; ++at) {
    if (has_class(text[at], class_target)) continue;
    const bool encoded = text[at] == '%' && text.size() - at >= 3 && has_class(text[at + 1], class_hex) &&
                         has_class(text[at + 2], class_hex);
    if (!encoded) break;
    at += 2;
  }
  return at;
}

// path[?query], the path not empty.
bool parse_path(std::string_view text, http::RequestHead& head) {
  const std::size_t path_end = valid_until(text, 0, '?');
  head.path = text.substr(0, path_end);
  head.has_query = path_end < text.size();
  if (!head.has_query) return true;
  if (text[path_end] != '?') return false;
  head.query = text.substr(path_end + 1);
  return valid_until(text, path_end, '\0') == text.size();
}

Result<std::optional<Authority>> parse_absolute(std::string_view text, http::RequestHead& head) {
  const std::size_t colon = text.find(':');
  head.form = http::TargetForm::absolute;
  head.scheme = text.substr(0, colon);
  const bool known = http::iequals(head.scheme, "http") || http::iequals(head.scheme, "https");
  if (!known || !text.substr(colon).starts_with("://")) return refused("target: neither a path nor an http URI");
  text.remove_prefix(colon + 3);

  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  const std::optional<Authority> authority = parse_authority(text.substr(0, authority_end));
  if (!authority) return refused("target: authority");
  head.authority = authority->text;
  text.remove_prefix(authority_end);

  if (text.empty() && head.method == http::Method::options) {
    head.form = http::TargetForm::asterisk;
    head.path = "*";
    return authority;
  }
  const bool empty_path = text.empty() || text.front() == '?';
  if (!parse_path(text, head)) return refused("target: characters");
  if (empty_path) head.path = "/";
  return authority;
}

}  // namespace

Result<std::optional<Authority>> parse_target(std::string_view text, http::RequestHead& head) {
  head.form = http::TargetForm::origin;
  head.scheme = head.authority = head.path = head.query = {};
  head.has_query = false;
  if (head.method == http::Method::connect) {
    const std::optional<Authority> authority = parse_authority(text);
    if (!authority || authority->port.value_or(0) == 0) return refused("target: CONNECT wants host:port");
    head.form = http::TargetForm::authority;
    head.authority = authority->text;
    return authority;
  }
  if (text.starts_with('/')) {
    if (!parse_path(text, head)) return refused("target: characters");
    return std::optional<Authority>();
  }
  if (text == "*") {
    if (head.method != http::Method::options) return refused("target: '*' is for OPTIONS");
    head.form = http::TargetForm::asterisk;
    head.path = text;
    return std::optional<Authority>();
  }
  return parse_absolute(text, head);
}

bool is_target_text(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return has_class(c, class_target) || c == '%'; });
}

}  // namespace sp::codec::h1
