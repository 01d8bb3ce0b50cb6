#include "policy/destination_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sp::policy {
namespace {

using ::testing::HasSubstr;

TEST(DestinationPattern, reads_and_writes) {
  struct Row {
    std::string_view text, written;
  };
  const Row rows[] = {
      {"*", "*"},
      {"*:443", "*:443"},
      {"192.0.2.1", "192.0.2.1"},
      {"192.0.2.1:567", "192.0.2.1:567"},
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"10.0.0.0/8:25", "10.0.0.0/8:25"},
      {"10.0.0.1/32", "10.0.0.1"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:DB8:0::1", "2001:db8::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"[2001:db8::1]:443", "[2001:db8::1]:443"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"[2001:db8::/32]:443", "[2001:db8::/32]:443"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"example.com", "example.com"},
      {"Example.COM.", "example.com"},
      {"example.com:8080", "example.com:8080"},
      {"example.com.:8080", "example.com:8080"},
      {".example.com", ".example.com"},
      {".Example.com.:443", ".example.com:443"},
      {"localhost", "localhost"},
      {"my_host.internal", "my_host.internal"},
      {"bücher.example", "xn--bcher-kva.example"},
      {"BÜCHER.example:443", "xn--bcher-kva.example:443"},
      {".straße.example", ".xn--strae-oqa.example"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
  };
  for (const Row& row : rows) {
    const auto pattern = parse_destination(row.text);
    ASSERT_TRUE(pattern) << row.text << ": " << pattern.error().message;
    EXPECT_EQ(pattern->text(), row.written);
    EXPECT_EQ(parse_destination(row.written).value(), *pattern) << row.text;
  }
}

TEST(DestinationPattern, refuses_with_what_to_write) {
  struct Row {
    std::string_view text, message, remedy;
  };
  const Row rows[] = {
      {"", "empty", "`example.com`"},
      {" example.com", "a space", "an entry of its own"},
      {"a.example,b.example", "more than one", "`[ a, b ]`"},
      {"example.com\n", "control character", "anew"},
      {"http://example.com", "is a URL", "write `example.com`"},
      {"https://user:pw@example.com:8443/x?y", "is a URL", "write `example.com:8443`"},
      {"//example.com", "holds a path", "a domain"},
      {"example.com/api", "holds a path", "write `example.com`"},
      {"example.com:8080/api", "holds a path", "write `example.com:8080`"},
      {"user@example.com", "holds a user", "write `example.com`"},
      {"*.example.com", "not how subdomains are written", "write `.example.com`"},
      {"*.example.com", "not how subdomains are written", "or `example.com` for itself"},
      {"www.*.example.com", "a `*` inside", "stands alone"},
      {"*example.com", "a `*` inside", "stands alone"},
      {"**", "a `*` inside", "stands alone"},
      {"*.*", "a `*` inside", "stands alone"},
      {"10.0.0.*", "not how a network is written", "write `10.0.0.0/24`"},
      {"10.*.*.*", "not how a network is written", "write `10.0.0.0/8`"},
      {"10.0.0.1/8", "bits set beyond its length", "`10.0.0.0/8`"},
      {"2001:db8::1/32", "bits set beyond its length", "`2001:db8::/32`"},
      {"10.0.0.0/33", "no valid length", "0 to 32"},
      {"10.0.0.0/", "no valid length", "0 to 32"},
      {"10.0.0.0/255.0.0.0", "has a mask", "write `10.0.0.0/8`"},
      {"10.0.0.0/0.0.0.255", "no valid length", "0 to 32"},
      {"10/8", "not a network in full", "write `10.0.0.0/8`"},
      {"192.168/16", "not a network in full", "write `192.168.0.0/16`"},
      {"127.1/8", "not a network in full", "write `10.0.0.0/8`"},
      {"127.1", "neither a name nor an address", "write `127.0.0.1` if"},
      {"10.1", "neither a name nor an address", "or `10.1.0.0/16` for a network"},
      {"192.168.", "neither a name nor an address", "`192.168.0.0/16` for a network"},
      {"0x7f.1", "neither a name nor an address", "write `127.0.0.1` if"},
      {"2130706433", "neither a name nor an address", "write `127.0.0.1` if"},
      {"0177.0.0.1", "neither a name nor an address", "write `127.0.0.1` if"},
      {"127.0.0.1.", "neither a name nor an address", "four decimal numbers"},
      {"1.2.3.4.5", "neither a name nor an address", "four decimal numbers"},
      {".10.0.0.1", "an address behind a dot", "write `10.0.0.1`"},
      {"example.com:0", "is not a port", "1 to 65535"},
      {"example.com:65536", "is not a port", "1 to 65535"},
      {"example.com:http", "is not a port", "1 to 65535"},
      {"example.com:+80", "is not a port", "1 to 65535"},
      {"example.com:", "names no port", "write `example.com`"},
      {"example.com:*", "a `*` inside", "stands alone"},
      {"*:*", "names no port", "write `*`"},
      {"example.com:8000-8999", "a range of ports", "`ports: [ 8000-8999 ]`"},
      {":443", "no host", "write `*:443`"},
      {"[2001:db8::1", "not an IPv6 address in brackets", "`[2001:db8::1]:443`"},
      {"[example.com]:443", "not an IPv6 address in brackets", "`[2001:db8::1]:443`"},
      {"[192.0.2.1]", "not an IPv6 address in brackets", "`[2001:db8::1]:443`"},
      {"[2001:db8::]/32", "outside of the brackets", "write `2001:db8::/32`"},
      {"[2001:db8::]/32:443", "outside of the brackets", "`[2001:db8::/32]:443`"},
      {"[2001:db8::1]443", "goes on after", "`[2001:db8::1]:443`"},
      {"[2001:db8::1]:99999", "is not a port", "1 to 65535"},
      {"2001:db8::/32:443", "no valid length", "0 to 128"},
      {"2001:db8::1::2", "not an IPv6 address", "with a port"},
      {"2001:db8::x/32", "not an IPv6 network", "`2001:db8::/32`"},
      {"fe80::1%eth0", "names a zone", "write `fe80::1`"},
      {".", "names no domain", "write `*`"},
      {"..example.com", "empty label", "a domain"},
      {"example..com", "empty label", "a domain"},
      {"exa%6dple.com", "percent", "a domain"},
      {"~example.com", "a character that no name has", "a domain"},
      {"１２７.０.０.１", "characters that stand for others", "in ASCII"},
      {"a℀b.example", "characters that stand for others", "in ASCII"},
      {"\xff.example", "not an international name", "A-label"},
  };
  for (const Row& row : rows) {
    const auto pattern = parse_destination(row.text);
    ASSERT_FALSE(pattern) << row.text;
    EXPECT_THAT(pattern.error().message, HasSubstr(row.message)) << row.text;
    EXPECT_THAT(pattern.error().remedy, HasSubstr(row.remedy)) << row.text;
  }
}

TEST(DestinationPattern, holds_hosts) {
  struct Row {
    std::string_view pattern, host;
    bool holds;
  };
  const Row rows[] = {
      {"*", "example.com", true},
      {"*", "192.0.2.1", true},
      {"example.com", "example.com", true},
      {"example.com", "EXAMPLE.com.", true},
      {"example.com", "a.example.com", true},
      {"example.com", "a.b.Example.com", true},
      {"example.com", "badexample.com", false},
      {"example.com", "example.com.evil.example", false},
      {"example.com", "com", false},
      {".example.com", "example.com", false},
      {".example.com", "a.example.com", true},
      {"bücher.example", "www.xn--bcher-kva.example", true},
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "example.com", false},
      {"2001:db8::/32", "2001:db8:1::", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"192.0.2.1", "::ffff:192.0.2.1", true},
  };
  for (const Row& row : rows) {
    const auto pattern = parse_destination(row.pattern).value();
    EXPECT_EQ(pattern.holds(read_host(row.host).value()), row.holds) << row.pattern << " " << row.host;
  }
}

}  // namespace
}  // namespace sp::policy
