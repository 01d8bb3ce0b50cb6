#include "app/import_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <ranges>

#include "base/units.h"
#include "import/import.h"

namespace sp::app {
namespace {

using import::Fate;
using import::Imported;
using import::Untranslated;

std::string_view text(Fate fate) {
  switch (fate) {
    case Fate::lost: return "lost";
    case Fate::changed: return "changed";
    case Fate::not_needed: return "not_needed";
  }
  return {};
}

void print_list(std::string_view title, Fate fate, const Imported& imported, const CommandWorld& world) {
  bool begun = false;
  for (const Untranslated& item : imported.untranslated) {
    if (item.fate != fate) continue;
    if (!std::exchange(begun, true)) world.err << "\n" << title << "\n";
    world.err << fmt::format("  {}:{}: {}\n      {}\n", item.file, item.line, item.directive, item.why);
  }
}

// A line may have several remarks, and counts once, by the gravest of them; one that was translated may have a remark
// too.
void print_counts(const Imported& imported, const CommandWorld& world) {
  std::map<std::pair<std::string_view, int>, Fate> lines;
  for (const Untranslated& item : imported.untranslated) {
    auto [line, is_new] = lines.emplace(std::pair(std::string_view(item.file), item.line), item.fate);
    line->second = std::min(line->second, item.fate);
  }
  auto with = [&](Fate fate) { return std::ranges::count(lines | std::views::values, fate); };
  world.err << fmt::format(
      "\n{} did not go over word for word: {} to decide about, {} done otherwise, {} not needed.\n",
      counted(lines.size(), "line"), with(Fate::lost), with(Fate::changed), with(Fate::not_needed));
}

void print_untranslated(const Imported& imported, const CommandWorld& world) {
  print_list("Not translated; a person has to decide:", Fate::lost, imported, world);
  print_list("Done otherwise, or without being asked:", Fate::changed, imported, world);
  print_list("Not needed:", Fate::not_needed, imported, world);
  print_counts(imported, world);
}

void print_json(const Imported& imported, const CommandWorld& world) {
  nlohmann::ordered_json json;
  json["yaml"] = imported.yaml;
  json["untranslated"] = nlohmann::ordered_json::array();
  for (const Untranslated& item : imported.untranslated) {
    json["untranslated"].push_back({{"file", item.file},
                                    {"line", item.line},
                                    {"directive", item.directive},
                                    {"why", item.why},
                                    {"fate", text(item.fate)}});
  }
  json["errors"] = nlohmann::ordered_json::parse(config::print_json(imported.errors));
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

Imported imported_from(ImportFrom from, const ImportArguments& arguments, const CommandWorld& world) {
  switch (from) {
    case ImportFrom::apache: return import::import_apache(arguments.files, world.files);
    case ImportFrom::haproxy: return import::import_haproxy(arguments.files, world.files);
    case ImportFrom::nginx: return import::import_nginx(arguments.files, world.files);
    case ImportFrom::squid: return import::import_squid(arguments.files, world.files);
  }
  return {};
}

}  // namespace

Exit import_command(ImportFrom from, const ImportArguments& arguments, const CommandWorld& world) {
  const Imported imported = imported_from(from, arguments, world);
  if (arguments.format == Format::json) {
    print_json(imported, world);
  } else {
    world.out << imported.yaml;
    world.err << config::print(imported.errors, {}, world.err_color);
    if (!imported.untranslated.empty()) print_untranslated(imported, world);
  }
  return config::has_errors(imported.errors) ? Exit::failed : Exit::ok;
}

}  // namespace sp::app
