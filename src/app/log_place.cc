#include "app/log_place.h"

#include <fmt/format.h>

namespace sp::app {
namespace {

using config::Finding;

Finding not_writable(const config::Text& path, std::string_view why, std::string remedy) {
  return {.place = path.place,
          .message = fmt::format("cannot write to `{}`: {}", path.value, why),
          .remedy = std::move(remedy)};
}

}  // namespace

std::optional<Finding> log_obstacle(const config::LogConfig& log, const config::FileSystem& files) {
  const std::string& path = log.access.value;
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return std::nullopt;  // stdout, and the like
  if (files.has_folder(path)) {
    return not_writable(
        log.access, "it is a folder",
        fmt::format("name a file in it: `{}/access.log`", path.substr(0, path.find_last_not_of('/') + 1)));
  }
  const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
  if (files.has_folder(folder)) return std::nullopt;
  return not_writable(
      log.access, "its folder does not exist",
      fmt::format("make it: `mkdir -p {}`, and give it to the user that the gate runs as; under systemd "
                  "`LogsDirectory` makes it when the service starts",
                  folder));
}

Finding log_not_opened(const config::LogConfig& log, const config::FileSystem& files, const Error& error) {
  if (auto obstacle = log_obstacle(log, files)) return *std::move(obstacle);
  const CodeInfo& row = info(error.code);
  // The remedy of the table is for ports.
  if (error.code == Code::permission_denied)
    return not_writable(log.access, row.what, "the user that the gate runs as must be allowed to write there");
  return not_writable(log.access, row.what, std::string(row.remedy));
}

}  // namespace sp::app
