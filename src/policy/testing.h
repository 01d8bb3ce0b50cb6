// What several tests of this folder need: a configuration written in a few lines, and variables with fixed values.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "policy/compile.h"

namespace sp::policy::testing {

// A route by `kind pattern`: "/x" (a prefix), "=/x" (exact), "~^/x" (regex).
inline config::RouteConfig route(std::string_view match, std::string_view to, std::string_view host = "preserve") {
  static int line = 0;
  config::RouteConfig result;
  result.place = {"sallyport.yaml", ++line, 1};
  char kind = match.front();
  if (kind != '/') match.remove_prefix(1);
  (kind == '='   ? result.exact
   : kind == '~' ? result.regex
                 : result.path) = {.value = std::string(match), .place = result.place};
  result.to = {.value = std::string(to), .place = result.place};
  result.host = {.value = std::string(host), .place = {}};
  return result;
}

inline config::SiteConfig site(std::initializer_list<std::string_view> hosts, std::vector<config::RouteConfig> routes) {
  config::SiteConfig result;
  result.place = {"sallyport.yaml", 1, 1};
  for (std::string_view host : hosts) result.hosts.push_back({.value = std::string(host), .place = {}});
  result.routes = std::move(routes);
  return result;
}

inline config::Config one_entry(std::vector<config::SiteConfig> sites) {
  config::Config config;
  config.inbound.emplace_back().sites = std::move(sites);
  return config;
}

inline std::unique_ptr<const Policy> compiled(const config::Config& config) {
  auto result = compile(config);
  if (result) return *std::move(result);
  for (const auto& finding : result.error()) ADD_FAILURE() << finding.message;
  return nullptr;
}
inline std::unique_ptr<const Policy> compiled(std::vector<config::SiteConfig> sites) {
  return compiled(one_entry(std::move(sites)));
}

// Regex captures by number; everything else is empty, or what the test says.
class TestVariables final : public Variables {
 public:
  explicit TestVariables(std::span<const std::string_view> captures = {}) : captures_(captures) {}
  std::string_view value(Variable variable, std::string_view argument, Arena&) const override {
    if (variable == Variable::regex) {
      auto number = static_cast<std::size_t>(argument[0] - '0');
      return number < captures_.size() ? captures_[number] : std::string_view{};
    }
    auto found = values.find(variable);
    return found == values.end() ? std::string_view{} : found->second;
  }
  std::map<Variable, std::string> values;

 private:
  std::span<const std::string_view> captures_;
};

}  // namespace sp::policy::testing
