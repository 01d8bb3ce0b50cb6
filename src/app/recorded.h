// What the commands of `policy` begin with: the entries of a configuration that are recorded, and what was seen.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "config/load.h"
#include "policy/observed.h"
#include "policy/outbound_rules.h"

namespace sp::app {

struct RecordedArguments {
  std::optional<std::string> file;
  std::optional<std::string> entry;  // its name; all without it
  std::optional<std::string> user;
  std::string since = "7d";
};

struct RecordedEntry {
  const config::OutboundConfig* config = nullptr;  // of the `Recorded`
  std::vector<policy::Observed> seen;
};

struct Recorded {
  config::Loaded loaded;
  std::string path;  // of the configuration
  std::vector<RecordedEntry> entries;
  std::string since;  // "2026-11-23": the first day
};

// It was said on `err` what is wrong, where there is no result.
std::expected<std::unique_ptr<Recorded>, Exit> load_recorded(const RecordedArguments& arguments,
                                                             const CommandWorld& world);

// The rules of an entry as they are when they do not only watch; null, and `err` knows why.
std::optional<policy::OutboundRules> enforced_rules(const config::Loaded& loaded, const config::OutboundConfig& entry,
                                                    const CommandWorld& world);

// "2026-11-29 10:00".
std::string minute_text(std::chrono::sys_seconds when);
// "example.com:443"; of a user what a terminal can show.
std::string destination_text(const std::string& host, std::uint16_t port);
std::string user_text(const std::string& user);

}  // namespace sp::app
