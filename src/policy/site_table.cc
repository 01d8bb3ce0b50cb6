#include "policy/site_table.h"

#include <re2/re2.h>

#include "policy/reverse_table.h"
#include "policy/router.h"

namespace sp::policy {

Route::Route() = default;
Route::~Route() = default;
Route::Route(Route&&) noexcept = default;

Site::Site() = default;
Site::~Site() = default;

std::string Route::label() const {
  switch (kind) {
    case MatchKind::exact: return "exact " + pattern;
    case MatchKind::prefix: return "path " + pattern;
    case MatchKind::regex: return "regex " + pattern;
  }
  return pattern;
}

std::string file_and_line(const config::Place& place) {
  if (place.line == 0) return place.file.empty() ? "default" : place.file;
  return place.file + ":" + std::to_string(place.line);
}

}  // namespace sp::policy
