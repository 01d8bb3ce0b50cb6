// Normalising paths, and finding the route of a request among few and many.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "config/model.h"
#include "policy/compile.h"
#include "policy/path.h"

namespace sp::policy {
namespace {

void normalize(benchmark::State& state, std::string_view path) {
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    auto normal = normalize_path(path, arena);
    if (!normal) return state.SkipWithError("the path was refused");
    benchmark::DoNotOptimize(normal);
  }
}
BENCHMARK_CAPTURE(normalize, normal_already, "/sympa/lists/computing/the-list.html");
BENCHMARK_CAPTURE(normalize, encoded, "/sympa/lists/caf%c3%a9/the%2Dlist.html");
BENCHMARK_CAPTURE(normalize, dot_segments, "/sympa//lists/./computing/../the-list.html");

std::string host(std::int64_t site) { return "site" + std::to_string(site) + ".example"; }
std::string prefix(std::int64_t route) { return "/route" + std::to_string(route); }

config::Config with_sites(std::int64_t sites, std::int64_t routes) {
  config::Config config;
  auto& entry = config.inbound.emplace_back();
  for (std::int64_t i = 0; i < sites; ++i) {
    auto& site = entry.sites.emplace_back();
    site.hosts.push_back({.value = host(i), .place = {}});
    for (std::int64_t j = 0; j < routes; ++j) {
      auto& route = site.routes.emplace_back();
      route.path = {.value = prefix(j), .place = {}};
      route.to = {.value = "http://127.0.0.1:9000", .place = {}};
      route.host = {.value = "preserve", .place = {}};
    }
  }
  return config;
}

// Over all hosts and routes, as many-routes asks for them.
void route(benchmark::State& state) {
  const auto policy = compile(with_sites(state.range(0), state.range(1)));
  if (!policy) return state.SkipWithError("the configuration is wrong");
  const Router& router = (*policy)->inbounds.front()->router;
  std::vector<std::pair<std::string, std::string>> requests;
  for (std::int64_t j = 0; j < state.range(1); ++j) {
    for (std::int64_t i = 0; i < state.range(0); ++i) requests.emplace_back(host(i), prefix(j) + "/page/of/it");
  }
  Arena arena;
  std::size_t at = 0;
  for (auto _ : state) {
    arena.reset();
    const auto& [authority, path] = requests[at];
    if (++at == requests.size()) at = 0;
    const RouteMatch match = router.match(authority, path, arena);
    if (match.route == nullptr) return state.SkipWithError("no route was found");
    benchmark::DoNotOptimize(match);
  }
}
BENCHMARK(route)->Args({1, 1})->Args({10, 10})->Args({1000, 10})->Args({1, 1000});

}  // namespace
}  // namespace sp::policy
