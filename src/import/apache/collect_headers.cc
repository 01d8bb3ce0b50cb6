// mod_headers: RequestHeader and Header.
#include <algorithm>
#include <array>

#include "import/apache/collect.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

struct NamePair {
  std::string_view apache, ours;
};

// Apache's %{NAME}e, %{NAME}s and %{NAME} of expressions, as far as they are known here.
constexpr NamePair variables[] = {
    {"REMOTE_ADDR", "client.address"},
    {"REMOTE_PORT", "client.port"},
    {"HTTP_HOST", "request.host"},
    {"SERVER_NAME", "request.host"},
    {"REQUEST_SCHEME", "request.scheme"},
    {"REQUEST_METHOD", "request.method"},
    {"REQUEST_URI", "request.path"},
    {"QUERY_STRING", "request.query"},
    {"SERVER_PORT", "server.port"},
    {"SERVER_ADDR", "server.address"},
    {"UNIQUE_ID", "request.id"},
    {"SSL_PROTOCOL", "tls.version"},
    {"SSL_CIPHER", "tls.cipher"},
    {"SSL_TLS_SNI", "tls.sni"},
    {"SSL_CLIENT_S_DN", "tls.client.subject"},
    {"SSL_CLIENT_I_DN", "tls.client.issuer"},
    {"SSL_CLIENT_M_SERIAL", "tls.client.serial"},
    {"SSL_CLIENT_VERIFY", "tls.client.verify"},
};

std::optional<std::string> variable(std::string_view name) {
  const auto found = std::ranges::find(variables, name, &NamePair::apache);
  if (found == std::end(variables)) return std::nullopt;
  return "${" + std::string(found->ours) + '}';
}

// Nothing where a part of it has no equivalent.
std::optional<std::string> translate_value(std::string_view value) {
  const bool expression = value.starts_with("expr=");
  if (expression) value.remove_prefix(5);
  std::string result;
  while (!value.empty()) {
    if (value.starts_with("${")) {
      result += "$${";
      value.remove_prefix(2);
    } else if (value.starts_with("%%")) {
      result += '%';
      value.remove_prefix(2);
    } else if (value.starts_with("%{")) {
      const size_t end = value.find('}');
      if (end == std::string_view::npos) return std::nullopt;
      const auto known = variable(value.substr(2, end - 2));
      if (!known) return std::nullopt;
      result += *known;
      value.remove_prefix(end + 1);
      if (!expression && !value.empty()) value.remove_prefix(1);  // the format: e or s
    } else if (value.front() == '%' && !expression) {
      return std::nullopt;  // %t, %D, %l...
    } else {
      result += value.front();
      value.remove_prefix(1);
    }
  }
  return result;
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view each) { return same_word(each, name); });
}

