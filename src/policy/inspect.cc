#include "policy/inspect.h"

namespace sp::policy {

bool Inspect::opens(const DestinationHost& host, std::uint16_t port) const {
  if (which_ == Which::all) return true;
  return listed_.first(host, port).has_value() == (which_ == Which::only);
}

std::optional<Inspect> compile_inspect(const config::InspectConfig& config, std::vector<config::Finding>& findings) {
  const bool only = !config.only.empty();
  const bool all = !only && config.except.empty();
  std::vector<DestinationPattern> patterns;
  bool readable = true;
  for (const config::Text& text : only ? config.only : config.except) {
    auto pattern = parse_destination(text.value);
    if (pattern) {
      patterns.push_back(*std::move(pattern));
    } else {
      readable = false;
      findings.push_back({.severity = config::Finding::Severity::error,
                          .place = text.place,
                          .message = std::move(pattern.error().message),
                          .remedy = std::move(pattern.error().remedy)});
    }
  }
  if (!readable) return std::nullopt;
  Inspect made(all    ? Inspect::Which::all
               : only ? Inspect::Which::only
                      : Inspect::Which::except,
               DestinationSet(std::move(patterns)));
  made.passes_pinned = config.pinned == config::Pinned::pass;
  return made;
}

}  // namespace sp::policy
