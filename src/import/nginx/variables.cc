#include "import/nginx/variables.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace sp::import::nginx {
namespace {

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

constexpr std::pair<std::string_view, std::string_view> counterparts[] = {
    {"remote_addr", "${client.address}"},
    {"realip_remote_addr", "${client.address}"},
    {"proxy_protocol_addr", "${client.address}"},
    {"remote_port", "${client.port}"},
    {"proxy_protocol_port", "${client.port}"},
    {"host", "${request.host}"},
    {"http_host", "${request.host}"},
    {"scheme", "${request.scheme}"},
    {"request_uri", "${request.uri}"},
    {"uri", "${request.path}"},
    {"document_uri", "${request.path}"},
    {"args", "${request.query}"},
    {"query_string", "${request.query}"},
    {"is_args", "?"},
    {"request_method", "${request.method}"},
    {"request_id", "${request.id}"},
    {"server_port", "${server.port}"},
    {"server_addr", "${server.address}"},
    {"ssl_protocol", "${tls.version}"},
    {"ssl_cipher", "${tls.cipher}"},
    {"ssl_server_name", "${tls.sni}"},
    {"ssl_alpn_protocol", "${tls.alpn}"},
    {"ssl_client_s_dn", "${tls.client.subject}"},
    {"ssl_client_i_dn", "${tls.client.issuer}"},
    {"ssl_client_serial", "${tls.client.serial}"},
    {"ssl_client_fingerprint", "${tls.client.fingerprint}"},
    {"ssl_client_verify", "${tls.client.verify}"},
};

// $http_user_agent: the field User-Agent. Names of fields compare without case; this is for people.
std::string field_name(std::string_view variable) {
  std::string name;
  for (const char c : variable) {
    const bool begins = name.empty() || name.back() == '-';
    name += c == '_' ? '-' : begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
  }
  return name;
}

std::optional<std::string> counterpart(std::string_view name, std::string_view server_name) {
  const auto known = std::ranges::find(counterparts, name, &std::pair<std::string_view, std::string_view>::first);
  if (known != std::end(counterparts)) return std::string(known->second);
  if (name.size() == 1 && std::isdigit(static_cast<unsigned char>(name[0])) != 0)
    return "${regex." + std::string(name) + "}";
  if (name == "server_name" && !server_name.empty()) return std::string(server_name);
  if (name.starts_with("http_") && name.size() > 5) return "${request.header." + field_name(name.substr(5)) + "}";
  if (name.starts_with("cookie_") && name.size() > 7) return "${request.cookie." + std::string(name.substr(7)) + "}";
  return std::nullopt;
}

// The last `set` of a variable in the innermost block that has one.
const Directive* set_of(const Scope& scope, std::string_view name) {
  for (const Scope* each = &scope; each != nullptr; each = each->outer) {
    const Directive* found = nullptr;
    for (const Directive& directive : each->block->children) {
      const bool sets = directive.is("set") && directive.args.size() == 2 && directive.arg(0).size() > 1;
      if (sets && std::string_view(directive.arg(0)).substr(1) == name) found = &directive;
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

// Bounds, so that no file can make this run away: variables may hold each other.
constexpr size_t longest_value = 1 << 16;
constexpr int most_substitutions = 1000;

std::string substituted(const Scope& scope, std::string_view text, Report& report, int depth, int& left) {
  std::string result;
  size_t at = 0;
  for (Found found = find_variable(text); found.begin != std::string_view::npos; found = find_variable(text, at)) {
    result += text.substr(at, found.begin - at);
    at = found.end;
    const Directive* set = depth < 8 && left-- > 0 ? set_of(scope, found.name) : nullptr;
    if (set == nullptr || result.size() > longest_value) {
      result += text.substr(found.begin, found.end - found.begin);
      continue;
    }
    report.used(*set);
    result += substituted(scope, set->arg(1), report, depth + 1, left);
  }
  return result.append(text.substr(at));
}

}  // namespace

Found find_variable(std::string_view text, size_t at) {
  for (size_t dollar = text.find('$', at); dollar != std::string_view::npos; dollar = text.find('$', dollar + 1)) {
    const bool braces = dollar + 1 < text.size() && text[dollar + 1] == '{';
    const size_t begin = dollar + (braces ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && is_name(text[end])) ++end;
    // $1 is one digit, whatever follows.
    if (!braces && end > begin && std::isdigit(static_cast<unsigned char>(text[begin])) != 0) end = begin + 1;
    if (end == begin || (braces && (end == text.size() || text[end] != '}'))) continue;
    return {.begin = dollar, .end = end + (braces ? 1 : 0), .name = text.substr(begin, end - begin)};
  }
  return {};
}

std::string with_set_variables(const Scope& scope, std::string_view text, Report& report) {
  int left = most_substitutions;
  return substituted(scope, text, report, 0, left);
}

Expanded expand(std::string_view text, std::string_view server_name) {
  Expanded expanded;
  std::string whole(text);
  // Together these are the whole of what was asked for.
  static constexpr std::string_view uri = "$uri$is_args$args";
  for (size_t at = whole.find(uri); at != std::string::npos; at = whole.find(uri))
    whole.replace(at, uri.size(), "$request_uri");
  text = whole;
  size_t at = 0;
  for (Found found = find_variable(text); found.begin != std::string_view::npos; found = find_variable(text, at)) {
    expanded.text += text.substr(at, found.begin - at);
    at = found.end;
    expanded.has_variables = true;
    if (const auto known = counterpart(found.name, server_name)) {
      expanded.text += *known;
    } else if (expanded.unknown.empty()) {
      expanded.unknown = "$" + std::string(found.name);
    }
  }
  expanded.text += text.substr(at);
  return expanded;
}

}  // namespace sp::import::nginx
