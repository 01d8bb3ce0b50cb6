#include "http/url.h"

#include <gtest/gtest.h>

namespace sp::http {
namespace {

TEST(Url, has_its_parts) {
  auto url = parse_url("HTTPS://Actual.Host.:8443/Sympa?a=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "actual.host");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/Sympa");
  EXPECT_EQ(url->query, "a=1");
  EXPECT_EQ(url->authority(), "actual.host:8443");
  EXPECT_EQ(url->origin(), "https://actual.host:8443");
  EXPECT_EQ(url->text(), "https://actual.host:8443/Sympa?a=1");
}

TEST(Url, knows_the_ports_of_its_scheme) {
  EXPECT_EQ(parse_url("http://a")->effective_port(), 80);
  EXPECT_EQ(parse_url("https://a")->effective_port(), 443);
  EXPECT_EQ(parse_url("https://a:8443")->effective_port(), 8443);
  EXPECT_EQ(parse_url("https://a:443/")->authority(), "a");
  EXPECT_EQ(parse_url("tcp://a")->effective_port(), 0);
}

TEST(Url, tells_no_path_from_a_root_path) {
  EXPECT_EQ(parse_url("http://a")->path, "");
  EXPECT_EQ(parse_url("http://a/")->path, "/");
  EXPECT_FALSE(parse_url("http://a/")->has_query);
  EXPECT_TRUE(parse_url("http://a?")->has_query);
}

TEST(Url, puts_ipv6_in_brackets) {
  auto url = parse_url("http://[2001:DB8::1]:8080/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "2001:db8::1");
  EXPECT_EQ(url->authority(), "[2001:db8::1]:8080");
  EXPECT_FALSE(parse_url("http://2001:db8::1/"));
}

TEST(Url, reads_unix_sockets) {
  auto url = parse_url("http+unix:///run/x.sock");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_unix());
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->unix_path, "/run/x.sock");
  EXPECT_EQ(url->authority(), "localhost");
  EXPECT_EQ(parse_url("http+unix:///run/x.sock:/app")->path, "/app");
  EXPECT_EQ(parse_url("http+unix:///run/x.sock:/app")->text(), "http+unix:///run/x.sock:/app");
}

TEST(Url, listens_on_all_addresses) {
  EXPECT_EQ(parse_url("https://:443", UrlUse::listen)->port, 443);
  EXPECT_EQ(parse_url("https://*:443", UrlUse::listen)->host, "");
  EXPECT_FALSE(parse_url("https://:443"));
}

TEST(Url, holds_placeholders_only_as_a_target) {
  EXPECT_EQ(parse_url("http://h/a/${regex.1}", UrlUse::target)->path, "/a/${regex.1}");
  EXPECT_FALSE(parse_url("http://h/a/${regex.1}"));
  EXPECT_FALSE(parse_url("http://h/a/${}", UrlUse::target));
}

TEST(Url, is_refused_when_anything_is_doubtful) {
  for (std::string_view text : {"",
                                "/x",
                                "host",
                                "http:/a",
                                "http://",
                                "http:///x",
                                "://a",
                                "1http://a",
                                "http://user@a/",
                                "http://a:0",
                                "http://a:65536",
                                "http://a:",
                                "http://a:8x",
                                "http://a b/",
                                "http://a/ b",
                                "http://a/#f",
                                "http://a/%zz",
                                "http://a/%4",
                                "http://[::1",
                                "http://[1.2.3.4]/",
                                "http://a/\\",
                                "http://a\\b/",
                                "http://a/\r\n",
                                "http://[::1]x/",
                                "http+unix://run/x.sock",
                                "http+unix:///",
                                "http://a/\xc3\xa9"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, comes_back_from_its_own_text) {
  for (std::string_view text :
       {"http://a", "https://a:1/", "http://[::1]:8/x?y", "http+unix:///run/x.sock", "tcp://1.2.3.4:25"}) {
    auto url = parse_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->text(), text);
    EXPECT_EQ(parse_url(url->text()), url);
  }
}

TEST(Authority, is_a_host_and_a_port) {
  auto authority = split_authority("Lists.Example.com.:8443");
  ASSERT_TRUE(authority);
  EXPECT_EQ(authority->host, "Lists.Example.com");
  EXPECT_EQ(authority->port, 8443);
  EXPECT_EQ(split_authority("a")->port, 0);
  EXPECT_TRUE(split_authority("[::1]")->ipv6);
  EXPECT_EQ(split_authority("[::1]:80")->host, "::1");
  for (std::string_view text : {"", ":80", ".", "..", "a..", ".a", "a..b", "a:", "a:b", "a:80:90", "[::1", "[]", "a b",
                                "a/b", "[::1]80", "a@b", "a%2eb"}) {
    EXPECT_FALSE(split_authority(text)) << text;
  }
}

}  // namespace
}  // namespace sp::http
