#include "config/grammar.h"

#include <gtest/gtest.h>

#include "config/address.h"
#include "config/network.h"
#include "config/proxy_condition.h"

namespace sp::config {
namespace {

TEST(Network, covers_what_its_bits_say) {
  const auto ten = parse_network("10.0.0.0/8");
  ASSERT_TRUE(ten);
  EXPECT_TRUE(ten->contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(ten->contains(*IpAddress::parse("11.0.0.1")));
  EXPECT_FALSE(ten->contains(*IpAddress::parse("a00::1")));
  const auto six = parse_network("2001:db8::/33");
  ASSERT_TRUE(six);
  EXPECT_TRUE(six->contains(*IpAddress::parse("2001:db8:7fff::1")));
  EXPECT_FALSE(six->contains(*IpAddress::parse("2001:db8:8000::1")));
  EXPECT_TRUE(parse_network("*")->contains(*IpAddress::parse("::1")));
  EXPECT_TRUE(parse_network("0.0.0.0/0")->is_everything());
  EXPECT_EQ(parse_network("[2001:db8::1]")->text(), "2001:db8::1");
  EXPECT_EQ(parse_network("192.0.2.0/24")->text(), "192.0.2.0/24");
}

TEST(Network, what_is_none_is_refused) {
  for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08x", "10.0.0.0/33", "::/129",
                           "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0", "a.example", "[10.0.0.1]", "::ffff:10.0.0.0/104"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(Address, listen_urls) {
  const auto https = parse_address("https://:443", AddressUse::listen);
  ASSERT_TRUE(https);
  EXPECT_EQ(https->scheme, "https");
  EXPECT_EQ(https->host, "");
  EXPECT_EQ(https->port, 443);
  EXPECT_EQ(parse_address("http://[::1]", AddressUse::listen)->port, 80);
  EXPECT_FALSE(parse_address("http://[::1]:0", AddressUse::listen));
  EXPECT_FALSE(parse_address("http://", AddressUse::listen));
  EXPECT_FALSE(parse_address("http://*", AddressUse::listen));
  EXPECT_FALSE(parse_address("http+unix:///run/a b", AddressUse::listen));
  EXPECT_EQ(parse_address("http+unix:///run/a:b", AddressUse::listen)->unix_path, "/run/a:b");
  EXPECT_FALSE(parse_address("http://h/[a]", AddressUse::target));
  EXPECT_EQ(parse_address("http://*:80/", AddressUse::listen)->host, "");
  EXPECT_EQ(parse_address("http+unix:///run/x.sock", AddressUse::listen)->unix_path, "/run/x.sock");
}

TEST(Address, targets) {
  const auto target = parse_address("https://actual.host:8443/sympa", AddressUse::target);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->host, "actual.host");
  EXPECT_EQ(target->port, 8443);
  EXPECT_EQ(target->path, "/sympa");
  EXPECT_EQ(parse_address("http://[2001:db8::1]:80/", AddressUse::target)->host, "2001:db8::1");
  EXPECT_EQ(parse_address("http+unix:///run/x.sock:/app", AddressUse::target)->path, "/app");
  EXPECT_EQ(parse_address("http://h/${regex.1}/x", AddressUse::target)->path, "/${regex.1}/x");
  for (const char* text : {"",
                           "://",
                           "http:",
                           "http:/",
                           "http://",
                           "http://:80",
                           "http://h:",
                           "http://h:65536",
                           "http://h:0",
                           "http://h:+1",
                           "http://h:1:2",
                           "http://u@h",
                           "http://h?q",
                           "http://h/#f",
                           "http://h h",
                           "http://[::1",
                           "http://[h]",
                           "http://h..",
                           "http://.h",
                           "HTTP://h",
                           "ftp://h",
                           "http+unix://h/x",
                           "http://h/%zz",
                           "http://h/../x",
                           "http://*"}) {
    EXPECT_FALSE(parse_address(text, AddressUse::target)) << text;
  }
}

TEST(Address, of_what_is_passed_on) {
  const auto listen = parse_address("tcp://:993", AddressUse::listen);
  ASSERT_TRUE(listen);
  EXPECT_EQ(listen->scheme, "tcp");
  EXPECT_EQ(listen->host, "");
  EXPECT_EQ(listen->port, 993);
  EXPECT_EQ(parse_address("sieve://[::1]:4190/", AddressUse::listen)->host, "::1");
  for (const char* text : {"tcp://", "tcp://*", "tls://192.0.2.1", "smtp://:0", "smtp://mail.example.com:25",
                           "imap://:143/x", "tcp+unix:///run/x.sock", "smtps://:465"}) {
    EXPECT_FALSE(parse_address(text, AddressUse::listen)) << text;
  }
  EXPECT_EQ(parse_address("tcp://10.0.0.7", AddressUse::relay)->port, 0) << "that of the client's connection";
  EXPECT_EQ(parse_address("tls://[2001:db8::1]:993", AddressUse::relay)->host, "2001:db8::1");
  EXPECT_EQ(parse_address("pop3://mail.internal:110", AddressUse::server)->port, 110);
  for (const char* text : {"tcp://", "tcp://:993", "tcp://u@h:1", "tcp://h:65536", "tcp://h:25/x", "tcp://h?q",
                           "http://h", "https://h", "h2c://h", "http+unix:///run/x.sock", "10.0.0.7:25"}) {
    EXPECT_FALSE(parse_address(text, AddressUse::relay)) << text;
  }
  for (const char* text : {"tcp://h:1", "tls://h:1", "smtp://h:1", "imap://h:1", "pop3://h:1", "sieve://h:1"}) {
    EXPECT_FALSE(parse_address(text, AddressUse::target)) << text;
    EXPECT_TRUE(parse_address(text, AddressUse::relay)) << text;
    EXPECT_TRUE(parse_address(text, AddressUse::server)) << text;
  }
  for (const char* text : {"tcp", "tls", "smtp", "imap", "pop3", "sieve"}) EXPECT_TRUE(is_relayed(text)) << text;
  for (const char* text : {"http", "https", "h2c", "", "TCP"}) EXPECT_FALSE(is_relayed(text)) << text;
  EXPECT_FALSE(is_mail("tcp"));
  EXPECT_FALSE(is_mail("tls"));
}

TEST(Grammar, rules_about_clients) {
  for (const char* text :
       {"192.0.2.1", "10.0.0.0/8", "*", "${proxy.authority} = mail.example.com", "${proxy.0xE1}=a b",
        "${proxy.tls} = on", "${proxy.aws.vpce_id} = vpce-*", "${proxy.alpn} = *", "${proxy.alpn}=*h*"})
    EXPECT_FALSE(client_rule(text)) << text;
  for (const char* text : {"", "mail.example.com", "${proxy.authority}", "${proxy.authority} mail.example.com",
                           "${proxy.authority} = ", "${proxy.authority} != a", "${proxy.authority} = a*b",
                           "${proxy.authorty} = a", "${client.address} = 10.0.0.1", "${proxy.authority = a"})
    EXPECT_TRUE(client_rule(text)) << text;
}

TEST(Grammar, conditions_hold_or_not) {
  struct Row {
    std::string_view condition, said;
    bool holds;
  };
  for (const Row& row : {
           Row{"${proxy.authority} = mail.example.com", "mail.example.com", true},
           Row{"${proxy.authority} = Mail.example.com.", "mail.EXAMPLE.com", true},
           Row{"${proxy.authority} = mail.example.com", "mail.example.com.", true},
           Row{"${proxy.authority} = mail.example.com", "xmail.example.com", false},
           Row{"${proxy.authority} = *.example.com", "a.b.example.com.", true},
           Row{"${proxy.authority} = *.example.com", "example.com", false},
           Row{"${proxy.authority} = mail.*", "MAIL.example.com", true},
           Row{"${proxy.authority} = *", "a", true},
           Row{"${proxy.authority} = *", "", false},
           Row{"${proxy.authority} = *", ".", false},
           Row{"${proxy.tls.client.cn} = alice", "Alice", false},
           Row{"${proxy.tls.client.cn} = *li*", "alice", true},
           Row{"${proxy.tls.client.cn} = *li*", "bob", false},
           Row{"${proxy.gcp.psc_id} = 12", "12", true},
           Row{"${proxy.gcp.psc_id} = 12", "123", false},
       }) {
    const auto condition = parse_proxy_condition(row.condition);
    ASSERT_TRUE(condition) << row.condition;
    EXPECT_EQ(condition->holds(row.said), row.holds) << row.condition << " <- " << row.said;
  }
}

TEST(Grammar, keys_of_entries_that_pass_octets_on) {
  for (const char* text : {"1", "25", "65535"}) EXPECT_FALSE(port(text)) << text;
  for (const char* text : {"", "0", "025", "65536", "-1", "+1", "25 ", "smtp", "99999999999"})
    EXPECT_TRUE(port(text)) << text;
  for (const char* text : {"h2", "acme-tls/1", "http/1.1"}) EXPECT_FALSE(alpn_protocol(text)) << text;
  EXPECT_FALSE(alpn_protocol(std::string(255, 'a')));
  for (const std::string& text : {std::string(), std::string("a b"), std::string("\x7f"), std::string(256, 'a')})
    EXPECT_TRUE(alpn_protocol(text)) << text;
  for (const char* text : {"0xE0", "0xEF", "0xea", "0XE1"}) EXPECT_FALSE(custom_tlv(text)) << text;
  for (const char* text : {"", "0xE", "0xDF", "0xF0", "0xE11", "E1", "0xEG", "225"})
    EXPECT_TRUE(custom_tlv(text)) << text;
  EXPECT_FALSE(tlv_value("${client.address} ${proxy.authority} $${x}"));
  for (const char* text : {"${x}", "${", "${response.status}"}) EXPECT_TRUE(tlv_value(text)) << text;
  for (const char* text : {"tcp://10.0.0.7", "smtp://h:25", "pool"}) EXPECT_FALSE(relay_target(text)) << text;
  for (const char* text : {"", "http://h", "tcp://"}) EXPECT_TRUE(relay_target(text)) << text;
}

TEST(Grammar, hosts) {
  for (const char* text : {"*", "a", "a.example", "*.a.example", "A.Example.", "xn--bcher-kva.example", "192.0.2.1",
                           "[::1]", "a_b.example"}) {
    EXPECT_FALSE(host_pattern(text)) << text;
  }
  for (const char* text : {"", "*.", "**", "*a", "a.*", ".", "a b", "a:80", "http://a", "a/", "[]", "[a]", "::1"}) {
    EXPECT_TRUE(host_pattern(text)) << text;
  }
  for (const char* text : {"preserve", "upstream", "a.example", "a.example:8080", "[::1]:80", "[::1]"})
    EXPECT_FALSE(host_setting(text)) << text;
  for (const char* text : {"", ":80", "a:", "a:b", "a:123456", "[::1", "http://a", "a b"})
    EXPECT_TRUE(host_setting(text)) << text;
}

TEST(Grammar, paths) {
  for (const char* text : {"/", "/a", "/a/", "/a%20b", "/a.b", "/..a", "/~a;b=c@d:e"})
    EXPECT_FALSE(route_path(text)) << text;
  for (const char* text :
       {"", "a", "/a b", "/a?b", "/a#b", "/a*", "/.", "/a/..", "/a/../b", "/%", "/%1", "/a\"", "/\xC3\xBC", "/a\\b"}) {
    EXPECT_TRUE(route_path(text)) << text;
  }
}

TEST(Grammar, variables) {
  EXPECT_FALSE(known_variables("a ${client.address} ${request.header.X-Y} $${x} ${regex.9} ${response.status} $",
                               When::response));
  for (const char* text : {"${", "${}", "${x}", "${regex.10}", "${regex.}", "${request.header.}",
                           "${request.header.a b}", "${client.address", "${env.A}"}) {
    EXPECT_TRUE(known_variables(text, When::response)) << text;
  }
  EXPECT_TRUE(known_variables("${response.status}", When::request));
  EXPECT_FALSE(known_variables("${proxy.tls.client.cn}${proxy.source.port}${proxy.0xe1}", When::request));
  for (const char* text : {"${proxy}", "${proxy.}", "${proxy.0x1}", "${proxy.x}", "${proxy.authority.}"})
    EXPECT_TRUE(known_variables(text, When::request)) << text;
}

TEST(Grammar, fields_that_frame_messages_are_not_edited) {
  for (const char* text : {"Content-Length", "transfer-encoding", "HOST", "Connection", "Keep-Alive", "TE", "Trailer",
                           "Upgrade", "Proxy-Connection", "Expect", "", "a b", "a:", "ä"}) {
    EXPECT_TRUE(editable_field(text)) << text;
  }
  for (const char* text : {"X-Forwarded-Proto", "Authorization", "Date", "a"})
    EXPECT_FALSE(editable_field(text)) << text;
}

TEST(Grammar, pins) {
  EXPECT_FALSE(public_key_pin("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
  EXPECT_FALSE(public_key_pin("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
  for (const char* text :
       {"", "sha256//", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "47DEQpj8HBSa-_TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}) {
    EXPECT_TRUE(public_key_pin(text)) << text;
  }
}

TEST(Grammar, tests_of_the_configuration) {
  EXPECT_FALSE(test_request("GET https://a.example/x?y=z"));
  EXPECT_FALSE(test_request("https://a.example"));
  EXPECT_TRUE(test_request("GET /x"));
  for (const char* text : {"tcp://mail.example.com:993", "tls://192.0.2.1:443", "smtp://a.example:25/"})
    EXPECT_FALSE(test_connection(text)) << text;
  for (const char* text : {"", "mail.example.com:993", "tcp://mail.example.com", "https://a.example:443", "tcp://:993"})
    EXPECT_TRUE(test_connection(text)) << text;
  EXPECT_FALSE(client_name(""));
  EXPECT_FALSE(client_name("mail.example.com"));
  EXPECT_TRUE(client_name("a b"));
  EXPECT_FALSE(code_name("denied"));
  EXPECT_TRUE(code_name("ok"));
}

}  // namespace
}  // namespace sp::config
