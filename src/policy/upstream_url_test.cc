#include "policy/upstream_url.h"

#include <gtest/gtest.h>

#include "policy/testing.h"

namespace sp::policy {
namespace {

using testing::compiled;
using testing::route;
using testing::site;

std::string mapped(std::string_view pattern, std::string_view to, std::string_view path) {
  auto policy = compiled({site({"*"}, {route(pattern, to)})});
  if (!policy) return "not compiled";
  Arena arena;
  RouteMatch match = policy->inbounds[0]->router.match("h", path, arena);
  if (match.code != Code::ok) return std::string(name(match.code));
  auto result = upstream_path(match, path, testing::TestVariables(match.captures), arena);
  return result ? std::string(*result) : std::string(name(result.error().code));
}

TEST(UpstreamUrl, replaces_what_matched) {
  struct Row {
    std::string_view pattern, to, path, expected;
  };
  const Row rows[] = {
      {"/sympa", "https://h/sympa", "/sympa/x", "/sympa/x"},
      {"/sympa", "https://h/wws", "/sympa", "/wws"},
      {"/sympa", "https://h/wws", "/sympa/", "/wws/"},
      {"/sympa", "https://h/wws", "/sympa/x", "/wws/x"},
      {"/sympa", "https://h/wws/", "/sympa", "/wws/"},
      {"/sympa", "https://h/wws/", "/sympa/x", "/wws/x"},
      {"/sympa/", "https://h/wws", "/sympa/x", "/wws/x"},
      {"/sympa/", "https://h/wws/", "/sympa/", "/wws/"},
      {"/app", "http://h/", "/app", "/"},
      {"/app", "http://h/", "/app/", "/"},
      {"/app", "http://h/", "/app/x", "/x"},
      {"/", "http://h/base", "/", "/base/"},
      {"/", "http://h/base", "/x", "/base/x"},
      {"/", "http://h/", "/x", "/x"},
      {"/app", "http://h", "/app/x", "/app/x"},
      {"=/a", "http://h/b", "/a", "/b"},
      {"=/a", "http://h", "/a", "/a"},
      {"~^/u/([^/]+)", "http://h/users/${regex.1}/home", "/u/jo/x", "/users/jo/home"},
      {"~^/u/", "http://h", "/u/jo", "/u/jo"},
      {"~^/u/", "http://h/fixed", "/u/jo", "/fixed"},
      {"~^/f(.*)$", "http://h/base/${regex.1}", "/f../x", "ambiguous_path"},
      {"~^/f(.*)$", "http://h/base/${regex.1}", "/f/x", "/base/x"},
      {"/sympa", "http+unix:///run/x.sock:/wws", "/sympa/x", "/wws/x"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(mapped(row.pattern, row.to, row.path), row.expected) << row.pattern << " " << row.to << " " << row.path;
}

TEST(UpstreamUrl, does_not_copy_what_stays) {
  auto policy = compiled({site({"*"}, {route("/sympa", "https://h/sympa"), route("/a", "http://h/")})});
  Arena arena;
  for (std::string_view path : {"/sympa/x", "/a/x"}) {
    RouteMatch match = policy->inbounds[0]->router.match("h", path, arena);
    auto result = upstream_path(match, path, testing::TestVariables(), arena);
    EXPECT_EQ(result->data() + result->size(), path.data() + path.size());
  }
}

TEST(UpstreamUrl, sends_the_host_that_is_wanted) {
  auto policy = compiled({site({"*"}, {route("/a", "http://h:81"), route("/b", "http://h:81", "upstream"),
                                       route("/c", "http://h:81", "Name.example:8")})});
  auto host = [&](std::size_t index, std::string_view client) {
    const ForwardTarget& target = *policy->inbounds[0]->sites[0]->routes[index].forward();
    return upstream_authority(target, client, target.upstream->servers[0]);
  };
  EXPECT_EQ(host(0, "Lists.example.com:8443"), "Lists.example.com:8443");
  EXPECT_EQ(host(0, ""), "h:81");
  EXPECT_EQ(host(1, "lists.example.com"), "h:81");
  EXPECT_EQ(host(2, "lists.example.com"), "Name.example:8");
}

TEST(UpstreamUrl, says_why_path_and_host_are_what_they_are) {
  auto away = route("/old", "");
  away.redirect = config::RedirectConfig{.to = {.value = "/new", .place = {}}};
  auto policy = compiled({site({"*"}, {route("/a", "http://h"), route("/b", "http://h/b", "upstream"),
                                       route("/c", "http://h/x", "name.example"), route("=/d", "http://h/y"), away})});
  ASSERT_TRUE(policy);
  const std::string_view reasons[] = {"the path stays; Host is preserved", "the path stays; Host is the server's",
                                      "/c is replaced by /x; Host is name.example",
                                      "the path is replaced by /y; Host is preserved", ""};
  const auto& routes = policy->inbounds[0]->sites[0]->routes;
  for (std::size_t i = 0; i < std::size(reasons); ++i) EXPECT_EQ(mapping_reason(routes[i]), reasons[i]);
}

}  // namespace
}  // namespace sp::policy
