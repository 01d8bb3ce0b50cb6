#include "policy/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/forwarded_field.h"

namespace sp::policy {
namespace {

using List = std::vector<std::pair<std::string_view, std::string_view>>;

struct Outcome {
  std::string client;  // "address scheme authority port"
  std::string fields;  // "name=value;" ...
};

Outcome pass(std::string_view peer, const List& list, std::string_view authority = "lists.example.com",
             std::string_view scheme = "https") {
  const std::vector<config::Network> networks{*config::parse_network("10.0.0.0/8"),
                                              *config::parse_network("2001:db8::/32")};
  AddressSet trusted(networks);
  Arena arena;
  http::Fields fields(arena);
  for (const auto& [name, value] : list) fields.add(name, value);
  IpAddress address = *IpAddress::parse(peer);
  Hop hop{.peer = address, .peer_text = peer, .trusted = trusted.contains(address), .scheme = scheme};
  ClientView view = client_view(hop, fields, authority, trusted, arena);
  edit_forwarded(hop, view, fields, arena);
  Outcome outcome;
  EXPECT_EQ(view.address.text(), view.address_text);
  outcome.client = std::string(view.address_text) + " " + std::string(view.scheme) + " " + std::string(view.authority) +
                   " " + std::to_string(view.port);
  for (const http::Field& field : fields)
    outcome.fields += std::string(field.name) + "=" + std::string(field.value) + ";";
  return outcome;
}

TEST(Forwarded, tells_the_server_who_asks) {
  Outcome outcome = pass("192.0.2.1", {{"Accept", "*/*"}});
  EXPECT_EQ(outcome.client, "192.0.2.1 https lists.example.com 443");
  EXPECT_EQ(
      outcome.fields,
      "Accept=*/"
      "*;X-Forwarded-For=192.0.2.1;X-Forwarded-Host=lists.example.com;X-Forwarded-Proto=https;X-Forwarded-Port=443;");
  EXPECT_EQ(pass("192.0.2.1", {}, "a:8080", "http").fields,
            "X-Forwarded-For=192.0.2.1;X-Forwarded-Host=a:8080;X-Forwarded-Proto=http;X-Forwarded-Port=8080;");
  EXPECT_EQ(pass("192.0.2.1", {}, "", "http").fields,
            "X-Forwarded-For=192.0.2.1;X-Forwarded-Proto=http;X-Forwarded-Port=80;");
}

TEST(Forwarded, takes_the_port_from_the_host) {
  EXPECT_EQ(pass("192.0.2.1", {}, "[2001:db8::1]").client, "192.0.2.1 https [2001:db8::1] 443");
  EXPECT_EQ(pass("192.0.2.1", {}, "[2001:db8::1]:8443").client, "192.0.2.1 https [2001:db8::1]:8443 8443");
}

TEST(Forwarded, believes_nothing_of_a_stranger) {
  Outcome outcome = pass("192.0.2.1", {{"X-Forwarded-For", "127.0.0.1"},
                                       {"x_forwarded_for", "127.0.0.1"},
                                       {"X-Forwarded-Host", "evil.example"},
                                       {"X-Forwarded-Proto", "http"},
                                       {"X-Forwarded-Port", "1"},
                                       {"X-Forwarded-Server", "evil"},
                                       {"X-Forwarded-Prefix", "/evil"},
                                       {"x_forwarded-ssl", "off"},
                                       {"Forwarded", "for=127.0.0.1"},
                                       {"Forwarded-For", "127.0.0.1"},
                                       {"X-Real-IP", "127.0.0.1"},
                                       {"X_Real_IP", "127.0.0.1"},
                                       {"True-Client-IP", "127.0.0.1"},
                                       {"Client-Ip", "127.0.0.1"},
                                       {"Proxy", "http://evil.example"},
                                       {"X-Requested-With", "x"},
                                       {"X-Forwarded-For", "::1"}});
  EXPECT_EQ(outcome.client, "192.0.2.1 https lists.example.com 443");
  EXPECT_EQ(outcome.fields,
            "X-Requested-With=x;X-Forwarded-For=192.0.2.1;X-Forwarded-Host=lists.example.com;X-Forwarded-Proto=https;X-"
            "Forwarded-Port=443;");
}

TEST(Forwarded, extends_what_a_trusted_peer_says) {
  Outcome outcome = pass("10.0.0.1",
                         {{"X-Forwarded-For", "127.0.0.1, 203.0.113.9"},
                          {"X-Forwarded-For", "10.9.9.9"},
                          {"X-Forwarded-Host", "public.example:8443"},
                          {"X-Forwarded-Proto", "https"},
                          {"X-Forwarded-Server", "front"},
                          {"X-Real-IP", "203.0.113.9"},
                          {"X_Real_IP", "1.1.1.1"}},
                         "inner.example", "http");
  EXPECT_EQ(outcome.client, "203.0.113.9 https public.example:8443 8443");
  EXPECT_EQ(outcome.fields,
            "X-Real-IP=203.0.113.9;X-Forwarded-For=127.0.0.1, 203.0.113.9, 10.9.9.9, "
            "10.0.0.1;X-Forwarded-Host=public.example:8443;"
            "X-Forwarded-Proto=https;X-Forwarded-Port=8443;");
}

std::string client(const List& list) { return pass("10.0.0.1", list).client; }

TEST(Forwarded, walks_to_the_first_stranger) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"203.0.113.9", "203.0.113.9"},
      {"1.1.1.1, 203.0.113.9, 10.2.2.2,10.3.3.3", "203.0.113.9"},
      {"10.2.2.2, 10.3.3.3", "10.2.2.2"},
      {"203.0.113.9:4711", "203.0.113.9"},
      {"[2001:DB9::1]:4711", "2001:db9::1"},
      {"2001:db9::1, 2001:db8::7", "2001:db9::1"},
      {"::ffff:203.0.113.9", "203.0.113.9"},
      {"203.0.113.9, unknown", "10.0.0.1"},
      {"203.0.113.9, unknown, 10.2.2.2", "10.2.2.2"},
      {"203.0.113.9,", "10.0.0.1"},
      {"", "10.0.0.1"},
      {"evil", "10.0.0.1"},
  };
  for (const auto& [value, expected] : rows) {
    EXPECT_EQ(client({{"X-Forwarded-For", value}}), std::string(expected) + " https lists.example.com 443") << value;
  }
}

