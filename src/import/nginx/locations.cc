// `location` blocks, those within others included.
#include "import/nginx/http.h"

namespace sp::import::nginx {
namespace {

// "= /x", "=/x", "~* \.php$"; NGINX takes the sign with or without a space behind it.
bool read_pattern(const Directive& block, Location& location) {
  std::string sign = block.arg(0);
  std::string pattern = block.arg(1);
  if (block.args.size() == 1) {
    const size_t length = sign.starts_with("~*") || sign.starts_with("^~") ? 2
                          : sign.starts_with('~') || sign.starts_with('=') ? 1
                                                                           : 0;
    pattern = sign.substr(length);
    sign.resize(length);
  }
  if (sign.empty()) {
    location.kind = pattern.starts_with('@') ? Kind::named : Kind::prefix;
  } else if (sign == "=") {
    location.kind = Kind::exact;
  } else if (sign == "^~") {
    location.kind = Kind::stop;
  } else if (sign == "~" || sign == "~*") {
    location.kind = Kind::regex;
  } else {
    return false;
  }
  location.pattern = sign == "~*" ? "(?i)" + pattern : pattern;
  const bool path = location.kind != Kind::regex && location.kind != Kind::named;
  return !pattern.empty() && (!path || pattern.starts_with('/'));
}

// A regular expression within a location is asked for its paths only.
std::string within(const Location& outer, const std::string& pattern) {
  if (outer.kind == Kind::regex || outer.pattern == "/") return pattern;
  const bool no_case = pattern.starts_with("(?i)");
  const std::string own = no_case ? pattern.substr(4) : pattern;
  if (own.starts_with('^')) return pattern;
  return "^" + std::string(outer.pattern) + ".*" + (no_case ? "(?i:" : "(?:") + own + ")";
}

constexpr size_t most_locations = 2000;  // of a server; each is compared with all others

void collect(const Scope& around, const Location* outer, std::deque<Location>& all, Report& report) {
  for (const Directive& block : around.block->children) {
    if (!block.block || !block.is("location")) continue;
    report.used(block);
    if (all.size() >= most_locations) {
      report.lost(block, "more locations than any real server has: this one is left out");
      continue;
    }
    Location location{.nested = outer != nullptr, .block = &block, .scope = {.block = &block, .outer = &around}};
    if (!read_pattern(block, location)) {
      report.lost(block, "the location is not understood");
      continue;
    }
    if (outer != nullptr && location.kind == Kind::regex) location.pattern = within(*outer, location.pattern);
    const Location& kept = all.emplace_back(std::move(location));
    collect(kept.scope, &kept, all, report);
  }
}

}  // namespace

std::deque<Location> locations_of(const HttpServer& server) {
  std::deque<Location> all;
  collect(server.scope, nullptr, all, server.report);
  return all;
}

}  // namespace sp::import::nginx
