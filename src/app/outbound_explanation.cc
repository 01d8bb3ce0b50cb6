#include "app/outbound_explanation.h"

#include <fmt/format.h>

#include "app/explanation_forward.h"
#include "base/units.h"

namespace sp::app {
namespace {

// A person reads it in a page where the tunnel is opened anyhow.
bool is_told_inside(const DryOutbound& run) {
  const bool about_destination =
      run.code() == Code::destination_refused || run.code() == Code::destination_address_refused;
  return about_destination && run.opening() == DryOutbound::Opening::opened && run.use().request.port == 443;
}

Step listener_step(const DryOutbound& run) {
  std::vector<std::string> listens;
  for (const proxy::Listen& listen : run.entry().listens) listens.push_back(listen.text);
  return {"entry", fmt::format("{} ({})", run.entry().name, fmt::join(listens, ", ")),
          policy::file_and_line(run.settings().place)};
}

std::string who_may_say(const DryOutbound& run) {
  const bool told = !run.settings().clients.empty();
  return told ? "" : "; without `clients` and `users`, only this machine may use it";
}

Step client_step(const DryOutbound& run) {
  if (run.by_gate()) return {"client", run.from().text() + ", the gate itself; `clients` is not asked", ""};
  const bool by_user = run.settings().clients.empty() && !run.settings().users.empty();
  if (by_user) return {"client", fmt::format("{}; every user of the entry may connect", run.from().text()), ""};
  return {"client", run.access().reason(run.from()) + who_may_say(run), ""};
}

Step user_step(const DryOutbound& run) {
  const config::Text& file = run.settings().users;
  if (run.by_gate()) return {"user", run.user() + ", the gate itself, which fetches images; `users` is not asked", ""};
  if (run.entry().outbound->by_certificate && (file.empty() || run.standing() == UserStanding::unknown)) {
    const std::string who = run.user().empty() ? "nobody is named: --user NAME says whom the certificate names"
                                               : run.user() + ", whom the client's certificate is taken to name";
    return {"user", who, policy::file_and_line(run.settings().tls.client_certificates.place)};
  }
  if (file.empty()) return {"user", "nobody is asked who he is: the entry has no `users`", ""};
  const std::string place = policy::file_and_line(file.place);
  if (run.user().empty()) return {"user", "nobody is named: --user NAME says who asks", place};
  switch (run.standing()) {
    case UserStanding::known:
      return {"user", fmt::format("{}, who is in {}; the password is taken to be right", run.user(), file.value),
              place};
    case UserStanding::unknown: return {"user", fmt::format("{} is not in {}", run.user(), file.value), place};
    case UserStanding::not_looked_up: break;
  }
  return {"user",
          fmt::format("{}; {} cannot be read here, so that it is taken to have such a user", run.user(), file.value),
          place};
}

Step wish_step(const DryOutbound& run) {
  if (run.tunnel()) return {"wants", fmt::format("a tunnel to {}", run.destination()), ""};
  const auto& request = run.use().request;
  return {"wants", fmt::format("{} {} of {}", request.method, request.path, run.destination()), ""};
}

// Each rule up to the one that decides.
void add_trail(const DryOutbound& run, const policy::OutboundRequest& request, std::vector<Step>& steps) {
  for (const auto& [number, miss] : run.rules().trail(request, std::nullopt, run.use().now)) {
    const policy::OutboundRule& rule = run.rules().rule(number);
    const bool allows = rule.effect == policy::OutboundRule::Effect::allow;
    const std::string list =
        shortened(fmt::format("{} {}", allows ? "allow" : "deny", fmt::join(rule.destinations, ", ")));
    steps.push_back({fmt::format("rule {}", number + 1),
                     miss ? fmt::format("{}: passed over, {}", list, policy::text(*miss)) : list + ": it matches",
                     rule.place});
  }
}

void add_rules(const DryOutbound& run, std::vector<Step>& steps) {
  add_trail(run, run.use().request, steps);
  if (run.rules().size() == 0) steps.push_back({"rules", "the entry has none: nothing may be reached", ""});
}

// Once the name is let through.
void add_addresses(const DryOutbound& run, std::vector<Step>& steps) {
  if (run.use().request.host.address) return;
  if (run.undecided()) {
    steps.push_back({"name", "its addresses decide, and nobody has looked it up", ""});
    return;
  }
  if (!run.looked_up()) return;
  if (run.judged().empty()) {
    steps.push_back({"name", fmt::format("{} leads to no address", run.use().host), ""});
    return;
  }
  steps.push_back(
      {"name",
       fmt::format("{} leads to {}; {}", run.use().host, counted(run.judged().size(), "address", "addresses"),
                   run.way().proxy == nullptr ? "those that are allowed are tried in this order"
                                              : "one that is refused is enough, since the parent chooses"),
       ""});
  for (const DryOutbound::Judged& judged : run.judged()) {
    const std::string reason = run.rules().reason(judged.decision, run.use().request, run.use().now);
    // "gitlab.com leads to 192.0.2.1: " has been said.
    const auto said = reason.find(": ");
    steps.push_back(
        {"address",
         fmt::format("{} is {}: {}", judged.address.text(), judged.decision.allowed() ? "allowed" : "refused",
                     said == std::string::npos ? reason : reason.substr(said + 2)),
         ""});
  }
}

// ---- what else there is on the way

std::string share_text(const config::ShareConfig& share) {
  std::vector<std::string> parts;
  if (share.rate.count != 0) parts.push_back(format_count_rate(share.rate));
  if (share.tunnels != 0) parts.push_back(counted(share.tunnels, "tunnel") + " at a time");
  if (share.bytes.count != 0) parts.push_back(format_size(share.bytes) + " in a day");
  return fmt::format("{}", fmt::join(parts, ", "));
}

void add_limits(const DryOutbound& run, std::vector<Step>& steps) {
  std::string text = share_text(run.settings().per_user);
  if (!text.empty()) text = (run.settings().users.empty() ? "each client: " : "each user: ") + text;
  if (const std::string of_destination = share_text(run.settings().per_destination); !of_destination.empty())
    text += fmt::format("{}each destination: {}", text.empty() ? "" : "; ", of_destination);
  if (!text.empty()) steps.push_back({"limits", text + "; what has been used is not known here", ""});
}

void add_opening(const DryOutbound& run, std::vector<Step>& steps) {
  using Opening = DryOutbound::Opening;
  if (run.opening() == Opening::none) return;
  const config::InspectConfig& inspect = *run.settings().inspect;
  const std::string place = policy::file_and_line(inspect.place);
  std::string text;
  switch (run.opening()) {
    case Opening::none:
    case Opening::closed:
      text = inspect.only.empty()
                 ? "the tunnel stays closed: `except` has it, or the authority may not sign for it"
                 : "the tunnel stays closed: `only` does not have it, or the authority may not sign for it";
      break;
    case Opening::by_name: text = "the name that TLS asks for in the tunnel decides whether it is opened"; break;
    case Opening::opened:
      text = "TLS in the tunnel is opened, once the server is verified; each request in it is judged again";
      break;
  }
  steps.push_back({"inspect", std::move(text), place});
}

// Once it is opened.
void add_inside(const DryOutbound& run, std::vector<Step>& steps) {
  const policy::OutboundRequest* inside = run.inside();
  if (inside == nullptr) return;
  steps.push_back({"inside", fmt::format("{} {} of {}", inside->method, inside->path, run.destination()), ""});
  add_trail(run, *inside, steps);
}

void add_scanner(const DryOutbound& run, std::vector<Step>& steps) {
  const auto& scanner = run.settings().scanner;
  if (!scanner) return;
  const bool seen = !run.tunnel() || run.opening() == DryOutbound::Opening::opened;
  std::vector<std::string> parts;
  if (!scanner->requests.empty()) parts.push_back("requests to " + scanner->requests.value);
  if (!scanner->responses.empty()) parts.push_back("responses to " + scanner->responses.value);
  steps.push_back(
      {"scanner",
       seen ? fmt::format("is shown {}", fmt::join(parts, ", ")) : "is shown nothing of a tunnel that is closed",
       policy::file_and_line(scanner->place)});
}

void add_mode(const DryOutbound& run, std::vector<Step>& steps) {
  if (!run.entry().outbound->observe) return;
  steps.push_back({"mode",
                   run.would_refuse()
                       ? "observe: the rules refuse it, and it passes; private and special addresses do not"
                       : "observe: what the rules refuse passes; they allow this",
                   ""});
}

void add_refusal(const DryOutbound& run, std::vector<Step>& steps) {
  const CodeInfo& row = info(run.code());
  std::string text = fmt::format("{} {}: {}", row.status, row.name, row.what);
  // The step of the client has said it already.
  if (!run.detail().empty() && run.code() != Code::denied) text += fmt::format(" ({})", run.detail());
  if (is_told_inside(run)) text += "; told inside of the tunnel, which is opened for that (200 to CONNECT)";
  steps.push_back({"refused", std::move(text), ""});
  if (!run.remedy().empty()) steps.push_back({"remedy", run.remedy(), ""});
}

void add_way(const DryOutbound& run, std::vector<Step>& steps) {
  const config::TimeoutsConfig& t = run.entry().policy->timeouts;
  const policy::Parent* parent = run.entry().outbound->parent.get();
  steps.push_back({"way",
                   fmt::format("{}; within {} (connect)", parent == nullptr ? "directly" : parent->reason(run.way()),
                               format_duration(t.connect)),
                   parent == nullptr ? "" : policy::file_and_line(run.settings().parent->place)});
  if (run.tunnel()) {
    const bool seen = run.opening() == DryOutbound::Opening::opened;
    steps.push_back({"tunnel",
                     fmt::format("200 to CONNECT; {}; it ends after {} in which nothing passes (tunnel_idle)",
                                 seen ? "then requests, one by one" : "then octets pass both ways, unseen",
                                 format_duration(t.tunnel_idle)),
                     ""});
    return;
  }
  std::vector<std::string> told;
  if (run.entry().outbound->via) told.emplace_back("of this gate by `Via`");
  if (run.entry().outbound->forwarded && !run.by_gate()) told.emplace_back("of the client by `X-Forwarded-For`");
  steps.push_back(
      {"request",
       fmt::format("the server answers; it is told {}",
                   told.empty() ? "nothing of the client or the gate" : fmt::format("{}", fmt::join(told, " and "))),
       ""});
}

}  // namespace

std::string_view outcome(const DryOutbound& run) {
  if (run.refused()) return "refuse";
  return run.tunnel() ? "tunnel" : "request";
}

std::uint16_t status(const DryOutbound& run) {
  if (run.refused()) return info(run.code()).status;
  return run.tunnel() ? 200 : 0;
}

std::vector<Step> explain(const DryOutbound& run) {
  std::vector<Step> steps{listener_step(run), client_step(run)};
  if (run.code() == Code::denied) {
    add_refusal(run, steps);
    return steps;
  }
  steps.push_back(user_step(run));
  if (run.has_destination()) {
    steps.push_back(wish_step(run));
    add_opening(run, steps);
    add_rules(run, steps);
    add_addresses(run, steps);
    add_inside(run, steps);
    add_mode(run, steps);
  }
  if (run.refused()) {
    add_refusal(run, steps);
    return steps;
  }
  add_limits(run, steps);
  add_scanner(run, steps);
  add_way(run, steps);
  return steps;
}

}  // namespace sp::app
