#include "app/explain_outbound.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/load_snapshot.h"
#include "app/outbound_explanation.h"
#include "app/print_steps.h"
#include "app/user_standing.h"

namespace sp::app {
namespace {

// What makes no question; empty where nothing is wrong.
std::string fault_of(const ExplainArguments& arguments) {
  if (!arguments.fields.empty() || !arguments.proxy.empty() || arguments.sni || !arguments.alpn.empty())
    return "--header, --proxy, --sni and --alpn are not for the way out";
  if (arguments.from && !IpAddress::parse(*arguments.from))
    return fmt::format("--from takes an IP address, not '{}'", *arguments.from);
  for (const std::string& address : arguments.addresses) {
    if (!IpAddress::parse(address)) return fmt::format("--address takes an IP address, not '{}'", address);
  }
  return {};
}

OutboundQuestion question_of(const ExplainArguments& arguments, const CommandWorld& world) {
  OutboundQuestion question;
  question.target = arguments.request.back();
  if (arguments.request.size() == 2) question.method = arguments.request.front();
  question.from = arguments.from;
  question.user = arguments.user.value_or("");
  question.entry = arguments.entry.value_or("");
  question.now = std::chrono::floor<std::chrono::seconds>(world.now);
  question.resolve = world.resolve;
  if (!arguments.addresses.empty()) {
    question.resolve = [&](std::string_view, config::Duration) -> Result<std::vector<IpAddress>> {
      std::vector<IpAddress> addresses;
      addresses.reserve(arguments.addresses.size());
      for (const std::string& each : arguments.addresses) addresses.push_back(*IpAddress::parse(each));
      return addresses;
    };
  }
  return question;
}

nlohmann::ordered_json json_of(const DryOutbound::Judged& judged, const DryOutbound& run) {
  return {{"address", judged.address.text()},
          {"allowed", judged.decision.allowed()},
          {"why", run.rules().reason(judged.decision, run.use().request, run.use().now)}};
}

void print_json(const DryOutbound& run, const CommandWorld& world) {
  nlohmann::ordered_json json;
  json["outcome"] = outcome(run);
  json["status"] = status(run);
  if (run.refused()) json["code"] = name(run.code());
  if (!run.detail().empty()) json["detail"] = run.detail();
  json["entry"] = {{"name", run.entry().name}, {"place", policy::file_and_line(run.settings().place)}};
  if (run.has_destination()) {
    json["destination"] = run.destination();
    if (const policy::OutboundRule* rule = run.rule()) {
      json["rule"] = {{"number", *run.use().decision.rule + 1}, {"destination", run.pattern()}, {"place", rule->place}};
    }
  }
  for (const DryOutbound::Judged& judged : run.judged()) json["addresses"].push_back(json_of(judged, run));
  add_steps(explain(run), json);
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

// Who pastes a URL with a password may paste the answer elsewhere.
std::string without_credentials(std::string_view target) {
  const std::size_t scheme = target.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?#", begin), target.size());
  const std::size_t at = target.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(target);
  return fmt::format("{}***{}", target.substr(0, begin), target.substr(at));
}

void print_text(const DryOutbound& run, const OutboundQuestion& question, const CommandWorld& world) {
  world.out << fmt::format("{}{}{} from {}{}\n\n", question.method, question.method.empty() ? "" : " ",
                           without_credentials(question.target), run.from().text(),
                           run.user().empty() ? "" : " by " + run.user());
  print_steps(explain(run), world);
}

}  // namespace

Exit explain_outbound(const ExplainArguments& arguments, const CommandWorld& world) {
  const auto path = find_configuration(arguments.file, world);
  if (!path) return Exit::usage;
  if (const std::string fault = fault_of(arguments); !fault.empty()) {
    world.err << fault << ".\n";
    return Exit::usage;
  }
  LoadedSnapshot loaded = load_snapshot(*path, NamedFiles::if_readable, world);
  world.err << config::print(loaded.findings, loaded.sources, world.err_color);
  if (loaded.snapshot == nullptr) return Exit::configuration;
  OutboundQuestion question = question_of(arguments, world);
  const auto entry = way_out_named(*loaded.snapshot, question.entry);
  if (entry) question.standing = standing_of(question.user, settings_of(*loaded.snapshot, **entry).users, world.files);
  const auto run = DryOutbound::decide(*loaded.snapshot, question);
  if (!run) {
    world.err << run.error() << ".\n";
    return Exit::failed;
  }
  if (arguments.format == Format::json) {
    print_json(**run, world);
  } else {
    print_text(**run, question, world);
  }
  return Exit::ok;
}

}  // namespace sp::app
