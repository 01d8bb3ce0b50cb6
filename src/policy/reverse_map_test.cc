#include "policy/reverse_map.h"

#include <gtest/gtest.h>

#include "policy/testing.h"

namespace sp::policy {
namespace {

using testing::compiled;
using testing::one_entry;
using testing::route;
using testing::site;

// An exchange on one route of a site, as the client has it.
struct World {
  explicit World(std::vector<config::RouteConfig> routes, std::string_view client = "https://lists.example.com")
      : World(one_entry({site({"*"}, std::move(routes))}), client) {}
  explicit World(const config::Config& config, std::string_view client)
      : policy(compiled(config)), client_url(client) {}

  ReverseContext context(std::size_t index) const {
    const Route& route = policy->inbounds[0]->sites[0]->routes[index];
    std::size_t colon = client_url.find("://");
    return {.route = &route,
            .server = &route.forward()->upstream->servers.front(),
            .public_scheme = client_url.substr(0, colon),
            .public_authority = client_url.substr(colon + 3)};
  }
  std::string location(std::string_view url, std::size_t index = 0) const {
    Arena arena;
    std::string_view mapped = map_location(url, context(index), arena);
    if (mapped == url) EXPECT_EQ(mapped.data(), url.data()) << url << " was copied for nothing";
    return std::string(mapped);
  }
  std::string cookie(std::string_view value, std::size_t index = 0) const {
    Arena arena;
    std::string_view mapped = map_set_cookie(value, context(index), arena);
    if (mapped == value) EXPECT_EQ(mapped.data(), value.data()) << value << " was copied for nothing";
    return std::string(mapped);
  }
  std::string refresh(std::string_view value) const {
    Arena arena;
    return std::string(map_refresh(value, context(0), arena));
  }

