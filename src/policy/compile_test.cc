#include "policy/compile.h"

#include <gtest/gtest.h>

#include "policy/testing.h"

namespace sp::policy {
namespace {

using testing::compiled;
using testing::one_entry;
using testing::route;
using testing::site;

TEST(Compile, shares_upstreams_that_are_the_same) {
  auto other = route("/c", "https://h");
  other.upstream_tls.verify = config::Verify::none;
  auto plain = route("/d", "http://h");
  plain.upstream_tls.verify = config::Verify::none;
  auto policy = compiled({site(
      {"*"}, {route("/a", "https://h/x"), route("/b", "https://H:443/y"), other, plain, route("/e", "http://h/")})});
  ASSERT_TRUE(policy);
  const auto& routes = policy->inbounds[0]->sites[0]->routes;
  EXPECT_EQ(policy->upstreams.size(), 3u);
  EXPECT_EQ(routes[0].forward()->upstream, routes[1].forward()->upstream);
  EXPECT_NE(routes[0].forward()->upstream, routes[2].forward()->upstream);
  EXPECT_EQ(routes[3].forward()->upstream, routes[4].forward()->upstream)
      << "TLS settings mean nothing to plain servers";
  EXPECT_EQ(routes[0].forward()->upstream->name, "https://h");
}

TEST(Compile, finds_named_upstreams) {
  auto config = one_entry({site({"*"}, {route("/", "chat")})});
  config::UpstreamConfig& chat = config.upstreams["chat"];
  chat.name = "chat";
  chat.servers = {{.url = {"http://10.0.0.21:8065", {}}},
                  {.url = {"http://10.0.0.22:8065/", {}}, .weight = 2, .backup = true}};
  chat.fail_after = 7;
  auto policy = compiled(config);
  ASSERT_TRUE(policy);
  const Upstream& upstream = *policy->upstreams.at(0);
  EXPECT_EQ(upstream.name, "chat");
  ASSERT_EQ(upstream.servers.size(), 2u);
  EXPECT_EQ(upstream.servers[1].authority, "10.0.0.22:8065");
  EXPECT_EQ(upstream.servers[1].weight, 2u);
  EXPECT_TRUE(upstream.servers[1].backup);
  EXPECT_EQ(upstream.fail_after, 7u);
}

TEST(Compile, knows_routes_that_forward_nothing) {
  auto away = route("/old", "");
  away.redirect = config::RedirectConfig{.to = {.value = "https://${request.host}/new", .place = {}}, .status = 308};
  auto said = route("/robots.txt", "");
  said.respond =
      config::RespondConfig{.status = 410, .body = {.value = "gone\n", .place = {}}, .content_type = "text/x"};
  auto policy = compiled({site({"*"}, {away, said})});
  ASSERT_TRUE(policy);
  const auto& routes = policy->inbounds[0]->sites[0]->routes;
  const auto* redirect = std::get_if<RedirectTarget>(&routes[0].target);
  ASSERT_NE(redirect, nullptr);
  EXPECT_EQ(redirect->status, 308);
  EXPECT_EQ(redirect->to.source(), "https://${request.host}/new");
  const auto* respond = std::get_if<RespondTarget>(&routes[1].target);
  ASSERT_NE(respond, nullptr);
  EXPECT_EQ(respond->status, 410);
  EXPECT_EQ(respond->body.source(), "gone\n");
  EXPECT_EQ(respond->content_type, "text/x");
  EXPECT_EQ(routes[0].forward(), nullptr);
  EXPECT_TRUE(policy->upstreams.empty());
}

TEST(Compile, takes_no_path_with_a_server_of_an_upstream) {
  for (std::string_view url : {"http://h/path", "http://h/?q", "h"}) {
    auto config = one_entry({site({"*"}, {route("/", "app")})});
    config.upstreams["app"].name = "app";
    config.upstreams["app"].servers = {{.url = {.value = std::string(url), .place = {}}}};
    auto result = compile(config);
    ASSERT_FALSE(result) << url;
    EXPECT_EQ(result.error().front().message, "`" + std::string(url) + "` is not the URL of a server");
    EXPECT_EQ(result.error().front().remedy, "write http://host:port without a path");
  }
}

TEST(Compile, inherits_from_outside_to_inside) {
  using namespace std::chrono_literals;
  auto inner = route("/in", "http://h");
  inner.max_body = Bytes{1};
  inner.timeouts.connect = 1s;
  inner.allow = {{.value = "10.0.0.0/8", .place = {"f", 9, 1}}};
  inner.deny = {{.value = "10.0.0.1", .place = {"f", 10, 1}}};
  inner.request_headers.set = {{"X-A", {.value = "route", .place = {}}}};
  auto outer = site({"*"}, {inner, route("/out", "http://h")});
  outer.max_body = Bytes{2};
  outer.timeouts.connect = 2s;
  outer.timeouts.keep_alive = 3s;
  outer.allow = {{.value = "192.0.2.0/24", .place = {"f", 2, 1}}};
  outer.deny = {{.value = "10.0.0.2", .place = {"f", 3, 1}}};
  outer.request_headers.set = {{"X-A", {.value = "site", .place = {}}}};
  auto policy = compiled({outer});
  ASSERT_TRUE(policy);
  const auto& routes = policy->inbounds[0]->sites[0]->routes;
  EXPECT_EQ(routes[0].max_body, 1u);
  EXPECT_EQ(routes[1].max_body, 2u);
  EXPECT_EQ(routes[0].timeouts.connect, 1s);
  EXPECT_EQ(routes[0].timeouts.keep_alive, 3s);
  EXPECT_EQ(routes[1].timeouts.connect, 2s);
  EXPECT_EQ(routes[0].request_edits.size(), 2u);
  auto why = [&](std::size_t index, std::string_view address) {
    IpAddress ip = *IpAddress::parse(address);
    return decide(routes[index].access, ip).reason(ip);
  };
  EXPECT_EQ(why(0, "10.0.0.9"), "10.0.0.9 is allowed by 10.0.0.0/8 (f:9)");
  EXPECT_EQ(why(0, "10.0.0.1"), "10.0.0.1 is denied by 10.0.0.1 (f:10)");
  EXPECT_EQ(why(0, "10.0.0.2"), "10.0.0.2 is denied by 10.0.0.2 (f:3)");
  EXPECT_EQ(why(0, "192.0.2.1"), "192.0.2.1 is not in `allow`, which begins with 10.0.0.0/8 (f:9)");
  EXPECT_EQ(why(1, "192.0.2.1"), "192.0.2.1 is allowed by 192.0.2.0/24 (f:2)");
  EXPECT_FALSE(decide(routes[1].access, *IpAddress::parse("10.0.0.9")).allowed);
}

TEST(Compile, allows_everybody_without_rules) {
  auto policy = compiled({site({"*"}, {route("/", "http://h")})});
  Decision decision = decide(policy->inbounds[0]->sites[0]->routes[0].access, IpAddress::loopback4());
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.why, Decision::Why::no_rules);
}

TEST(Compile, says_all_that_is_wrong) {
  auto bad = site({"*"}, {route("~(", "http://h"), route("/a/../..", "http://h"), route("/b", "nowhere"),
                          route("/c", "http://h/?q"), route("/d", "http://h/${nonsense}")});
  bad.routes[2].allow = {{.value = "10.0.0.1/8", .place = {}}};
  bad.routes[3].request_headers.set = {{"Content-Length", {.value = "1", .place = {}}},
                                       {"X", {.value = "${y}", .place = {}}}};
  auto result = compile(one_entry({bad}));
  ASSERT_FALSE(result);
  std::string all;
  for (const auto& finding : result.error()) all += finding.message + "\n";
  for (std::string_view part : {"the regex is wrong: missing )",
                                "`/a/../..` is not a path that can match: dot segments that lead above the root",
                                "there is no upstream `nowhere`", "`http://h/?q` is not a URL to forward to",
                                "10.0.0.1/8", "`${nonsense}`", "Content-Length", "`${y}` is not a value that exists"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " in\n" << all;
  }
}

}  // namespace
}  // namespace sp::policy
