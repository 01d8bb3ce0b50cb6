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

// ---- entries that pass octets on

config::Text text(std::string_view value, int line = 1) {
  return {.value = std::string(value), .place = {"sallyport.yaml", line, 1}};
}

config::InboundConfig& relay_entry(config::Config& config, std::string_view to) {
  config::InboundConfig& entry = config.inbound.emplace_back();
  entry.place = {"sallyport.yaml", 2, 1};
  entry.listen = {text("tcp://:993")};
  if (!to.empty()) entry.to = text(to, 3);
  return entry;
}

config::UpstreamConfig& upstream(config::Config& config, const std::string& name, std::string_view server) {
  config::UpstreamConfig& made = config.upstreams[name];
  made.name = name;
  made.servers = {{.url = text(server)}};
  return made;
}

config::SendProxyConfig proxy(config::ProxyVersion version, int line = 5) {
  config::SendProxyConfig result{.version = version};
  result.place = {"sallyport.yaml", line, 1};
  return result;
}

const RelayTarget& chosen(const Policy& policy, std::string_view name, std::uint16_t port = 993) {
  static const RelayTarget none;
  const RelayChoice choice = policy.inbounds.at(0)->relay->choose({.port = port, .server_name = name, .protocols = {}});
  return choice.target == nullptr ? none : *choice.target;
}

TEST(Compile, makes_a_relay_of_an_entry_that_passes_octets_on) {
  config::Config config;
  config::InboundConfig& entry = relay_entry(config, "tcp://10.0.0.7:10993");
  entry.ports = {{"465", text("tcp://10.0.0.7:10465", 6)}};
  entry.sni = {{"*.example.com", text("pool", 7)}};
  entry.alpn = {{"acme-tls/1", text("tcp://10.0.0.8", 8)}};
  entry.xclient = config::OnOff::on;
  entry.starttls = config::StartTls::required;
  entry.passwords_in_clear = config::InClear::allow;
  entry.deny = {text("192.0.2.0/24", 9)};
  entry.accept_proxy.from = {text("10.1.0.0/16", 10)};
  upstream(config, "pool", "tls://mail.internal:993");
  auto policy = compiled(config);
  ASSERT_TRUE(policy);
  const Inbound& inbound = *policy->inbounds[0];
  ASSERT_TRUE(inbound.relay);
  EXPECT_EQ(inbound.relay->place_text, "sallyport.yaml:2");
  EXPECT_TRUE(inbound.relay->xclient);
  EXPECT_EQ(inbound.relay->starttls, config::StartTls::required);
  EXPECT_EQ(inbound.relay->passwords_in_clear, config::InClear::allow);
  EXPECT_TRUE(inbound.proxies.contains(*IpAddress::parse("10.1.2.3")));
  EXPECT_FALSE(inbound.proxies.contains(*IpAddress::parse("10.2.2.3")));
  const IpAddress denied = *IpAddress::parse("192.0.2.9");
  EXPECT_EQ(decide(inbound.relay->access, denied).reason(denied),
            "192.0.2.9 is denied by 192.0.2.0/24 (sallyport.yaml:9)");
  EXPECT_EQ(chosen(*policy, "").label, "to");
  EXPECT_EQ(chosen(*policy, "").place_text, "sallyport.yaml:3");
  EXPECT_EQ(chosen(*policy, "", 465).label, "port 465");
  EXPECT_EQ(chosen(*policy, "", 465).upstream->name, "tcp://10.0.0.7:10465");
  const RelayTarget& named = chosen(*policy, "a.example.com");
  EXPECT_EQ(named.label, "sni *.example.com");
  EXPECT_EQ(named.place_text, "sallyport.yaml:7");
  EXPECT_EQ(named.upstream->name, "pool");
  EXPECT_EQ(named.upstream->servers.at(0).tls, ServerTls::at_once);
  EXPECT_EQ(inbound.relay->targets().back().label, "alpn acme-tls/1");
  EXPECT_EQ(inbound.relay->targets().back().upstream->servers.at(0).url.effective_port(), 0)
      << "the port is the one that the client has connected to";
}

