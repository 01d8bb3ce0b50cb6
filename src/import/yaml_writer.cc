// Draft to text: the order of keys is that of the documentation.
#include <fmt/format.h>

#include <algorithm>

#include "import/draft.h"
#include "import/yaml_text.h"

namespace sp::import {
namespace {

void write_comments(YamlLines& out, int indent, const Comments& comments) {
  for (const std::string& each : comments) out.comment(indent, each);
}

std::string pairs_flow(const std::vector<std::pair<std::string, std::string>>& pairs) {
  YamlMap map;
  for (const auto& [name, value] : pairs) map.add(name, yaml_scalar(value));
  return map.flow();
}

// On one line where there is one kind of edit and it fits; else a line for each field.
void write_edits(YamlLines& out, int indent, std::string_view key, const DraftEdits& edits) {
  if (edits.empty()) return;
  YamlMap map;
  if (!edits.set.empty()) map.add("set", pairs_flow(edits.set));
  if (!edits.add.empty()) map.add("add", pairs_flow(edits.add));
  if (!edits.remove.empty()) map.add("remove", yaml_list(edits.remove));
  if (const std::string flow = map.flow(); static_cast<size_t>(indent) + key.size() + flow.size() <= 110) {
    return out.line(indent, key, flow);
  }
  out.open(indent, key);
  const auto block = [&](std::string_view kind, const auto& pairs) {
    if (pairs.empty()) return;
    out.open(indent + 2, kind);
    for (const auto& [name, value] : pairs) out.line(indent + 4, name, yaml_scalar(value));
  };
  block("set", edits.set);
  block("add", edits.add);
  if (!edits.remove.empty()) out.line(indent + 2, "remove", yaml_list(edits.remove));
}

void write_timeouts(YamlLines& out, int indent, const DraftTimeouts& timeouts) {
  if (timeouts.empty()) return;
  YamlMap map;
  map.add_string("client_head", timeouts.client_head);
  map.add_string("connect", timeouts.connect);
  map.add_string("response_head", timeouts.response_head);
  map.add_string("body_idle", timeouts.body_idle);
  map.add_string("keep_alive", timeouts.keep_alive);
  map.add_string("tunnel_idle", timeouts.tunnel_idle);
  map.add_string("half_closed", timeouts.half_closed);
  out.line(indent, "timeouts", map.flow());
}

void write_string(YamlLines& out, int indent, std::string_view key, std::string_view value) {
  if (!value.empty()) out.line(indent, key, yaml_line_scalar(value));
}

void write_upstream_tls(YamlLines& out, int indent, const DraftUpstreamTls& tls) {
  if (tls.empty()) return;
  YamlMap map;
  map.add_string("verify", tls.verify);
  map.add_string("ca", tls.ca);
  map.add_string("sni", tls.sni);
  map.add_string("cert", tls.cert);
  map.add_string("key", tls.key);
  out.line(indent, "upstream_tls", map.flow());
}

void write_target(YamlLines& out, int indent, const DraftRule& rule) {
  write_string(out, indent, "to", rule.to);
  if (rule.redirect) {
    YamlMap map;
    map.add_string("to", rule.redirect->to);
    map.add("status", std::to_string(rule.redirect->status));
    out.line(indent, "redirect", map.flow());
  }
  if (rule.respond == 0) return;
  YamlMap map;
  map.add("status", std::to_string(rule.respond));
  map.add_string("body", rule.respond_body);
  map.add_string("content_type", rule.respond_type);
  out.line(indent, "respond", map.flow());
}

void write_route(YamlLines& out, int indent, const DraftRoute& route) {
  const DraftRule& rule = route.rule;
  write_comments(out, indent - 2, route.comments);
  const size_t start = out.position();
  static constexpr std::string_view keys[] = {"exact", "path", "regex"};
  write_string(out, indent, keys[static_cast<size_t>(rule.match)], rule.pattern);
  write_target(out, indent, rule);
  write_string(out, indent, "host", rule.host);
  write_edits(out, indent, "request_headers", rule.request_headers);
  write_edits(out, indent, "response_headers", rule.response_headers);
  write_upstream_tls(out, indent, rule.upstream_tls);
  write_string(out, indent, "send_proxy", rule.send_proxy);
  if (!rule.allow.empty()) out.line(indent, "allow", yaml_list(rule.allow));
  if (!rule.deny.empty()) out.line(indent, "deny", yaml_list(rule.deny));
  write_string(out, indent, "max_body", rule.max_body);
  if (rule.encoded_slashes) out.line(indent, "encoded_slashes", "allow");
  write_timeouts(out, indent, rule.timeouts);
  out.mark_item(start);
}

void write_site(YamlLines& out, const DraftSite& site) {
  write_comments(out, 6, site.comments);
  const size_t start = out.position();
  out.line(8, "hosts", yaml_list(site.hosts));
  if (site.https_redirect_off) out.line(8, "https_redirect", "off");
  write_edits(out, 8, "request_headers", site.request_headers);
  write_edits(out, 8, "response_headers", site.response_headers);
  write_string(out, 8, "max_body", site.max_body);
  write_timeouts(out, 8, site.timeouts);
  out.open(8, "routes");
  for (const DraftRoute& route : site.routes) write_route(out, 12, route);
  out.mark_item(start);
}

void write_entry_tls(YamlLines& out, const DraftEntry& entry) {
  YamlMap tls;
  if (entry.modern_tls) tls.add("profile", "modern");
  if (!entry.client_certificates.mode.empty()) {
    YamlMap certificates;
    certificates.add_string("mode", entry.client_certificates.mode);
    certificates.add_string("ca", entry.client_certificates.ca);
    tls.add("client_certificates", certificates.flow());
  }
  if (!tls.empty()) out.line(4, "tls", tls.flow());
}

void write_limits(YamlLines& out, const DraftLimits& limits) {
  if (limits.empty()) return;
  YamlMap map;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) map.add(key, value);
  };
  add("request_line", limits.request_line);
  add("head", limits.head);
  add("fields", limits.fields);
  add("connections", limits.connections);
  add("connections_per_address", limits.connections_per_address);
  add("rate_per_address", limits.rate_per_address);
  out.line(4, "limits", map.flow());
}

