#include "app/recorded.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "app/rule_text.h"
#include "app/wrong_argument.h"
#include "base/units.h"
#include "policy/outbound.h"
#include "services/record/store.h"

namespace sp::app {
namespace {

using config::OutboundConfig;

std::optional<std::chrono::sys_days> first_day(const RecordedArguments& arguments, const CommandWorld& world) {
  const auto since = parse_duration(arguments.since);
  if (since && *since >= std::chrono::milliseconds(0) && *since <= std::chrono::days(36500))
    return std::chrono::floor<std::chrono::days>(world.now - *since);
  world.err << config::print(
      {wrong_argument("--since", fmt::format("`{}` is not a duration", arguments.since), "write 7d, 12h or 30d")}, {},
      world.err_color);
  return std::nullopt;
}

// Null where it was said what is wrong.
std::optional<std::vector<const OutboundConfig*>> entries_to_read(const Recorded& recorded,
                                                                  const RecordedArguments& arguments,
                                                                  const CommandWorld& world) {
  std::vector<const OutboundConfig*> chosen;
  bool named = false;
  for (const OutboundConfig& entry : recorded.loaded.config.outbound) {
    if (arguments.entry && entry.name != *arguments.entry) continue;
    named = true;
    if (entry.record) chosen.push_back(&entry);
  }
  if (!chosen.empty()) return chosen;
  if (arguments.entry && !named) {
    world.err << fmt::format("{} has no entry of `outbound` with the name `{}`.\n", recorded.path, *arguments.entry);
  } else {
    world.err << fmt::format(
        "{} records nothing of what is asked of its way out: add `record: /var/lib/sallyport/egress.db` to the entry "
        "of `outbound`, and wait a while.\n",
        recorded.path);
  }
  return std::nullopt;
}

bool read_entry(RecordedEntry& into, std::chrono::sys_days since, const RecordedArguments& arguments,
                const CommandWorld& world) {
  const std::string& path = into.config->record->path.value;
  auto seen =
      record::read_observed(path, into.config->name, static_cast<std::int32_t>(since.time_since_epoch().count()));
  if (!seen) {
    world.err << fmt::format("The record `{}` cannot be read: {}.\n", path, seen.error());
    return false;
  }
  into.seen = *std::move(seen);
  if (arguments.user) std::erase_if(into.seen, [&](const auto& each) { return each.user != *arguments.user; });
  return true;
}

}  // namespace

std::expected<std::unique_ptr<Recorded>, Exit> load_recorded(const RecordedArguments& arguments,
                                                             const CommandWorld& world) {
  const auto since = first_day(arguments, world);
  if (!since) return std::unexpected(Exit::usage);
  const auto path = find_configuration(arguments.file, world);
  if (!path) return std::unexpected(Exit::usage);
  auto recorded = std::make_unique<Recorded>();
  recorded->path = *path;
  recorded->since = fmt::format("{:%F}", *since);
  recorded->loaded = config::load_file(*path, world.files);
  if (!recorded->loaded.ok()) {
    world.err << config::print(recorded->loaded.findings, recorded->loaded.sources, world.err_color);
    return std::unexpected(Exit::configuration);
  }
  const auto chosen = entries_to_read(*recorded, arguments, world);
  if (!chosen) return std::unexpected(Exit::failed);
  for (const OutboundConfig* entry : *chosen) {
    recorded->entries.push_back({entry, {}});
    if (!read_entry(recorded->entries.back(), *since, arguments, world)) return std::unexpected(Exit::failed);
  }
  return recorded;
}

std::optional<policy::OutboundRules> enforced_rules(const config::Loaded& loaded, const OutboundConfig& entry,
                                                    const CommandWorld& world) {
  OutboundConfig enforcing = entry;
  enforcing.mode = config::OutboundMode::enforce;
  std::vector<config::Finding> findings;
  auto compiled = policy::compile_outbound(enforcing, loaded.config.timeouts, findings);
  if (findings.empty()) return std::move(compiled->rules);
  world.err << config::print(findings, loaded.sources, world.err_color);
  return std::nullopt;
}

std::string minute_text(std::chrono::sys_seconds when) { return fmt::format("{:%F %H:%M}", when); }

std::string destination_text(const std::string& host, std::uint16_t port) {
  return fmt::format(fmt::runtime(host.contains(':') ? "[{}]:{}" : "{}:{}"), host, port);
}

std::string user_text(const std::string& user) { return user.empty() ? "-" : yaml_scalar(user); }

}  // namespace sp::app
