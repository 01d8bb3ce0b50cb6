// Rules that let addresses in or keep them out, as `allow` and `deny`.
#include <fmt/format.h>

#include <algorithm>

#include "config/network.h"
#include "import/haproxy/build.h"
#include "import/haproxy/collect.h"

namespace sp::import::haproxy {
namespace {

bool is_address(const Literal& each) { return each.test.fact == Fact::source; }

std::string text_of(const All& all) {
  std::string text;
  for (const Literal& each : all)
    text += (text.empty() ? "" : " ") + std::string(each.negated ? "!" : "") + "{ " + each.test.text + " }";
  return text;
}

// Null where one is no address: a name, a country.
std::optional<std::vector<std::string>> networks_of(const Test& test) {
  std::vector<std::string> result;
  for (const Pattern& pattern : test.patterns) {
    auto network = our_network(pattern.text);
    if (!network) return std::nullopt;
    result.push_back(*std::move(network));
  }
  return result;
}

void join(std::vector<std::string>& to, const std::vector<std::string>& more) {
  for (const std::string& each : more) {
    if (std::ranges::find(to, each) == to.end()) to.push_back(each);
  }
}

}  // namespace

bool Access::add(const Rule& rule, const std::vector<All>& left, std::string& why) {
  if (decided_ || left.empty()) return true;
  if (holds(left)) return all(rule);
  bool good = true;
  for (const All& each : left) good = some(rule, each, why) && good;
  return good;
}

bool Access::all(const Rule& rule) {
  decided_ = true;
  if (rule.does == Does::allow) return true;
  if (accepted_.empty()) {
    closed_ = true;
    return true;
  }
  std::string why;
  return only(accepted_, why);
}

// All others are kept out.
bool Access::only(const std::vector<std::string>& networks, std::string& why) {
  if (!restricted_) {
    restricted_ = true;
    allow_ = networks;
    return true;
  }
  std::erase_if(allow_, [&](const std::string& each) { return std::ranges::find(networks, each) == networks.end(); });
  if (allow_.empty()) closed_ = true;
  why = "two lists of who may come: only those that are on both may";
  return false;
}

bool Access::some(const Rule& rule, const All& all, std::string& why) {
  const bool refuses = rule.does != Does::allow;
  const bool addresses = std::ranges::all_of(all, is_address);
  const bool outside = std::ranges::all_of(all, &Literal::negated);
  const bool inside = all.size() == 1 && !all[0].negated;
  std::vector<std::string> networks;
  bool known = addresses;
  for (const Literal& each : all) {
    const auto some = is_address(each) ? networks_of(each.test) : std::nullopt;
    known = known && some.has_value();
    if (some) join(networks, *some);
  }
  if (known && refuses && outside) return only(networks, why);
  if (known && refuses && inside) {
    join(deny_, networks);
    if (accepted_.empty()) return true;
    why = "what is refused here is refused to those as well who were accepted before";
    return false;
  }
  if (known && !refuses && inside) {
    join(accepted_, networks);
    return true;
  }
  why = fmt::format("access is decided by addresses only, not by: {}", text_of(all));
  // Who had to show something must not come in without it.
  const bool needed = std::ranges::any_of(all, [](const Literal& each) { return each.negated; });
  if (refuses && needed) {
    closed_ = decided_ = true;
    why += ". In the result nobody may come in until you decide";
  }
  return false;
}

}  // namespace sp::import::haproxy