void write_targets(YamlLines& out, std::string_view key, const std::vector<std::pair<std::string, std::string>>& map) {
  if (map.empty()) return;
  out.open(4, key);
  for (const auto& [name, target] : map) out.line(6, name, yaml_line_scalar(target));
}

// Of an entry that passes octets on.
void write_relay(YamlLines& out, const DraftEntry& entry) {
  write_string(out, 4, "to", entry.to);
  write_targets(out, "ports", entry.ports);
  write_targets(out, "sni", entry.sni);
  write_targets(out, "alpn", entry.alpn);
  write_string(out, 4, "send_proxy", entry.send_proxy);
  write_string(out, 4, "protocol", entry.protocol);
  write_string(out, 4, "starttls", entry.starttls);
  if (entry.xclient) out.line(4, "xclient", "on");
  if (entry.passwords_in_clear) out.line(4, "passwords_in_clear", "allow");
  write_upstream_tls(out, 4, entry.upstream_tls);
  if (!entry.allow.empty()) out.line(4, "allow", yaml_list(entry.allow));
  if (!entry.deny.empty()) out.line(4, "deny", yaml_list(entry.deny));
}

void write_entry(YamlLines& out, const DraftEntry& entry) {
  write_comments(out, 2, entry.comments);
  const size_t start = out.position();
  write_string(out, 4, "name", entry.name);
  out.line(4, "listen", yaml_list(entry.listen));
  if (!entry.trusted_proxies.empty()) out.line(4, "trusted_proxies", yaml_list(entry.trusted_proxies));
  write_entry_tls(out, entry);
  write_limits(out, entry.limits);
  write_timeouts(out, 4, entry.timeouts);
  if (!entry.accept_proxy_from.empty()) {
    YamlMap accept;
    accept.add("from", yaml_list(entry.accept_proxy_from));
    out.line(4, "accept_proxy", accept.flow());
  }
  write_relay(out, entry);
  if (entry.sites.empty()) return out.mark_item(start);
  out.open(4, "sites");
  for (const DraftSite& site : entry.sites) write_site(out, site);
  out.mark_item(start);
}

// ---- the way out

// As the documentation has them: destinations and ports need no quotes, though some look like numbers.
std::string bare(const std::string& text) {
  const auto is_bare = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '/';
  };
  const bool begins = !text.empty() && text.front() != '-' && text.front() != '/';
  return begins && text.find_first_of("0123456789.") != std::string::npos && std::ranges::all_of(text, is_bare)
             ? text
             : yaml_scalar(text);
}

// A list that does not fit a line has one for each of its items.
void write_list(YamlLines& out, int indent, std::string_view key, const std::vector<std::string>& items) {
  if (items.empty()) return;
  std::string flow;
  for (const std::string& item : items) flow += (flow.empty() ? "[ " : ", ") + bare(item);
  flow += " ]";
  if (static_cast<size_t>(indent) + key.size() + flow.size() <= 110) return out.line(indent, key, flow);
  out.open(indent, key);
  for (const std::string& item : items) out.item(indent + 2, bare(item));
}

