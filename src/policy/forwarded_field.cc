#include "policy/forwarded_field.h"

#include <algorithm>

#include "http/fields.h"

namespace sp::policy {
namespace {

std::string_view unquoted(std::string_view value) {
  if (!value.starts_with('"')) return value;
  bool plain =
      value.size() >= 2 && value.ends_with('"') && !value.contains('\\') && std::ranges::count(value, '"') == 2;
  return plain ? value.substr(1, value.size() - 2) : std::string_view{};
}

}  // namespace

std::string_view ListFromEnd::next() {
  // From the right, a quote opens and closes as it does from the left. (An escaped quote would not; nothing we read
  // needs one.)
  bool quoted = false;
  std::size_t at = rest_.size();
  while (at > 0 && (quoted || rest_[at - 1] != ',')) {
    --at;
    if (rest_[at] == '"') quoted = !quoted;
  }
  std::string_view element = http::trim(rest_.substr(at));
  done_ = at == 0;
  rest_ = rest_.substr(0, at == 0 ? 0 : at - 1);
  return element;
}

std::optional<IpAddress> node_address(std::string_view node) {
  if (node.starts_with('[')) {
    std::size_t close = node.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view rest = node.substr(close + 1);
    return rest.empty() || rest.starts_with(':') ? IpAddress::parse(node.substr(1, close - 1)) : std::nullopt;
  }
  bool with_port = std::ranges::count(node, ':') == 1;
  return IpAddress::parse(with_port ? node.substr(0, node.find(':')) : node);
}

ForwardedElement parse_forwarded_element(std::string_view element) {
  ForwardedElement result;
  while (!element.empty()) {
    std::size_t end = std::min(element.find(';'), element.size());
    std::string_view pair = element.substr(0, end);
    element.remove_prefix(std::min(end + 1, element.size()));
    std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view name = http::trim(pair.substr(0, equals));
    std::string_view value = unquoted(http::trim(pair.substr(equals + 1)));
    if (http::iequals(name, "for")) result.node = value;
    if (http::iequals(name, "proto")) result.proto = value;
    if (http::iequals(name, "host")) result.host = value;
  }
  return result;
}

}  // namespace sp::policy