TEST(Forwarded, believes_the_last_of_several_claims) {
  EXPECT_EQ(client({{"X-Forwarded-Proto", "https, http"}}), "10.0.0.1 http lists.example.com 80");
  EXPECT_EQ(client({{"X-Forwarded-Proto", "gopher"}}), "10.0.0.1 https lists.example.com 443");
  EXPECT_EQ(client({{"X-Forwarded-Host", "evil.example, front.example"}}), "10.0.0.1 https front.example 443");
  EXPECT_EQ(client({{"X-Forwarded-Host", "a/b"}}), "10.0.0.1 https lists.example.com 443");
  EXPECT_EQ(client({{"X-Forwarded-Port", "8443"}}), "10.0.0.1 https lists.example.com:8443 8443");
  EXPECT_EQ(client({{"X-Forwarded-Port", "80"}}), "10.0.0.1 https lists.example.com 443");
  EXPECT_EQ(client({{"X-Forwarded-Port", "x"}}), "10.0.0.1 https lists.example.com 443");
  EXPECT_EQ(client({{"X-Forwarded-Host", "a:1"}, {"X-Forwarded-Port", "2"}}), "10.0.0.1 https a:1 1");
}

TEST(Forwarded, reads_and_extends_the_standard_field) {
  Outcome outcome =
      pass("10.0.0.1", {{"Forwarded", "for=1.1.1.1, for=\"[2001:db9::1]:4711\";proto=http;host=\"a.example:8080\""}});
  EXPECT_EQ(outcome.client, "2001:db9::1 http a.example:8080 8080");
  EXPECT_EQ(
      outcome.fields,
      "Forwarded=for=1.1.1.1, for=\"[2001:db9::1]:4711\";proto=http;host=\"a.example:8080\", for=10.0.0.1;proto=https;"
      "X-Forwarded-For=10.0.0.1;X-Forwarded-Host=a.example:8080;X-Forwarded-Proto=http;X-Forwarded-Port=8080;");
  EXPECT_NE(pass("2001:db8::5", {{"Forwarded", "for=1.1.1.1"}}).fields.find(", for=\"[2001:db8::5]\";proto=https;"),
            std::string::npos);
}

TEST(Forwarded, drops_a_standard_field_that_contradicts) {
  Outcome outcome = pass("10.0.0.1", {{"Forwarded", "for=127.0.0.1"}, {"X-Forwarded-For", "203.0.113.9"}});
  EXPECT_EQ(outcome.client, "203.0.113.9 https lists.example.com 443");
  EXPECT_EQ(outcome.fields.find("Forwarded=for"), std::string::npos);
  Outcome agrees = pass("10.0.0.1", {{"Forwarded", "for=203.0.113.9"}, {"X-Forwarded-For", "203.0.113.9"}});
  EXPECT_TRUE(agrees.fields.starts_with(
      "Forwarded=for=203.0.113.9, for=10.0.0.1;proto=https;X-Forwarded-For=203.0.113.9, 10.0.0.1;"));
}

std::vector<std::string> from_end(std::string_view text) {
  std::vector<std::string> result;
  for (ListFromEnd list(text); !list.done();) result.emplace_back(list.next());
  return result;
}

TEST(ForwardedField, splits_lists_from_the_end) {
  EXPECT_EQ(from_end("a, b ,c"), (std::vector<std::string>{"c", "b", "a"}));
  EXPECT_EQ(from_end("for=\"a,b\", c"), (std::vector<std::string>{"c", "for=\"a,b\""}));
  EXPECT_EQ(from_end(""), (std::vector<std::string>{""}));
  EXPECT_EQ(from_end(",,"), (std::vector<std::string>{"", "", ""}));
}

TEST(ForwardedField, reads_nodes) {
  EXPECT_EQ(node_address("192.0.2.1:80"), IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(node_address("[::1]"), IpAddress::parse("::1"));
  EXPECT_EQ(node_address("::1"), IpAddress::parse("::1"));
  for (std::string_view text : {"", "unknown", "_hidden", "[::1", "[::1]x", "a.example", "[]", ":"})
    EXPECT_FALSE(node_address(text)) << text;
}

TEST(ForwardedField, reads_elements) {
  ForwardedElement element = parse_forwarded_element("For=\"[::1]:1\" ; PROTO=https;by=x;host=\"a:1\"");
  EXPECT_EQ(element.node, "[::1]:1");
  EXPECT_EQ(element.proto, "https");
  EXPECT_EQ(element.host, "a:1");
  EXPECT_EQ(parse_forwarded_element("for=\"1.1\\.1.1\"").node, "");
  EXPECT_EQ(parse_forwarded_element("for=\"1.1.1.1").node, "");
  EXPECT_EQ(parse_forwarded_element("nonsense;;=").node, "");
}

}  // namespace
}  // namespace sp::policy