TEST(Compile, an_entry_of_http_has_a_relay_only_for_its_protocols) {
  auto config = one_entry({site({"*"}, {route("/", "http://h")})});
  EXPECT_EQ(compiled(config)->inbounds[0]->relay, nullptr);
  config.inbound[0].alpn = {{"acme-tls/1", text("tcp://10.0.0.7:443")}};
  auto policy = compiled(config);
  ASSERT_TRUE(policy);
  ASSERT_TRUE(policy->inbounds[0]->relay);
  EXPECT_TRUE(policy->inbounds[0]->relay->needs_protocols());
  EXPECT_EQ(chosen(*policy, "anything").upstream, nullptr);
}

TEST(Compile, knows_how_tls_begins_with_a_server) {
  for (const auto& [scheme, tls] : {std::pair{"tcp", ServerTls::none}, std::pair{"tls", ServerTls::at_once},
                                    std::pair{"smtp", ServerTls::starttls}, std::pair{"imap", ServerTls::starttls},
                                    std::pair{"pop3", ServerTls::starttls}, std::pair{"sieve", ServerTls::starttls}}) {
    config::Config config;
    relay_entry(config, std::string(scheme) + "://10.0.0.7:25");
    auto policy = compiled(config);
    ASSERT_TRUE(policy) << scheme;
    EXPECT_EQ(policy->upstreams.at(0)->servers.at(0).tls, tls) << scheme;
  }
  auto policy = compiled({site({"*"}, {route("/a", "https://h"), route("/b", "http://h"), route("/c", "h2c://h")})});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->upstreams.at(0)->servers.at(0).tls, ServerTls::at_once);
  EXPECT_EQ(policy->upstreams.at(1)->servers.at(0).tls, ServerTls::none);
  EXPECT_EQ(policy->upstreams.at(2)->servers.at(0).tls, ServerTls::none);
}

TEST(Compile, what_an_entry_says_of_its_servers_wins_over_the_upstream) {
  using config::ProxyVersion;
  const auto version_of = [](const config::Config& config) {
    auto policy = compiled(config);
    return policy ? policy->upstreams.at(0)->send_proxy : SendProxy{};
  };
  config::Config config;
  relay_entry(config, "pool");
  upstream(config, "pool", "tcp://10.0.0.7:993");
  EXPECT_FALSE(version_of(config).on());
  config.upstreams["pool"].send_proxy = proxy(ProxyVersion::v2, 20);
  EXPECT_EQ(version_of(config).version, ProxyVersion::v2);
  EXPECT_EQ(version_of(config).place_text, "sallyport.yaml:20");
  config.inbound[0].send_proxy = proxy(ProxyVersion::v1, 5);
  EXPECT_EQ(version_of(config).version, ProxyVersion::v1);
  EXPECT_EQ(version_of(config).place_text, "sallyport.yaml:5");
  config.inbound[0].send_proxy = proxy(ProxyVersion::off, 5);
  EXPECT_FALSE(version_of(config).on()) << "`off` is said as well";
}

TEST(Compile, a_route_and_its_upstream_may_send_a_proxy_header) {
  using config::ProxyVersion;
  auto own = route("/own", "app");
  own.send_proxy = proxy(ProxyVersion::v1);
  auto url = route("/url", "http://10.0.0.8");
  url.send_proxy = proxy(ProxyVersion::v2);
  auto config = one_entry({site({"*"}, {own, route("/", "app"), url})});
  upstream(config, "app", "http://10.0.0.7").send_proxy = proxy(ProxyVersion::v2);
  auto policy = compiled(config);
  ASSERT_TRUE(policy);
  const auto& routes = policy->inbounds[0]->sites[0]->routes;
  EXPECT_EQ(routes[0].forward()->upstream->send_proxy.version, ProxyVersion::v1);
  EXPECT_EQ(routes[1].forward()->upstream->send_proxy.version, ProxyVersion::v2);
  EXPECT_EQ(routes[2].forward()->upstream->send_proxy.version, ProxyVersion::v2);
  EXPECT_NE(routes[0].forward()->upstream, routes[1].forward()->upstream);
}