// Fields that belong to the framing or to one connection: Sallyport writes them itself.
bool is_own_field(std::string_view name) {
  static constexpr std::array<std::string_view, 9> names{
      "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "TE", "Trailer", "Upgrade", "Via", "Date"};
  return is_one_of(name, names);
}

bool is_forwarded_field(std::string_view name) {
  static constexpr std::array<std::string_view, 6> names{"X-Forwarded-For",  "X-Forwarded-Proto",  "X-Forwarded-Host",
                                                         "X-Forwarded-Port", "X-Forwarded-Server", "Forwarded"};
  std::string dashed(name);  // many applications take X_FORWARDED_PROTO for the same
  std::ranges::transform(dashed, dashed.begin(), [](char c) { return c == '_' ? '-' : c; });
  return is_one_of(dashed, names);
}

struct Edit {
  std::string action, name, value, condition;
  Origin origin;
};

// Header [onsuccess|always] ACTION NAME [VALUE [REPLACEMENT]] [early|env=...|expr=...]
Edit parse_edit(const Directive& directive) {
  std::vector<std::string> args = directive.args;
  Edit edit{.origin = origin_of(directive)};
  if (!args.empty() && (same_word(args[0], "always") || same_word(args[0], "onsuccess"))) args.erase(args.begin());
  const auto at = [&](size_t index) { return index < args.size() ? args[index] : std::string(); };
  edit.action = lower(at(0));
  edit.name = at(1);
  if (edit.name.ends_with(':')) edit.name.pop_back();
  const bool has_value = edit.action != "unset" && edit.action != "echo";
  if (has_value) edit.value = at(2);
  const size_t expected = (has_value ? 3U : 2U) + (edit.action.starts_with("edit") ? 1 : 0);
  if (args.size() > expected && !same_word(at(expected), "early")) edit.condition = at(expected);
  return edit;
}

void replace_field(std::vector<std::pair<std::string, std::string>>& fields, const std::string& name) {
  std::erase_if(fields, [&](const auto& field) { return same_word(field.first, name); });
}

// Later edits of the same field win, as in Apache.
void apply(Context& context, const Edit& edit, DraftEdits& edits) {
  if (edit.action == "unset") {
    replace_field(edits.set, edit.name);
    replace_field(edits.add, edit.name);
    edits.remove.push_back(edit.name);
    return;
  }
  const auto value = translate_value(edit.value);
  if (!value && edit.value.contains("SSL_CLIENT_CERT")) {
    return context.report.lost(edit.origin, "see `field:` of tls.client_certificates for the client's certificate");
  }
  if (!value) {
    return context.report.lost(
        edit.origin,
        "a part of the value has no equivalent; see `sallyport reference` for the variables that there are");
  }
  if (edit.action == "set") {
    replace_field(edits.set, edit.name);
    std::erase_if(edits.remove, [&](const std::string& name) { return same_word(name, edit.name); });
    edits.set.emplace_back(edit.name, *value);
  } else {
    // A map has each key once; lines of one field mean the same as one line with commas.
    const auto there =
        std::ranges::find_if(edits.add, [&](const auto& field) { return same_word(field.first, edit.name); });
    if (there == edits.add.end())
      edits.add.emplace_back(edit.name, *value);
    else
      there->second += ", " + *value;
    if (edit.action != "add")
      context.report.changed(edit.origin, "added as a field line of its own, which means the same");
  }
}

bool is_translatable(Context& context, const Edit& edit) {
  static constexpr std::array<std::string_view, 5> actions{"set", "add", "append", "merge", "unset"};
  if (!is_one_of(edit.action, actions)) {
    context.report.lost(edit.origin,
                        "`" + edit.action + "` of a field is not available: fields can be set, added and removed");
    return false;
  }
  if (!edit.condition.empty() && !same_word(edit.condition, "env=HTTPS")) {
    context.report.lost(edit.origin, "fields are edited for every request of a route: conditions are not available");
    return false;
  }
  if (is_own_field(edit.name)) {
    context.report.changed(edit.origin, "Sallyport writes this field by itself");
    return false;
  }
  return true;
}

void request_header(Context& context, const Directive& directive) {
  const Edit edit = parse_edit(directive);
  if (same_word(edit.name, "Proxy") && edit.action == "unset") {
    return context.report.changed(edit.origin, "the Proxy field (httpoxy) is always taken away");
  }
  if (is_forwarded_field(edit.name)) {
    context.report.changed(
        edit.origin,
        "X-Forwarded-* are written by Sallyport, and removed from what strangers send; what says the same is left out");
    if (edit.action != "set" || !translate_value(edit.value)) return;
  }
  if (!is_translatable(context, edit)) return;
  if (same_word(edit.name, "Host") && edit.action == "set") {
    if (const auto value = translate_value(edit.value); value && !value->contains('$')) {
      context.settings.host = *value;
      return;
    }
    return context.report.lost(edit.origin, "`host:` of a route takes a name only");
  }
  apply(context, edit, context.settings.request);
}

void response_header(Context& context, const Directive& directive) {
  const Edit edit = parse_edit(directive);
  if (edit.action.starts_with("edit") && same_word(edit.name, "Location") && edit.value.starts_with("^http:")) {
    return context.report.changed(edit.origin, "Location is mapped to the public URL by itself, with its scheme");
  }
  if (edit.action.starts_with("edit") && same_word(edit.name, "Set-Cookie")) {
    return context.report.lost(
        edit.origin,
        "cookies are mapped, but get no attributes: let the application set Secure, HttpOnly and SameSite");
  }
  if (edit.condition.starts_with("env=BALANCER")) {
    return context.report.lost(edit.origin, "sticky sessions are not available yet");
  }
  if (is_translatable(context, edit)) apply(context, edit, context.settings.response);
}

}  // namespace

std::span<const Known> header_directives() {
  static constexpr std::array table{Known{"RequestHeader", request_header}, Known{"Header", response_header}};
  return table;
}

}  // namespace sp::import::apache
