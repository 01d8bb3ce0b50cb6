#include "app/check_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/units.h"

namespace sp::app {
namespace {

using config::Finding;

// "sallyport.yaml is right: 1 entry, 2 sites, 5 routes" or "2 errors, 1 warning".
std::string summary(const std::string& path, const LoadedSnapshot& loaded) {
  auto total = loaded.findings.size();
  auto errors =
      static_cast<std::size_t>(std::ranges::count(loaded.findings, Finding::Severity::error, &Finding::severity));
  std::string warnings = total == errors ? "" : counted(total - errors, "warning");
  if (errors != 0)
    return fmt::format("{}: {}{}{}\n", path, counted(errors, "error"), warnings.empty() ? "" : ", ", warnings);
  std::size_t sites = 0, routes = 0;
  for (const auto& inbound : loaded.snapshot->policy->inbounds) {
    sites += inbound->sites.size();
    for (const auto& site : inbound->sites) routes += site->routes.size();
  }
  return fmt::format("{} can be run: {}, {}, {}{}{}\n", path,
                     counted(loaded.snapshot->entries.size(), "entry", "entries"), counted(sites, "site"),
                     counted(routes, "route"), warnings.empty() ? "" : "; ", warnings);
}

}  // namespace

Exit check_command(const CheckArguments& arguments, const CommandWorld& world) {
  auto path = find_configuration(arguments.file, world);
  if (!path) return Exit::usage;
  LoadedSnapshot loaded = load_snapshot(*path, arguments.named_files, world);
  if (arguments.format == Format::json) {
    world.out << config::print_json(loaded.findings);
  } else {
    world.out << config::print(loaded.findings, loaded.sources, world.out_color) << summary(*path, loaded);
  }
  return loaded.snapshot == nullptr ? Exit::configuration : Exit::ok;
}

}  // namespace sp::app
