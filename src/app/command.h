// What every command gets, and how it ends. A command is a function of its arguments and of this world, so that tests
// run it without a disk, a terminal or a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "config/files.h"
#include "config/finding.h"

namespace sp::app {

// The exit codes of the program; documented in docs/reference.md.
enum class Exit : std::uint8_t { ok = 0, failed = 1, usage = 2, configuration = 3 };

// How a result is printed: for people, or for programs.
enum class Format : std::uint8_t { text, json };

struct CommandWorld {
  std::ostream& out;  // what was asked for
  std::ostream& err;  // what stands in its way
  const config::FileSystem& files;
  std::chrono::system_clock::time_point now;
  config::Color out_color = config::Color::none;
  config::Color err_color = config::Color::none;
  // Looks a name up as workers do, for so long at most. Empty: names are not looked up.
  std::function<Result<std::vector<IpAddress>>(std::string_view host, std::chrono::milliseconds within)> resolve = {};
};

// `given`, or the first of the default places that exists; says on `err` where it has looked if there is none.
std::optional<std::string> find_configuration(const std::optional<std::string>& given, const CommandWorld& world);

}  // namespace sp::app
