#include "import/apache/upstreams.h"

#include <algorithm>
#include <cctype>

#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

// A balancer belongs to its virtual host: another one may have the same name.
std::string place_of(const Balancer& balancer) {
  return balancer.origin.file + ":" + std::to_string(balancer.origin.line);
}

std::string upstream_name(std::string_view url_name) {
  std::string name;
  for (const char c : lower(url_name))
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ? c : '-';
  return name.empty() ? "servers" : name;
}

void apply_balancing(const Balancer& balancer, DraftUpstream& upstream, Report& report) {
  upstream.balance = "round_robin";  // byrequests is Apache's default
  for (const auto& [key, value] : balancer.parameters) {
    if (key == "lbmethod") {
      if (value == "bybusyness") upstream.balance = "";
      if (value == "bytraffic" || value == "heartbeat") {
        upstream.balance = "";
        report.changed(balancer.origin, "lbmethod=" + value + " is not available: least_requests instead");
      }
    } else if (key == "stickysession") {
      report.lost(balancer.origin, "sticky sessions are not available yet: let the servers share their sessions");
    } else if (key == "maxattempts") {
      if (const auto number = parse_number(value))
        upstream.retries = static_cast<int>(std::min<std::uint64_t>(*number, 100));
    } else if (key == "failonstatus" || key == "nofailover" || key == "failontimeout") {
      report.lost(balancer.origin, key + " is not available: a server is passed over after connections to it failed");
    } else {
      report.not_needed(balancer.origin, unused_parameters + key);
    }
  }
}

// A member's own parameters. Its route is for sticky sessions, which are reported with the balancer.
void apply_member(const Balancer::Member& member, DraftServer& server, DraftUpstream& upstream, Report& report) {
  for (const auto& [key, value] : member.parameters) {
    const auto number = parse_number(value);
    if (key == "loadfactor") {
      const auto factor = value.find('.') == std::string::npos ? number.value_or(1) : 1;
      if (value.find('.') != std::string::npos)
        report.lost(member.origin, "weights are whole numbers here: multiply all loadfactors");
      server.weight = static_cast<int>(std::clamp<std::uint64_t>(factor, 1, 1000));
    } else if (key == "status") {
      if (value.contains('H') || value.contains('h')) server.backup = true;
      if (value.contains('D') || value.contains('d'))
        report.changed(member.origin, "this member is disabled in Apache; it is left out");
    } else if (key == "lbset") {
      if (number.value_or(0) > 0) server.backup = true;
    } else if (key == "retry") {
      if (const auto seconds = parse_seconds(value)) upstream.fail_for = duration_text(*seconds);
    } else if (key.starts_with("hc")) {
      report.lost(member.origin,
                  "checks of servers are not taken over: write `health` into the upstream (`health: { every: 5s }`)");
    } else {
      report.not_needed(member.origin, unused_parameters + key);
    }
  }
}

}  // namespace

std::string Upstreams::name_for(const Balancer& balancer, std::string_view url_name) const {
  const auto there = by_place_.find(place_of(balancer));
  if (there != by_place_.end()) return there->second.name;
  const std::string wanted = upstream_name(url_name);
  const auto taken = [&](const std::string& name) {
    return std::ranges::any_of(by_place_, [&](const auto& each) { return each.second.name == name; });
  };
  std::string name = wanted;
  for (int i = 2; taken(name); ++i) name = wanted + "-" + std::to_string(i);
  return name;
}

void Upstreams::add(const Balancer& balancer, DraftUpstream upstream) {
  by_place_.emplace(place_of(balancer), std::move(upstream));
}

std::vector<DraftUpstream> Upstreams::all() const {
  std::vector<DraftUpstream> result;
  result.reserve(by_place_.size());
  for (const auto& [place, upstream] : by_place_) result.push_back(upstream);
  std::ranges::sort(result, {}, &DraftUpstream::name);
  return result;
}

std::optional<DraftUpstream> make_upstream(const Balancer& balancer, const std::string& name, Report& report) {
  DraftUpstream upstream{.name = name};
  apply_balancing(balancer, upstream, report);
  for (const Balancer::Member& member : balancer.members) {
    const auto url = parse_url(member.url);
    const bool disabled = std::ranges::any_of(
        member.parameters, [](const auto& each) { return each.first == "status" && lower(each.second).contains('d'); });
    DraftServer server;
    apply_member(member, server, upstream, report);
    if (disabled) continue;
    if (!url || !(url->scheme == "http" || url->scheme == "https" || url->scheme == "ws" || url->scheme == "wss")) {
      report.lost(member.origin, "only http and https are spoken");
      continue;
    }
    const std::string scheme = url->scheme == "https" || url->scheme == "wss" ? "https" : "http";
    server.url = url->unix_path.empty() ? scheme + "://" + url->authority : scheme + "+unix://" + url->unix_path;
    upstream.servers.push_back(std::move(server));
  }
  if (upstream.servers.empty()) return std::nullopt;
  if (std::ranges::all_of(upstream.servers, &DraftServer::backup)) {
    for (DraftServer& server : upstream.servers) server.backup = false;
  }
  return upstream;
}

}  // namespace sp::import::apache
