// What is said about the keys of a section, whatever section it is.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/node.h"
#include "config/schema.h"

namespace sp::config {

// How messages name the place of a value: "`hosts`", "an item of `hosts`", "the configuration".
class Spot final {
 public:
  static Spot top() { return Spot({}, Kind::top); }
  static Spot key(std::string_view key) { return Spot(key, Kind::key); }
  static Spot item_of(const Spot& list) { return Spot(list.key_, Kind::item); }
  std::string text() const;
  bool operator==(const Spot&) const = default;

 private:
  enum class Kind : std::uint8_t { top, key, item };
  Spot(std::string_view key, Kind kind) : key_(key), kind_(kind) {}
  std::string_view key_;
  Kind kind_;
};

// Reports each key of `map` that is not one of `keys`: one of a later version, one that belongs elsewhere, or one that
// is mistyped.
void report_unknown_keys(const Node& map, const Spot& spot, std::span<const std::string_view> keys,
                         std::span<const LaterKey> later, Report& report);
// Reports a required key that is not there, unless one that is mistyped is meant for it, or one of a later
// version shows that something else is wanted. `instead`: another key that would do.
void report_missing(const Node& map, const Spot& spot, std::string_view key, std::string_view doc,
                    std::span<const std::string_view> keys, std::span<const LaterKey> later, Report& report,
                    std::string_view instead = {});
void report_not_a_map(const Node& node, const Spot& spot, std::span<const std::string_view> keys, Report& report);
void report_no_value(const Position& at, std::string_view key, Report& report);

}  // namespace sp::config
