#include "policy/outbound.h"

#include <algorithm>
#include <utility>

#include "config/network.h"

namespace sp::policy {

using config::Finding;
using config::Text;

Policy::Policy() = default;
Policy::~Policy() = default;

namespace {

std::vector<std::string> values_of(const std::vector<Text>& texts) {
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const Text& text : texts) values.push_back(text.value);
  return values;
}

OutboundRule rule_of(const config::OutboundRuleConfig& config) {
  OutboundRule rule;
  rule.effect = config.deny.empty() ? OutboundRule::Effect::allow : OutboundRule::Effect::deny;
  rule.destinations = values_of(config.deny.empty() ? config.allow : config.deny);
  rule.who = config.who;
  rule.from = values_of(config.from);
  rule.ports = values_of(config.ports);
  rule.methods = config.methods;
  rule.paths = values_of(config.paths);
  rule.until = config.until.value;
  rule.schedule = config.schedule.value;
  rule.reason = config.reason.value;
  rule.place = file_and_line(config.place);
  return rule;
}

// Where the text stands that a problem is about.
config::Place place_of(const config::OutboundRuleConfig& rule, const RuleProblem& problem) {
  using Key = RuleProblem::Key;
  const auto item = [&](const std::vector<Text>& list) {
    return problem.item < list.size() ? list[problem.item].place : rule.place;
  };
  switch (problem.key) {
    case Key::destinations: return item(rule.deny.empty() ? rule.allow : rule.deny);
    case Key::from: return item(rule.from);
    case Key::ports: return item(rule.ports);
    case Key::paths: return item(rule.paths);
    case Key::until: return rule.until.place;
    case Key::schedule: return rule.schedule.place;
    case Key::who:
    case Key::methods: break;
  }
  return rule.place;
}

// Networks of a list, and how they are written; of those that cannot be read the reader has spoken.
std::vector<config::Network> networks_of(const std::vector<Text>& texts, std::vector<AddressRule>* written) {
  std::vector<config::Network> networks;
  for (const Text& text : texts) {
    const auto network = config::parse_network(text.value);
    if (!network) continue;
    networks.push_back(*network);
    if (written != nullptr) written->push_back({text.value, file_and_line(text.place)});
  }
  return networks;
}

bool limits(const config::ShareConfig& share) {
  return share.rate.count != 0 || share.tunnels != 0 || share.bytes.count != 0;
}

// Without `clients`: everybody who is a user; where nobody is asked who he is, this machine.
AccessList clients_of(const config::OutboundConfig& entry) {
  using config::ClientCertificates;
  AccessList access;
  std::vector<Text> clients = entry.clients;
  const bool all_are_known =
      std::ranges::all_of(entry.listen, [](const Text& listen) { return listen.value.starts_with("https://"); }) &&
      entry.tls.client_certificates.mode == ClientCertificates::required;
  if (clients.empty() && entry.users.empty() && !all_are_known)
    clients = {{"127.0.0.0/8", entry.place}, {"::1", entry.place}};
  access.allow = AddressSet(networks_of(clients, &access.allow_rules));
  return access;
}

// Where certificates are required and there are `users` as well, everybody says both.
bool names_clients(const config::OutboundConfig& entry) {
  using config::ClientCertificates;
  const ClientCertificates mode = entry.tls.client_certificates.mode;
  return mode == ClientCertificates::optional || (mode == ClientCertificates::required && entry.users.empty());
}

}  // namespace

std::unique_ptr<Outbound> compile_outbound(const config::OutboundConfig& entry, const config::TimeoutsConfig& timeouts,
                                           std::vector<Finding>& findings) {
  auto common = std::make_unique<Inbound>();
  common->name = entry.name;
  common->timeouts = merged(timeouts, entry.timeouts);
  if (entry.max_body) common->max_body = entry.max_body->count;
  auto made = std::make_unique<Outbound>();
  made->common = std::move(common);
  made->clients = clients_of(entry);
  made->scanner = compile_scanner(entry.scanner);
  made->per_user = entry.per_user;
  made->per_destination = entry.per_destination;
  made->shared_out = limits(entry.per_user) || limits(entry.per_destination);
  made->by_certificate = names_clients(entry);
  made->via = entry.via == config::OnOff::on;
  made->forwarded = entry.forwarded == config::OnOff::on;
  made->observe = entry.mode == config::OutboundMode::observe;
  if (entry.record) made->record = entry.record->path.value;
  if (entry.inspect) made->inspect = compile_inspect(*entry.inspect, findings);
  std::vector<OutboundRule> rules;
  rules.reserve(entry.rules.size());
  for (const config::OutboundRuleConfig& rule : entry.rules) rules.push_back(rule_of(rule));
  auto compiled = OutboundRules::compile(std::move(rules), networks_of(entry.private_networks, nullptr));
  if (compiled) {
    made->rules = *std::move(compiled);
    if (made->observe) made->rules.only_watch();
    return made;
  }
  for (RuleProblem& problem : compiled.error()) {
    findings.push_back({.place = place_of(entry.rules[problem.rule], problem),
                        .message = std::move(problem.problem.message),
                        .remedy = std::move(problem.problem.remedy)});
  }
  return made;
}

}  // namespace sp::policy
