#include "policy/destination_host.h"

#include <gtest/gtest.h>

#include <string>

namespace sp::policy {
namespace {

using namespace std::string_view_literals;

TEST(DestinationHost, reads_names_and_addresses) {
  struct Row {
    std::string_view text, address, name;
  };
  const Row rows[] = {
      {"example.com", "", "example.com"},
      {"Example.COM.", "", "Example.COM"},
      {"localhost", "", "localhost"},
      {"_dmarc.example.com", "", "_dmarc.example.com"},
      {"xn--bcher-kva.example", "", "xn--bcher-kva.example"},
      {"10.0.0.1.example.com", "", "10.0.0.1.example.com"},
      {"1.2.3.4a", "", "1.2.3.4a"},
      {"0xz", "", "0xz"},
      {"deadbeef", "", "deadbeef"},
      {"192.0.2.7", "192.0.2.7", ""},
      {"2001:db8::7", "2001:db8::7", ""},
      {"[2001:DB8:0:0::7]", "2001:db8::7", ""},
      {"[::ffff:127.0.0.1]", "127.0.0.1", ""},
      {"::ffff:7f00:1", "127.0.0.1", ""},
      {"[0:0:0:0:0:ffff:a9fe:a9fe]", "169.254.169.254", ""},
      {"[::127.0.0.1]", "::127.0.0.1", ""},
  };
  for (const Row& row : rows) {
    const auto host = read_host(row.text);
    ASSERT_TRUE(host) << row.text;
    EXPECT_EQ(host->name, row.name) << row.text;
    EXPECT_EQ(host->address ? host->address->text() : "", row.address) << row.text;
  }
}

TEST(DestinationHost, refuses_what_others_may_read_as_an_address) {
  using enum HostFault;
  struct Row {
    std::string_view text;
    HostFault fault;
  };
  const Row rows[] = {
      // 127.0.0.1 and 169.254.169.254 as inet_aton() and browsers read them
      {"2130706433", number},
      {"02130706433", number},
      {"017700000001", number},
      {"0x7f000001", number},
      {"0X7F000001", number},
      {"0x7f.1", number},
      {"0x7f.0x0.0x0.0x1", number},
      {"0x7f.0.0.1", number},
      {"127.1", number},
      {"127.0.1", number},
      {"127.0.0.01", number},
      {"0177.0.0.1", number},
      {"0177.0.0.01", number},
      {"00000177.0.0.1", number},
      {"127.0.0.0x1", number},
      {"127.0.0.1.", number},
      {"127.1.", number},
      {"0", number},
      {"0.", number},
      {"00", number},
      {"0x", number},
      {"0x0", number},
      {"0.0", number},
      {"1", number},
      {"2852039166", number},
      {"0xa9fea9fe", number},
      {"0xA9.0xFE.0xA9.0xFE", number},
      {"0251.0376.0251.0376", number},
      {"169.254.43518", number},
      {"169.16689662", number},
      {"169.254.169.254.", number},
      {"0169.254.169.254", number},
      {"3232235777", number},
      {"10.1", number},
      {"192.168.257", number},
      // more than they can hold: some programs cut off what is too much
      {"4294967297", number},
      {"6425673729", number},
      {"127.0.0.257", number},
      {"256.256.256.256", number},
      {"383.0.0.1", number},
      {"1.2.3.4.5", number},
      {"127.0.0.1.1", number},
      {"example.com.1", number},
      {"example.0x7f", number},
      {"127.0.0.1.0x", number},
      // labels
      {"", empty},
      {".", empty_label},
      {"..", empty_label},
      {"127..1", empty_label},
      {"127.0.0.1..", empty_label},
      {".example.com", empty_label},
      {"example..com", empty_label},
      {"example.com..", empty_label},
      // encodings
      {"127.0.0.1%00", percent},
      {"127%2e0%2e0%2e1", percent},
      {"%6c%6f%63alhost", percent},
      {"example.com%2f", percent},
      {"127.0.0.1\0.example.com"sv, nul},
      {"example.com\0"sv, nul},
      {"\0"sv, nul},
      {"127.0.0.1\r\nHost: x", control_character},
      {"127.0.0.1\t", control_character},
      {"example.com\x7f", control_character},
      {"127.0.0.1 ", bad_character},
      {" 127.0.0.1", bad_character},
      {"127.0.0.1 example.com", bad_character},
      {"user@127.0.0.1", bad_character},
      {"127.0.0.1#example.com", bad_character},
      {"127.0.0.1/", bad_character},
      {"127.0.0.1\\example.com", bad_character},
      {"127,0,0,1", bad_character},
      {"127。0。0。1", not_ascii},
      {"１２７.０.０.１", not_ascii},
      {"①②⑦.⓪.⓪.①", not_ascii},
      {"ⓛocalhost", not_ascii},
      {"bücher.example", not_ascii},
      {"loc\xc2\xad"
       "alhost",
       not_ascii},
      {"\xff", not_ascii},
      // IPv6
      {"[::1", bad_ipv6},
      {"::1]", bad_ipv6},
      {"[]", bad_ipv6},
      {"[127.0.0.1]", bad_ipv6},
      {"[localhost]", bad_ipv6},
      {"[[::1]]", bad_ipv6},
      {"[::1].", bad_ipv6},
      {"::1.", bad_ipv6},
      {":::1", bad_ipv6},
      {"[::ffff:127.1]", bad_ipv6},
      {"[::ffff:0x7f000001]", bad_ipv6},
      {"[::ffff:127.0.0.01]", bad_ipv6},
      {"::ffff:127.0.0.1.", bad_ipv6},
      {"1:2:3:4:5:6:7:8:9", bad_ipv6},
      {"00000::1", bad_ipv6},
      {"127.0.0.1:80", bad_ipv6},
      {"fe80::1%eth0", zone},
      {"[fe80::1%25lo]", zone},
      {"[::1%1]", zone},
      {"[::ffff:127.0.0.1%lo]", zone},
  };
  for (const Row& row : rows) {
    const auto host = read_host(row.text);
    ASSERT_FALSE(host) << row.text;
    EXPECT_EQ(host.error(), row.fault) << row.text << ": " << text(host.error());
  }
}

TEST(DestinationHost, holds_to_the_lengths_of_dns) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(longest.size(), 253u);
  EXPECT_TRUE(read_host(longest));
  EXPECT_TRUE(read_host(longest + "."));
  EXPECT_EQ(read_host(longest + "b").error(), HostFault::too_long);
  EXPECT_EQ(read_host(label + "a.example").error(), HostFault::label_too_long);
}

TEST(DestinationHost, has_words_for_each_fault) {
  for (int fault = 0; fault <= static_cast<int>(HostFault::number); ++fault) {
    EXPECT_FALSE(text(static_cast<HostFault>(fault)).empty()) << fault;
  }
}

}  // namespace
}  // namespace sp::policy