  std::unique_ptr<const Policy> policy;
  std::string_view client_url;
};

using Rows = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::vector<config::RouteConfig> sympa() {
  return {route("/static-sympa", "https://actual.host:24001/static-sympa"),
          route("/sympa", "https://actual.host:24001/sympa"),
          route("/sympasoap", "https://actual.host:24001/sympasoap")};
}

// What Apache answered before a real Sympa; the rows marked with (!) are those where Apache leaks the server's name.
TEST(ReverseMap, answers_for_sympa_as_apache_does) {
  World world(sympa());
  for (auto [url, expected] : Rows{
           {"https://actual.host:24001/static-sympa/x", "https://lists.example.com/static-sympa/x"},
           {"https://actual.host:24001/sympa/x", "https://lists.example.com/sympa/x"},      // (!)
           {"https://actual.host:24001/elsewhere", "https://lists.example.com/elsewhere"},  // (!)
           {"https://lists.example.com/sympa/lists", "https://lists.example.com/sympa/lists"},
           {"http://lists.example.com/sympa/lists", "http://lists.example.com/sympa/lists"},
           {"../sympa/lists", "../sympa/lists"},
           {"https://other.example.net/", "https://other.example.net/"},
           {"/sympa/lists?a=/sympa", "/sympa/lists?a=/sympa"},
       }) {
    EXPECT_EQ(world.location(url), expected);
  }
  World plain(sympa(), "http://lists.example.com");
  EXPECT_EQ(plain.location("https://lists.example.com/static-sympa/js/"), "https://lists.example.com/static-sympa/js/");
  EXPECT_EQ(plain.location("https://actual.host:24001/static-sympa/x"), "http://lists.example.com/static-sympa/x");
  World port(sympa(), "https://lists.example.com:8443");
  EXPECT_EQ(port.location("https://actual.host:24001/static-sympa/x"), "https://lists.example.com:8443/static-sympa/x");
  EXPECT_EQ(port.location("https://lists.example.com:8443/static-sympa/js/"),
            "https://lists.example.com:8443/static-sympa/js/");
  EXPECT_EQ(world.cookie("sympa_session=1; domain=lists.example.com; path=/; secure; HttpOnly"),
            "sympa_session=1; domain=lists.example.com; path=/; secure; HttpOnly");
}

TEST(ReverseMap, makes_the_servers_own_name_public) {
  World world({route("/app", "http://10.0.0.7:8080/base")});
  for (auto [url, expected] : Rows{
           {"http://10.0.0.7:8080/base", "https://lists.example.com/app"},
           {"http://10.0.0.7:8080/base/", "https://lists.example.com/app/"},
           {"http://10.0.0.7:8080/base/x?q=1#f", "https://lists.example.com/app/x?q=1#f"},
           {"http://10.0.0.7:8080/basement", "https://lists.example.com/basement"},
           {"HTTP://10.0.0.7:8080/base/x", "https://lists.example.com/app/x"},
           {"https://10.0.0.7:8080/base/x", "https://lists.example.com/app/x"},
           {"//10.0.0.7:8080/base/x", "//lists.example.com/app/x"},
           {"http://10.0.0.7:8080", "https://lists.example.com"},
           {"http://10.0.0.7:8080?x", "https://lists.example.com?x"},
           {"http://10.0.0.7/base/x", "http://10.0.0.7/base/x"},
           {"http://10.0.0.7:8081/base/x", "http://10.0.0.7:8081/base/x"},
           {"ftp://10.0.0.7:8080/base/x", "ftp://10.0.0.7:8080/base/x"},
           {"mailto:a@10.0.0.7", "mailto:a@10.0.0.7"},
           {"", ""},
           {"//", "//"},
           {"x", "x"},
           {"?x", "?x"},
       }) {
    EXPECT_EQ(world.location(url), expected);
  }
}

TEST(ReverseMap, takes_default_ports_for_one) {
  World world({route("/", "https://Actual.Host")});
  for (std::string_view origin : {"https://actual.host", "https://ACTUAL.host.", "https://actual.host:443",
                                  "http://actual.host", "http://actual.host:80"}) {
    EXPECT_EQ(world.location(std::string(origin) + "/x"), "https://lists.example.com/x") << origin;
  }
  EXPECT_EQ(world.location("http://actual.host:443/x"), "http://actual.host:443/x");
}

TEST(ReverseMap, raises_http_to_https_where_tls_ends_here) {
  World world({route("/", "http://10.0.0.7:8080")});
  EXPECT_EQ(world.location("http://lists.example.com/x"), "https://lists.example.com/x");
  EXPECT_EQ(world.location("http://lists.example.com:8080/x"), "https://lists.example.com/x");
  EXPECT_EQ(world.location("http://other.example.com/x"), "http://other.example.com/x");
  World port({route("/", "http://10.0.0.7:8080")}, "https://lists.example.com:8443");
  EXPECT_EQ(port.location("http://lists.example.com:8443/x"), "https://lists.example.com:8443/x");
  EXPECT_EQ(port.location("http://lists.example.com/x"), "https://lists.example.com:8443/x");
  EXPECT_EQ(port.location("https://lists.example.com/x"), "https://lists.example.com/x");
  World plain({route("/", "http://10.0.0.7:8080")}, "http://lists.example.com");
  EXPECT_EQ(plain.location("https://lists.example.com/x"), "https://lists.example.com/x");
}

TEST(ReverseMap, tells_public_paths_from_the_servers_own) {
  World strip({route("/app", "http://h/"), route("/other", "http://else")});
  for (auto [url, expected] : Rows{
           {"/login", "/app/login"},
           {"/", "/app/"},
           {"/app/login", "/app/login"},
           {"/other/x", "/other/x"},
           {"https://lists.example.com/login", "https://lists.example.com/app/login"},
           {"https://lists.example.com/app/login", "https://lists.example.com/app/login"},
           {"http://lists.example.com/login", "https://lists.example.com/app/login"},
           {"http://h/app/login", "https://lists.example.com/app/app/login"},
       }) {
    EXPECT_EQ(strip.location(url), expected);
  }
  World rename({route("/a", "http://h/b")});
  EXPECT_EQ(rename.location("/b/x"), "/a/x");
  EXPECT_EQ(rename.location("/b"), "/a");
  EXPECT_EQ(rename.location("/c"), "/c");
  World root({route("/", "http://h/app")});
  EXPECT_EQ(root.location("/app/x"), "/x");
  EXPECT_EQ(root.location("/app"), "/");
  EXPECT_EQ(root.location("/x"), "/x");
}

TEST(ReverseMap, leaves_what_leads_to_the_same_place_already) {
  World world({route("/", "http://h"), route("/api", "http://h/v1")});
  EXPECT_EQ(world.location("/v1/x"), "/v1/x");
  EXPECT_EQ(world.location("http://h/v1/x"), "https://lists.example.com/api/x");
}

TEST(ReverseMap, goes_through_the_route_that_fits) {
  auto exact = route("=/start", "http://h/wws/home");
  World world({route("/sympa", "http://h/wws"), route("/static", "http://h/st/files"), exact,
               route("~^/u/(.*)", "http://h/users/${regex.1}")});
  EXPECT_EQ(world.location("http://h/st/files/x", 0), "https://lists.example.com/static/x");
  EXPECT_EQ(world.location("/st/files/x", 0), "/static/x");
  EXPECT_EQ(world.location("http://h/wws/home", 1), "https://lists.example.com/start");
  EXPECT_EQ(world.location("http://h/wws/home/x", 1), "https://lists.example.com/sympa/home/x");
  EXPECT_EQ(world.location("http://h/users/jo", 3), "https://lists.example.com/users/jo");
  World same({route("/a", "http://h/x"), route("/b", "http://h/x")});
  EXPECT_EQ(same.location("http://h/x/1", 0), "https://lists.example.com/a/1");
  EXPECT_EQ(same.location("http://h/x/1", 1), "https://lists.example.com/b/1");
}

TEST(ReverseMap, knows_all_servers_of_an_upstream_and_the_literal_host) {
  auto config = one_entry({site({"*"}, {route("/a", "chat", "internal.example"), route("/b", "http://else:1/x")})});
  config.upstreams["chat"].name = "chat";
  config.upstreams["chat"].servers = {{.url = {"http://10.0.0.21:8065", {}}}, {.url = {"http://10.0.0.22:8065", {}}}};
  World world(config, "https://lists.example.com");
  EXPECT_EQ(world.location("http://10.0.0.22:8065/a/x"), "https://lists.example.com/a/x");
  EXPECT_EQ(world.location("http://internal.example/a/x"), "https://lists.example.com/a/x");
  EXPECT_EQ(world.location("http://else:1/x/y"), "https://lists.example.com/b/y") << "another upstream of the site";
  EXPECT_EQ(world.cookie("a=1; Domain=internal.example; Secure"), "a=1; Secure");
}

TEST(ReverseMap, maps_unix_sockets_by_path) {
  World world({route("/app", "http+unix:///run/x.sock:/")});
  EXPECT_EQ(world.location("/x"), "/app/x");
  EXPECT_EQ(world.location("http://lists.example.com/x"), "https://lists.example.com/app/x");
}

TEST(ReverseMap, maps_refresh) {
  World world({route("/app", "http://h/")});
  for (auto [value, expected] : Rows{
           {"5; url=http://h/x", "5; url=https://lists.example.com/app/x"},
           {"5;URL='/x'", "5;URL='/app/x'"},
           {"0, url = \"/x\"", "0, url = \"/app/x\""},
           {"5; url=\"/x", "5; url=\"/app/x"},
           {"5; url=https://other.example.net/", "5; url=https://other.example.net/"},
           {"5", "5"},
           {"5;", "5;"},
           {"5; url", "5; url"},
           {"5; url=", "5; url="},
           {"", ""},
       }) {
    EXPECT_EQ(world.refresh(value), expected);
  }
}

TEST(ReverseMap, maps_domain_and_path_of_cookies) {
  World world({route("/app", "http://web.internal.example/")});
  for (auto [value, expected] : Rows{
           {"a=1", "a=1"},
           {"a=1; Path=/", "a=1; Path=/app"},
           {"a=1; Path=/x; HttpOnly", "a=1; Path=/app/x; HttpOnly"},
           {"a=1; path=/app; Secure", "a=1; path=/app; Secure"},
           {"a=1; Domain=web.internal.example; Path=/; Secure", "a=1; Path=/app; Secure"},
           {"a=1;domain=.INTERNAL.example", "a=1"},
           {"a=1; Domain=lists.example.com", "a=1; Domain=lists.example.com"},
           {"a=1; Domain=example.com; Secure", "a=1; Domain=example.com; Secure"},
           {"a=1; Domain=other.example.net", "a=1; Domain=other.example.net"},
           {"__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"},
           {"a=path=/; Secure", "a=path=/; Secure"},
           {"a=1; Path", "a=1; Path"},
           {"a=1; Path=", "a=1; Path="},
           {"; Path=/", "; Path=/app"},
           {";;", ";;"},
           {"", ""},
       }) {
    EXPECT_EQ(world.cookie(value), expected);
  }
}

TEST(ReverseMap, changes_the_fields_in_place) {
  World world({route("/app", "http://h/")});
  Arena arena;
  http::Fields fields(arena);
  fields.add("Location", "http://h/x");
  fields.add("Content-Location", "/x");
  fields.add("Set-Cookie", "a=1; Path=/");
  fields.add("X-Other", "http://h/x");
  fields.add("Set-Cookie", "b=1");
  fields.add("Refresh", "1; url=/x");
  map_response_fields(fields, world.context(0), arena);
  std::string all;
  for (const http::Field& field : fields) all += std::string(field.name) + ": " + std::string(field.value) + "\n";
  EXPECT_EQ(all,
            "Location: https://lists.example.com/app/x\nContent-Location: /app/x\nSet-Cookie: a=1; Path=/app\n"
            "X-Other: http://h/x\nSet-Cookie: b=1\nRefresh: 1; url=/app/x\n");
}

}  // namespace
}  // namespace sp::policy