TEST(Compile, connections_with_other_headers_are_not_shared) {
  using config::ProxyVersion;
  const auto key_of = [](const config::SendProxyConfig& send_proxy) {
    config::Config config;
    relay_entry(config, "tcp://10.0.0.7:993").send_proxy = send_proxy;
    auto policy = compiled(config);
    return policy ? policy->upstreams.at(0)->key : std::string();
  };
  std::vector<config::SendProxyConfig> different(6, proxy(ProxyVersion::v2));
  different[1].version = ProxyVersion::v1;
  different[2].crc32c = config::OnOff::on;
  different[3].unique_id = config::OnOff::on;
  different[4].tlvs = {{"0xE1", text("a")}};
  different[5].tlvs = {{"0xE1", text("b")}};
  for (std::size_t i = 0; i < different.size(); ++i) {
    for (std::size_t j = 0; j < different.size(); ++j) {
      const bool same = key_of(different[i]) == key_of(different[j]);
      EXPECT_EQ(same, i == j) << i << " and " << j;
    }
  }
  EXPECT_EQ(key_of(proxy(ProxyVersion::off)), key_of({})) << "no header is no header";
  EXPECT_EQ(key_of(proxy(ProxyVersion::v2, 5)), key_of(proxy(ProxyVersion::v2, 6))) << "lines may move";
}

TEST(Compile, values_of_ones_own_are_templates) {
  config::Config config;
  config::SendProxyConfig& send_proxy = relay_entry(config, "tcp://10.0.0.7:993").send_proxy;
  send_proxy = proxy(config::ProxyVersion::v2);
  send_proxy.tlvs = {{"0xE1", text("${client.address}")}, {"0xef", text("plain")}};
  auto policy = compiled(config);
  ASSERT_TRUE(policy);
  const auto& values = policy->upstreams.at(0)->send_proxy.values;
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].type, 0xe1);
  EXPECT_TRUE(values[0].text.uses(Variable::client_address));
  EXPECT_EQ(values[1].type, 0xef);
  EXPECT_EQ(values[1].text.source(), "plain");
}

TEST(Compile, the_timeouts_of_a_target_are_those_of_its_upstream) {
  using namespace std::chrono_literals;
  config::Config config;
  config.timeouts.connect = 1s;
  config.timeouts.tunnel_idle = 2s;
  config.timeouts.half_closed = 3s;
  config::InboundConfig& entry = relay_entry(config, "tcp://10.0.0.7:993");
  entry.timeouts.tunnel_idle = 20s;
  entry.timeouts.half_closed = 30s;
  entry.ports = {{"465", text("pool")}};
  upstream(config, "pool", "tcp://10.0.0.8:465").timeouts.half_closed = 300s;
  auto policy = compiled(config);
  ASSERT_TRUE(policy);
  const config::TimeoutsConfig& to = chosen(*policy, "").timeouts;
  EXPECT_EQ(to.connect, 1s);
  EXPECT_EQ(to.tunnel_idle, 20s);
  EXPECT_EQ(to.half_closed, 30s);
  EXPECT_EQ(chosen(*policy, "", 465).timeouts.tunnel_idle, 20s);
  EXPECT_EQ(chosen(*policy, "", 465).timeouts.half_closed, 300s);
  auto requests = one_entry({site({"*"}, {route("/", "pool")})});
  upstream(requests, "pool", "http://10.0.0.8").timeouts.connect = 7s;
  EXPECT_EQ(compiled(requests)->inbounds[0]->sites[0]->routes[0].timeouts.connect, 7s);
}

TEST(Compile, says_what_is_wrong_with_a_relay) {
  config::Config config;
  config::InboundConfig& entry = relay_entry(config, "nowhere");
  entry.ports = {{"465", text("empty", 4)}};
  entry.sni = {{"a.example", text("tcp://", 5)}};
  entry.deny = {text("10.0.0.1/8", 6)};
  entry.send_proxy = proxy(config::ProxyVersion::v2, 7);
  entry.alpn = {{"h2", text("tcp://10.0.0.9:1", 8)}};
  entry.send_proxy.tlvs = {{"0xE1", text("${nonsense}", 9)}};
  config.upstreams["empty"].name = "empty";
  auto result = compile(config);
  ASSERT_FALSE(result);
  std::string all;
  for (const auto& finding : result.error()) all += std::to_string(finding.place.line) + ": " + finding.message + "\n";
  for (std::string_view part :
       {"3: there is no upstream `nowhere`", "4: the upstream `empty` has no servers",
        "5: `tcp://` is not the URL of a server", "6: `10.0.0.1/8`", "9: `${nonsense}` is not a value that exists"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " in\n" << all;
  }
}

}  // namespace
}  // namespace sp::policy
