#include "app/explanation_forward.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/proxy_steps.h"
#include "base/units.h"
#include "config/address.h"
#include "policy/upstream_url.h"

namespace sp::app {
namespace {

using policy::Route;
using policy::Upstream;

constexpr std::size_t shown_text = 100;

void add_servers(const DryRun& run, std::vector<Step>& steps) {
  const Upstream& upstream = *run.upstream();
  const Route& route = *run.admission().match.route;
  steps.push_back({"asked for", run.asked().front().url + "; " + policy::mapping_reason(route), route.place_text});
  if (upstream.servers.size() == 1) return add_health(upstream, steps);
  steps.push_back({"upstream",
                   fmt::format("{}: {}, chosen {}; one that fails {} is passed over for {}, and a request that may be "
                               "sent again meets up to {}",
                               upstream.name, counted(upstream.servers.size(), "server"),
                               balance_text(upstream.balance), counted(upstream.fail_after, "time"),
                               format_duration(upstream.fail_for), counted(upstream.retries, "other")),
                   ""});
  for (const DryRun::Asked& asked : run.asked()) {
    const policy::Server& server = *asked.server;
    std::string text = asked.url;
    if (server.weight != 1) text += fmt::format(", weight {}", server.weight);
    if (server.backup) text += ", only while no other can be used";
    if (asked.host != run.asked().front().host) text += ", as " + asked.host;
    steps.push_back({"server", std::move(text), ""});
  }
  add_health(upstream, steps);
}

std::string checked_text(const policy::Upstream& upstream) {
  const policy::HealthCheck& check = *upstream.health;
  if (!check.path.empty()) return "asked for " + check.path;
  const bool mail = config::is_mail(upstream.servers.front().url.scheme);
  return mail ? "to greet" : "to be connected";
}

std::string verify_text(const config::UpstreamTlsConfig& tls, const policy::Server& server) {
  switch (tls.verify) {
    case config::Verify::full:
      return fmt::format("the certificate must be valid, trusted and for {} (verify: full)", server.url.host);
    case config::Verify::chain: return "the certificate must be valid and trusted, for any name (verify: chain)";
    case config::Verify::none: return "the certificate is not verified at all (verify: none)";
  }
  return {};
}

void add_tls(const DryRun& run, std::vector<Step>& steps) {
  auto secure =
      std::ranges::find_if(run.asked(), [](const DryRun::Asked& asked) { return asked.server->url.scheme == "https"; });
  if (secure == run.asked().end()) {
    steps.push_back({"TLS", "none: the server is spoken to in plain text", ""});
    return;
  }
  const config::UpstreamTlsConfig& tls = run.upstream()->tls;
  auto host = http::split_authority(secure->host);
  const std::string sni = !tls.sni.empty() ? tls.sni : std::string(host ? host->host : std::string_view());
  steps.push_back({"TLS", server_tls_text(tls, *secure->server, sni, tls.sni.empty() ? ", the Host that is sent" : ""),
                   tls.place.line > 0 ? policy::file_and_line(tls.place) : ""});
}

// Of HTTP/2, which most clients agree on where it is offered.
std::string_view agreed_protocol(const DryRun& run) {
  if (!run.listen().tls) return {};
  return run.entry().config->tls.http2 == config::OnOff::on ? "h2" : "http/1.1";
}

void add_proxy_header(const DryRun& run, std::vector<Step>& steps) {
  const bool tls = run.listen().tls;
  auto host = http::split_authority(run.admission().client.authority);
  const std::string name(tls && host && !IpAddress::parse(host->host) ? host->host : std::string_view());
  const ClientFacts client{.address = run.hop().peer,
                           .local = std::nullopt,
                           .server_name = name,
                           .alpn = agreed_protocol(run),
                           .tls_ends_here = tls};
  add_sent(example_header(client, run.entry(), run.listen(), *run.upstream()), run.upstream()->send_proxy, steps);
}

void add_bounds(const DryRun& run, std::vector<Step>& steps) {
  const config::TimeoutsConfig& t = run.admission().match.route->timeouts;
  steps.push_back(
      {"time-outs",
       fmt::format("connect {}, response_head {}, body_idle {}, min_rate {}, tunnel_idle {}",
                   format_duration(t.connect), format_duration(t.response_head), format_duration(t.body_idle),
                   format_byte_rate(t.min_rate.bytes_per_second), format_duration(t.tunnel_idle)),
       ""});
  auto limit = run.admission().match.route->max_body;
  if (!limit) limit = run.entry().policy->max_body;
  bool unlimited = !limit || *limit == config::unlimited.count;
  steps.push_back({"body", unlimited ? std::string("of any length") : "at most " + format_size(Bytes{*limit}), ""});
}

std::string edit_text(const policy::FieldEdit& edit) {
  switch (edit.op) {
    case policy::FieldEdit::Op::remove: return "remove " + edit.name;
    case policy::FieldEdit::Op::set: return "set " + edit.name;
    case policy::FieldEdit::Op::add: return "add " + edit.name;
  }
  return {};
}

// Shown by what the data path makes of a Location that names the page itself, and of one without a host.
void add_response(DryRun& run, std::vector<Step>& steps) {
  const DryRun::Asked& asked = run.asked().front();
  std::string seen = run.location_seen(asked.url, *asked.server);
  std::string text = "Location, Content-Location, Refresh and the Domain and Path of cookies are mapped back";
  if (seen != asked.url) text += fmt::format(": {} becomes {}", asked.url, seen);
  steps.push_back({"response", std::move(text), ""});
  std::string edits;
  for (const policy::FieldEdit& edit : run.admission().match.route->response_edits)
    edits.append(edits.empty() ? "" : ", ").append(edit_text(edit));
  if (!edits.empty()) steps.push_back({"", "response_headers: " + edits, ""});
}

bool takes_http2(const DryRun& run) {
  return run.listen().h2c || (run.listen().tls && run.entry().config->tls.http2 == config::OnOff::on);
}

std::string field_text(const DryRun& run, const std::string& name, const std::string& value) {
  std::string text = fmt::format("{}: {}", name, value);
  if (value == fmt::format("1.1 {}", run.own_via()) && takes_http2(run))
    text += " (2 instead of 1.1 from a client that speaks HTTP/2)";
  return text;
}

}  // namespace

std::string balance_text(config::Balance balance) {
  switch (balance) {
    case config::Balance::round_robin: return "in turn (round_robin)";
    case config::Balance::least_requests: return "the one with the fewest requests for its weight (least_requests)";
    case config::Balance::random: return "by chance (random)";
  }
  return {};
}

void add_health(const policy::Upstream& upstream, std::vector<Step>& steps) {
  if (!upstream.health) return;
  const policy::HealthCheck& check = *upstream.health;
  const bool alone = upstream.servers.size() == 1;
  steps.push_back({"health",
                   fmt::format("checked every {} ({}): after {} it is down{}, and after {} up again",
                               format_duration(check.every), checked_text(upstream), counted(check.fall, "failure"),
                               alone ? ", which only the log says since there is no other server" : " and passed over",
                               counted(check.rise, "success", "successes")),
                   check.place_text});
}

std::string server_tls_text(const config::UpstreamTlsConfig& tls, const policy::Server& server, std::string_view sni,
                            std::string_view whose) {
  std::string text = verify_text(tls, server);
  if (tls.verify != config::Verify::none)
    text += "; authorities: " + (tls.ca.empty() ? std::string("the system's") : tls.ca.value);
  text += fmt::format("; asked for as {}{}", sni, whose);
  if (IpAddress::parse(sni)) text += ", which is an address: no name is sent";
  if (!tls.cert.empty()) text += "; with the certificate " + tls.cert.value;
  if (!tls.pin.empty()) text += fmt::format("; its key must be one of {} that are pinned", tls.pin.size());
  return text;
}

std::string shortened(std::string_view text) {
  std::string line(text.substr(0, shown_text));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (text.size() > shown_text) line += "...";
  return line;
}

void add_forwarding(DryRun& run, std::vector<Step>& steps) {
  add_servers(run, steps);
  add_proxy_header(run, steps);
  add_tls(run, steps);
  std::string topic = "fields";
  for (const auto& [name, value] : fields_for_server(run))
    steps.push_back({std::exchange(topic, ""), field_text(run, name, value), ""});
  add_bounds(run, steps);
  add_response(run, steps);
}

}  // namespace sp::app
