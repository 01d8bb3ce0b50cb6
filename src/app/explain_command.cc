#include "app/explain_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "app/explanation.h"
#include "app/load_snapshot.h"

namespace sp::app {
namespace {

std::optional<DryRequest> request_from(const ExplainArguments& arguments, const CommandWorld& world) {
  DryRequest request;
  request.from = arguments.from;
  request.url = arguments.request.back();
  if (arguments.request.size() == 2) request.method = arguments.request.front();
  if (!request.url.starts_with("https://") && !request.url.starts_with("http://")) {
    world.err << "'" << request.url << "' is not a URL that begins with https:// or http://.\n";
    return std::nullopt;
  }
  if (!IpAddress::parse(request.from)) {
    world.err << "--from takes an IP address, not '" << request.from << "'.\n";
    return std::nullopt;
  }
  for (const std::string& line : arguments.fields) {
    auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      world.err << "--header takes 'Name: value', not '" << line << "'.\n";
      return std::nullopt;
    }
    request.fields.emplace_back(line.substr(0, colon), http::trim(std::string_view(line).substr(colon + 1)));
  }
  return request;
}

void print_steps(const std::vector<Step>& steps, const CommandWorld& world) {
  bool ansi = world.out_color == config::Color::ansi;
  for (const Step& step : steps) {
    std::string place = step.place.empty() ? "" : fmt::format("  ({})", step.place);
    bool bad = step.topic == "refused";
    world.out << fmt::format("{}{:<11}{}{}{}{}{}\n", ansi ? (bad ? "\033[1;31m" : "\033[1m") : "", step.topic,
                             ansi ? "\033[0m" : "", step.text, ansi ? "\033[2m" : "", place, ansi ? "\033[0m" : "");
  }
}

void print_json(DryRun& run, const CommandWorld& world) {
  nlohmann::ordered_json json;
  json["outcome"] = outcome(run);
  json["status"] = run.status();
  if (run.refused()) json["code"] = name(run.admission().error.code);
  if (!run.admission().location.empty()) json["location"] = run.admission().location;
  const policy::Route* route = run.admission().match.route;
  if (route != nullptr) json["route"] = {{"label", route->label()}, {"place", route->place_text}};
  if (run.forwarded()) {
    for (const DryRun::Asked& asked : run.asked())
      json["upstream"].push_back({{"url", asked.url}, {"host", asked.host}});
    for (const auto& [name, value] : fields_for_server(run))
      json["fields"].push_back({{"name", name}, {"value", value}});
  }
  for (const Step& step : explain(run))
    json["steps"].push_back({{"topic", step.topic}, {"text", step.text}, {"place", step.place}});
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace

Exit explain_command(const ExplainArguments& arguments, const CommandWorld& world) {
  auto path = find_configuration(arguments.file, world);
  if (!path) return Exit::usage;
  auto request = request_from(arguments, world);
  if (!request) return Exit::usage;
  LoadedSnapshot loaded = load_snapshot(*path, NamedFiles::if_readable, world);
  world.err << config::print(loaded.findings, loaded.sources, world.err_color);
  if (loaded.snapshot == nullptr) return Exit::configuration;
  auto run = DryRun::decide(*loaded.snapshot, *request);
  if (!run) {
    world.err << run.error() << ".\n";
    return Exit::failed;
  }
  if (arguments.format == Format::json) {
    print_json(**run, world);
  } else {
    world.out << fmt::format("{} {} from {}\n\n", request->method, request->url, request->from);
    print_steps(explain(**run), world);
  }
  return Exit::ok;
}

}  // namespace sp::app
