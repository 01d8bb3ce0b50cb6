#include "app/record_place.h"

#include <fmt/format.h>

namespace sp::app {
namespace {

config::Finding finding(const config::Text& path, std::string_view why, std::string remedy) {
  return {.severity = config::Finding::Severity::warning,
          .place = path.place,
          .message = fmt::format("nothing can be recorded in `{}`: {}", path.value, why),
          .remedy = std::move(remedy)};
}

}  // namespace

std::optional<config::Finding> record_obstacle(const config::RecordConfig& record, const config::FileSystem& files) {
  const config::Text& path = record.path;
  if (files.has_folder(path.value)) return finding(path, "it is a folder", "name a file in it");
  const auto slash = path.value.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.value.substr(0, slash);
  if (files.has_folder(folder)) return std::nullopt;
  return finding(path, "its folder does not exist",
                 fmt::format("make it: `mkdir -p {}`, and give it to the user that the gate runs as; under systemd "
                             "`StateDirectory` makes it when the service starts",
                             folder));
}

}  // namespace sp::app
