#include "policy/router.h"

#include <gtest/gtest.h>

#include "policy/testing.h"

namespace sp::policy {
namespace {

using testing::compiled;
using testing::route;
using testing::site;

std::string routed(const Policy& policy, std::string_view authority, std::string_view path) {
  Arena arena;
  RouteMatch match = policy.inbounds[0]->router.match(authority, path, arena);
  if (match.site == nullptr) return std::string(name(match.code));
  if (match.route == nullptr) return match.site->name + " " + std::string(name(match.code));
  return match.site->name + " " + match.route->label();
}

TEST(Router, chooses_a_site_by_host) {
  auto policy = compiled({site({"a.example.com", "alias.example"}, {route("/", "http://h")}),
                          site({"*.example.com"}, {route("/", "http://h")}),
                          site({"*.deep.example.com"}, {route("/", "http://h")}),
                          site({"[2001:db8::1]", "2001:db8::2"}, {route("/", "http://h")})});
  ASSERT_TRUE(policy);
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a.example.com", "a.example.com path /"},
      {"A.EXAMPLE.com.:8443", "a.example.com path /"},
      {"alias.example:80", "a.example.com path /"},
      {"b.example.com", "*.example.com path /"},
      {"c.b.example.com", "*.example.com path /"},
      {"a.name.of.many.labels.that.is.longer.than.every.wildcard.b.example.com", "*.example.com path /"},
      {"a.name.of.many.labels.that.is.longer.than.every.wildcard.xample.com", "no_site"},
      {"x.deep.example.com", "*.deep.example.com path /"},
      {"deep.example.com", "*.example.com path /"},
      {"example.com", "no_site"},
      {"aexample.com", "no_site"},
      {"[2001:db8::1]:443", "[2001:db8::1] path /"},
      {"[2001:DB8::2]", "[2001:db8::1] path /"},
      {"", "no_site"},
  };
  for (const auto& [host, expected] : rows) EXPECT_EQ(routed(*policy, host, "/x"), expected) << host;
}

TEST(Router, has_a_site_for_everything_else) {
  auto policy =
      compiled({site({"*"}, {route("/", "http://h")}), site({"a"}, {route("/", "http://h")}), site({"a", "*"}, {})});
  ASSERT_TRUE(policy);
  EXPECT_EQ(routed(*policy, "b", "/"), "* path /");
  EXPECT_EQ(routed(*policy, "", "/"), "* path /");
  EXPECT_EQ(routed(*policy, "a", "/"), "a path /");
}

TEST(Router, chooses_exact_then_longest_prefix_then_regex) {
  auto policy = compiled({site(
      {"*"}, {route("~^/sympa/.*[.]php$", "http://h"), route("/sympa", "http://h"), route("=/sympa/x", "http://h"),
              route("/sympa/admin", "http://h"), route("~[.](png|php)$", "http://h"), route("~[.]php$", "http://h"),
              route("/sympa", "http://second")})});
  ASSERT_TRUE(policy);
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"/sympa", "* path /sympa"},
      {"/sympa/", "* path /sympa"},
      {"/sympa/x", "* exact /sympa/x"},
      {"/sympa/x/", "* path /sympa"},
      {"/sympa/admin/y", "* path /sympa/admin"},
      {"/sympathy", "* no_route"},
      {"/Sympa", "* no_route"},
      {"/", "* no_route"},
      {"/sympa/a.php", "* path /sympa"},
      {"/a.php", "* regex [.](png|php)$"},
      {"*", "* no_route"},
  };
  for (const auto& [path, expected] : rows) EXPECT_EQ(routed(*policy, "h", path), expected) << path;
  Arena arena;
  RouteMatch match = policy->inbounds[0]->router.match("h", "/sympa", arena);
  EXPECT_EQ(match.route->index, 1u) << "the first in the file";
}

TEST(Router, captures_the_groups_of_a_regex) {
  std::vector<config::RouteConfig> routes;
  for (std::string_view name : {"a", "b", "c", "d", "e", "f"})
    routes.push_back(route("~^/" + std::string(name) + "/([^/]+)(/.*)?$", "http://h"));
  for (std::size_t count : {std::size_t{2}, routes.size()}) {  // one after the other, and as one automaton
    auto policy = compiled({site({"*"}, {routes.begin(), routes.begin() + static_cast<std::ptrdiff_t>(count)})});
    ASSERT_TRUE(policy);
    Arena arena;
    std::string_view path = "/b/user";
    RouteMatch match = policy->inbounds[0]->router.match("h", path, arena);
    ASSERT_EQ(match.code, Code::ok);
    EXPECT_EQ(match.route->index, 1u);
    ASSERT_EQ(match.captures.size(), 3u);
    EXPECT_EQ(match.captures[0], path);
    EXPECT_EQ(match.captures[1], "user");
    EXPECT_EQ(match.captures[2], "");
    EXPECT_EQ(policy->inbounds[0]->router.match("h", "/z/user", arena).code, Code::no_route);
  }
}

TEST(Router, matches_patterns_in_normal_form) {
  auto policy = compiled({site({"*"}, {route("/caf\xc3\xa9//%7ejo", "http://h")})});
  ASSERT_TRUE(policy);
  EXPECT_EQ(routed(*policy, "h", "/caf%C3%A9/~jo/x"), "* path /caf%C3%A9/~jo");
}

TEST(Router, says_why) {
  auto policy = compiled({site({"a.example"}, {route("/x", "http://h")})});
  ASSERT_TRUE(policy);
  Arena arena;
  auto why = [&](std::string_view host, std::string_view path) {
    return reason(policy->inbounds[0]->router.match(host, path, arena), host, path);
  };
  EXPECT_EQ(why("b.example:80", "/x"), "no site has the host b.example");
  EXPECT_EQ(why("", "/x"), "no site takes requests without Host");
  EXPECT_EQ(why("a.example", "/y"), "no route of site a.example (sallyport.yaml:1) matches /y");
  std::string place = policy->inbounds[0]->sites[0]->routes[0].place_text;
  EXPECT_EQ(why("a.example", "/x/1"), "path /x of site a.example (sallyport.yaml:1) at " + place);
}

TEST(Router, does_not_slow_down_with_many_sites_and_routes) {
  std::vector<config::SiteConfig> sites;
  for (int i = 0; i < 3000; ++i) {
    sites.push_back(site({}, {route("/", "http://h")}));
    sites.back().hosts.push_back({.value = "host" + std::to_string(i) + ".example.com", .place = {}});
  }
  for (int i = 0; i < 3000; ++i) sites[0].routes.push_back(route("/app" + std::to_string(i) + "/part", "http://h"));
  auto policy = compiled(sites);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->upstreams.size(), 1u) << "one server with one TLS setting is one upstream";
  EXPECT_EQ(routed(*policy, "host2999.example.com", "/x"), "host2999.example.com path /");
  EXPECT_EQ(routed(*policy, "host0.example.com", "/app2999/part/of/a/longer/path"),
            "host0.example.com path /app2999/part");
  EXPECT_EQ(routed(*policy, "host0.example.com", "/app2999/party"), "host0.example.com path /");
}

}  // namespace
}  // namespace sp::policy
