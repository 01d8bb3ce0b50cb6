// Draft to text: the order of keys is that of the documentation.
#include <fmt/format.h>

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
  map.add_string("connect", timeouts.connect);
  map.add_string("response_head", timeouts.response_head);
  map.add_string("body_idle", timeouts.body_idle);
  map.add_string("keep_alive", timeouts.keep_alive);
  map.add_string("tunnel_idle", timeouts.tunnel_idle);
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
  if (rule.respond != 0) out.line(indent, "respond", fmt::format("{{ status: {} }}", rule.respond));
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

void write_entry(YamlLines& out, const DraftEntry& entry) {
  write_comments(out, 2, entry.comments);
  const size_t start = out.position();
  write_string(out, 4, "name", entry.name);
  out.line(4, "listen", yaml_list(entry.listen));
  if (!entry.trusted_proxies.empty()) out.line(4, "trusted_proxies", yaml_list(entry.trusted_proxies));
  write_entry_tls(out, entry);
  if (!entry.limits.empty()) {
    YamlMap limits;
    if (!entry.limits.request_line.empty()) limits.add("request_line", entry.limits.request_line);
    if (!entry.limits.head.empty()) limits.add("head", entry.limits.head);
    if (!entry.limits.fields.empty()) limits.add("fields", entry.limits.fields);
    out.line(4, "limits", limits.flow());
  }
  out.open(4, "sites");
  for (const DraftSite& site : entry.sites) write_site(out, site);
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
  if (upstream.retries) out.line(4, "retries", std::to_string(*upstream.retries));
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