void write_rule(YamlLines& out, const DraftOutboundRule& rule) {
  write_comments(out, 6, rule.comments);
  const size_t start = out.position();
  write_list(out, 8, rule.allow ? "allow" : "deny", rule.to);
  write_list(out, 8, "who", rule.who);
  write_list(out, 8, "from", rule.from);
  write_list(out, 8, "ports", rule.ports);
  write_list(out, 8, "methods", rule.methods);
  write_string(out, 8, "schedule", rule.schedule);
  out.mark_item(start);
}

void write_inspect(YamlLines& out, const DraftInspect& inspect) {
  out.open(4, "inspect");
  YamlMap ca;
  ca.add_string("cert", inspect.cert);
  ca.add_string("key", inspect.key);
  out.line(6, "ca", ca.flow());
  write_list(out, 6, "only", inspect.only);
  write_list(out, 6, "except", inspect.except);
  write_upstream_tls(out, 6, inspect.upstream_tls);
}

void write_parent(YamlLines& out, const DraftParent& parent) {
  YamlMap map;
  map.add("url", yaml_scalar(parent.url));
  std::string list;
  for (const std::string& each : parent.no_proxy) list += (list.empty() ? "" : ",") + each;
  map.add_string("no_proxy", list);
  out.line(4, "parent", list.empty() ? yaml_line_scalar(parent.url) : map.flow());
}

void write_scanner(YamlLines& out, const DraftScanner& scanner) {
  YamlMap map;
  map.add_string("requests", scanner.requests);
  map.add_string("responses", scanner.responses);
  map.add_string("unavailable", scanner.unavailable);
  out.line(4, "scanner", map.flow());
}

void write_outbound(YamlLines& out, const DraftOutbound& entry) {
  write_comments(out, 2, entry.comments);
  const size_t start = out.position();
  write_string(out, 4, "name", entry.name);
  out.line(4, "listen", yaml_list(entry.listen));
  write_string(out, 4, "users", entry.users);
  write_list(out, 4, "clients", entry.clients);
  if (entry.inspect) write_inspect(out, *entry.inspect);
  if (entry.parent) write_parent(out, *entry.parent);
  if (entry.scanner) write_scanner(out, *entry.scanner);
  if (entry.via) out.line(4, "via", "on");
  if (entry.forwarded) out.line(4, "forwarded", "on");
  write_string(out, 4, "max_body", entry.max_body);
  DraftLimits limits;
  limits.connections_per_address = entry.connections_per_address;
  write_limits(out, limits);
  if (entry.rules.empty()) return out.mark_item(start);
  out.open(4, "rules");
  for (const DraftOutboundRule& rule : entry.rules) write_rule(out, rule);
  out.mark_item(start);
}

void write_upstream(YamlLines& out, const DraftUpstream& upstream) {
  write_comments(out, 2, upstream.comments);
  out.open(2, upstream.name);
  out.open(4, "servers");
  for (const DraftServer& server : upstream.servers) {
    YamlMap map;
    map.add("url", yaml_scalar(server.url));
    if (server.weight != 1) map.add("weight", std::to_string(server.weight));
    if (server.backup) map.add("backup", "true");
    const bool plain = server.weight == 1 && !server.backup;
    out.item(6, plain ? yaml_line_scalar(server.url) : map.flow());
  }
  write_string(out, 4, "balance", upstream.balance);
  write_string(out, 4, "fail_for", upstream.fail_for);
  if (upstream.fail_after) out.line(4, "fail_after", std::to_string(*upstream.fail_after));
  if (upstream.retries) out.line(4, "retries", std::to_string(*upstream.retries));
  write_upstream_tls(out, 4, upstream.upstream_tls);
  write_string(out, 4, "send_proxy", upstream.send_proxy);
  write_timeouts(out, 4, upstream.timeouts);
}

}  // namespace

std::string write_yaml(const Draft& draft) {
  YamlLines out;
  write_comments(out, 0, draft.header);
  if (!draft.certificates.empty()) {
    out.blank();
    out.open(0, "certificates");
    for (const DraftCertificate& each : draft.certificates) {
      YamlMap map;
      map.add("cert", yaml_scalar(each.cert));
      map.add("key", yaml_scalar(each.key));
      out.item(2, map.flow());
    }
  }
  if (!draft.entries.empty()) {
    out.blank();
    out.open(0, "inbound");
    for (const DraftEntry& entry : draft.entries) write_entry(out, entry);
  }
  if (!draft.outbound.empty()) {
    out.blank();
    out.open(0, "outbound");
    for (const DraftOutbound& entry : draft.outbound) write_outbound(out, entry);
  }
  if (!draft.upstreams.empty()) {
    out.blank();
    out.open(0, "upstreams");
    for (const DraftUpstream& upstream : draft.upstreams) write_upstream(out, upstream);
  }
  if (!draft.timeouts.empty()) {
    out.blank();
    write_timeouts(out, 0, draft.timeouts);
  }
  return out.take();
}

}  // namespace sp::import
