#include "policy/parent.h"

#include <gtest/gtest.h>

namespace sp::policy {
namespace {

using Kind = OutboundRequest::Kind;

struct Compiled {
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::vector<config::Finding> findings;
  std::unique_ptr<const Parent> parent;

  std::string way(std::string_view host, std::uint16_t port, Kind kind = Kind::tunnel) const {
    return parent->reason(parent->way_to({.kind = kind,
                                          .host = read_host(host).value(),
                                          .port = port,
                                          .user = {},
                                          .client = {},
                                          .method = {},
                                          .path = {}}));
  }
};

Compiled compiled(const config::ParentConfig& config) {
  Compiled made;
  made.parent = Parent::compile(config, made.upstreams, made.findings);
  return made;
}

config::ParentConfig by_url(std::string_view url, std::string_view no_proxy = {}) {
  config::ParentConfig config;
  config.url.value = url;
  config.no_proxy.value = no_proxy;
  return config;
}

// The example of the documentation.
TEST(Parent, no_proxy_is_in_the_grammar_of_destinations) {
  const Compiled made =
      compiled(by_url("http://mattermost:password@192.168.4.5:3128",
                      "1.2.3.4:567,.internal.example.com, login.example.com 10.0.0.0/8,[2001:db8::1]:80"));
  EXPECT_TRUE(made.findings.empty());
  constexpr std::string_view by_parent = "by parent http://192.168.4.5:3128";
  EXPECT_EQ(made.way("1.2.3.4", 567), "directly: no_proxy `1.2.3.4:567`");
  EXPECT_EQ(made.way("1.2.3.4", 568), by_parent);
  EXPECT_EQ(made.way("a.internal.example.com", 443), "directly: no_proxy `.internal.example.com`");
  EXPECT_EQ(made.way("A.B.Internal.Example.Com.", 443), "directly: no_proxy `.internal.example.com`");
  EXPECT_EQ(made.way("internal.example.com", 443), by_parent);
  EXPECT_EQ(made.way("xinternal.example.com", 443), by_parent);
  EXPECT_EQ(made.way("login.example.com", 22), "directly: no_proxy `login.example.com`");
  EXPECT_EQ(made.way("a.login.example.com", 22), "directly: no_proxy `login.example.com`");
  EXPECT_EQ(made.way("badlogin.example.com", 22), by_parent);
  EXPECT_EQ(made.way("10.255.0.1", 80, Kind::plain), "directly: no_proxy `10.0.0.0/8`");
  EXPECT_EQ(made.way("11.0.0.1", 80, Kind::plain), by_parent);
  EXPECT_EQ(made.way("2001:db8::1", 80), "directly: no_proxy `[2001:db8::1]:80`");
  EXPECT_EQ(made.way("2001:db8::1", 81), by_parent);
  EXPECT_EQ(compiled(by_url("http://p:1", "*")).way("example.com", 443), "directly: no_proxy `*`");
  EXPECT_EQ(compiled(by_url("http://p:1", " ,, ")).way("example.com", 443), "by parent http://p:1");
}

TEST(Parent, variables_are_for_requests_and_for_tunnels) {
  config::ParentConfig config;
  config.environment = true;
  config.http_variable.value = "a:1";
  const Compiled one = compiled(config);
  EXPECT_EQ(one.way("example.com", 80, Kind::plain), "by parent http://a:1");
  EXPECT_EQ(one.way("example.com", 443), "directly: HTTPS_PROXY is not set");
  config.https_variable.value = "socks5h://b:2";
  const Compiled both = compiled(config);
  EXPECT_EQ(both.way("example.com", 80, Kind::plain), "by parent http://a:1");
  EXPECT_EQ(both.way("example.com", 443, Kind::tunnel_to_inspect), "by parent socks5://b:2");
  config.http_variable.value = "";
  EXPECT_EQ(compiled(config).way("example.com", 80, Kind::plain), "directly: HTTP_PROXY is not set");
}

TEST(Parent, is_a_server_with_its_own_name) {
  const Compiled made = compiled(by_url("https://alice:se%3Asame@Proxy.Example.com:443"));
  ASSERT_EQ(made.upstreams.size(), 1u);
  const Upstream& upstream = *made.upstreams.front();
  const ParentProxy& proxy = made.parent->proxy(0);
  EXPECT_EQ(proxy.upstream, &upstream);
  EXPECT_EQ(upstream.servers.at(0).tls, ServerTls::at_once);
  EXPECT_EQ(upstream.servers.at(0).name, "https://proxy.example.com:443");
  EXPECT_EQ(upstream.tls.sni, "proxy.example.com");
  EXPECT_EQ(upstream.tls.http2, config::OnOff::off);
  EXPECT_EQ(proxy.authorization, "Basic YWxpY2U6c2U6c2FtZQ==");
  for (const std::string* text : {&upstream.key, &upstream.name, &upstream.servers.at(0).authority, &proxy.name})
    EXPECT_FALSE(text->contains("same")) << *text;
}

TEST(Parent, socks_gets_the_password_itself) {
  const Compiled made = compiled(by_url("socks5://alice:secret@p:1080"));
  const ParentProxy& proxy = made.parent->proxy(0);
  EXPECT_FALSE(proxy.http());
  EXPECT_EQ(proxy.user + "|" + proxy.password + "|" + proxy.authorization, "alice|secret|");
}

TEST(Parent, what_no_proxy_cannot_say_is_found) {
  for (const std::string_view text : {"*.example.com", "http://example.com", "127.1", "10.0.0.1/8", "a,*.b,c"}) {
    const Compiled made = compiled(by_url("http://p:1", text));
    ASSERT_EQ(made.findings.size(), 1u) << text;
    EXPECT_TRUE(made.findings[0].message.starts_with("`no_proxy`: ")) << made.findings[0].message;
    EXPECT_FALSE(made.findings[0].remedy.empty()) << text;
  }
}

}  // namespace
}  // namespace sp::policy
