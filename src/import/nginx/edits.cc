// proxy_set_header, add_header and proxy_hide_header.
#include <algorithm>
#include <cctype>

#include "config/grammar.h"
#include "config/node.h"
#include "import/apache/tree.h"
#include "import/nginx/http.h"
#include "import/nginx/variables.h"

namespace sp::import::nginx {
namespace {

using apache::same_word;

constexpr std::string_view own_fields =
    "Sallyport says it by itself, and removes what strangers say of it (docs/headers-and-forwarding.md)";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::ranges::find(all, text) != all.end();
}

// What X-Forwarded-* say anyway.
bool says_what_is_so(const HttpServer& server, std::string_view name, std::string_view value) {
  if (same_word(name, "X-Forwarded-For"))
    return is_one_of(value, {"$proxy_add_x_forwarded_for", "$remote_addr", "$proxy_protocol_addr",
                             "$http_x_forwarded_for, $remote_addr", "$realip_remote_addr"});
  if (same_word(name, "X-Forwarded-Proto") || same_word(name, "X-Forwarded-Scheme"))
    return same_word(name, "X-Forwarded-Proto") &&
           (value == "$scheme" || (value == "https" && server.secure && !server.plain));
  if (same_word(name, "X-Forwarded-Host"))
    return is_one_of(value, {"$host", "$http_host", "$host:$server_port", "$server_name"});
  if (same_word(name, "X-Forwarded-Port"))
    return is_one_of(value, {"$server_port"}) || (value == "443" && server.secure && !server.plain);
  return false;
}

// $http_x_forwarded_for and the like, or what a map made of them.
bool trusts_another_proxy(std::string_view name, std::string_view value) {
  return apache::lower(name).starts_with("x-forwarded-") && value.contains('$');
}

class RequestFields {
 public:
  RequestFields(const HttpServer& server, const Scope& scope) : server_(server), scope_(scope) {}

  RequestEdits read(const std::string& kind) {
    for (const Directive* each : all_in_force(scope_, kind + "_set_header", server_.report)) field(*each);
    return std::move(result_);
  }

 private:
  void field(const Directive& at);
  void host(const Directive& at, const std::string& value);
  void set(const Directive& at, const std::string& name, const std::string& value);

  const HttpServer& server_;
  const Scope& scope_;
  RequestEdits result_;
};

void RequestFields::field(const Directive& at) {
  const std::string& name = at.arg(0);
  const std::string value = with_set_variables(scope_, at.arg(1), server_.report);
  Report& report = server_.report;
  if (same_word(name, "Host")) return host(at, value);
  if (same_word(name, "Upgrade") || same_word(name, "Connection") || same_word(name, "Proxy"))
    return report.not_needed(at, "WebSockets and kept connections work by themselves");
  if (says_what_is_so(server_, name, value)) return report.not_needed(at, std::string(own_fields));
  if (config::field_name(name)) return report.lost(at, "this is not the name of a field");
  if (const auto problem = config::editable_field(name))
    return report.not_needed(at, problem->message + ": " + problem->remedy);
  set(at, name, value);
}

void RequestFields::set(const Directive& at, const std::string& name, const std::string& value) {
  Report& report = server_.report;
  if (value.empty()) {
    result_.edits.remove.push_back(name);
    return;
  }
  const Expanded expanded = expand(value, server_.name);
  const bool from_field = expanded.text.contains("${request.header.X-Forwarded");
  if (trusts_another_proxy(name, value) && (!expanded.unknown.empty() || from_field))
    return report.lost(at,
                       "Sallyport writes this field itself. If a proxy stands in front, name it in `trusted_proxies`: "
                       "then what it says is believed");
  if (!expanded.unknown.empty()) return report.lost(at, expanded.unknown + " has no counterpart: the field is not set");
  if (expanded.text.contains("${regex."))
    return report.lost(at, "groups of a regular expression are not available here");
  if (const auto problem = config::field_value(expanded.text)) return report.lost(at, problem->message);
  std::erase_if(result_.edits.set, [&](const auto& each) { return same_word(each.first, name); });
  result_.edits.set.emplace_back(name, expanded.text);
}

void RequestFields::host(const Directive& at, const std::string& value) {
  result_.host_is_said = true;
  result_.host.clear();
  if (is_one_of(value, {"$host", "$http_host", "$host:$server_port", "$http_host:$server_port", "$host:$proxy_port"}))
    return;
  if (value == "$proxy_host") {
    result_.host_is_said = false;
    return server_.report.not_needed(at, "it is what NGINX sends by itself, and what the route's `host` says");
  }
  const Expanded expanded = expand(value, server_.name);
  const bool fixed = expanded.unknown.empty() && !expanded.text.contains('$') && !expanded.text.empty();
  if (fixed && !config::host_setting(expanded.text)) {
    result_.host = expanded.text;
  } else {
    server_.report.lost(at,
                        "the Host that the server sees is the client's, the server's own or a fixed name (`host`); "
                        "here it is the client's");
  }
}

// A value of add_header. False: it was reported.
bool added_value(const HttpServer& server, const Scope& scope, const Directive& at, std::string& value) {
  Report& report = server.report;
  const std::string& name = at.arg(0);
  const Expanded expanded = expand(with_set_variables(scope, at.arg(1), report), server.name);
  if (same_word(name, "Alt-Svc")) {
    report.lost(at, "it offers HTTP/3, which is not available in this version");
  } else if (expanded.text.empty() && expanded.unknown.empty()) {
    report.not_needed(at, "a field without a value is not added");
  } else if (!expanded.unknown.empty()) {
    report.lost(at, expanded.unknown + " has no counterpart: the field is not added");
  } else if (expanded.text.contains("${regex.")) {
    report.lost(at, "groups of a regular expression are not available here");
  } else if (const auto problem = config::editable_field(name)) {
    report.lost(at, problem->message);
  } else if (const auto bad = config::field_value(expanded.text)) {
    report.lost(at, bad->message);
  } else {
    value = expanded.text;
    return true;
  }
  return false;
}

// A field that is hidden and added is replaced.
void hide(DraftEdits& edits, const std::string& name) {
  const auto same = [&](const auto& field) { return same_word(field.first, name); };
  if (std::ranges::count_if(edits.add, same) == 1) {
    const auto found = std::ranges::find_if(edits.add, same);
    edits.set.push_back(*found);
    edits.add.erase(found);
  } else {
    edits.remove.push_back(name);
  }
}

}  // namespace

RequestEdits request_edits(const HttpServer& server, const Scope& scope, const std::string& kind) {
  return RequestFields(server, scope).read(kind);
}

DraftEdits response_edits(const HttpServer& server, const Scope& scope, const std::string& kind) {
  DraftEdits edits;
  for (const Directive* each : all_in_force(scope, "add_header", server.report)) {
    std::string value;
    if (!added_value(server, scope, *each, value)) continue;
    edits.add.emplace_back(each->arg(0), value);
    if (each->arg(2) != "always")
      server.report.changed(*each, "fields are added to responses of every status, not only to those of success");
  }
  if (kind.empty()) return edits;
  for (const Directive* each : all_in_force(scope, kind + "_hide_header", server.report)) {
    const auto problem = config::editable_field(each->arg(0));
    if (problem)
      server.report.lost(*each, problem->message);
    else
      hide(edits, each->arg(0));
  }
  return edits;
}

}  // namespace sp::import::nginx
