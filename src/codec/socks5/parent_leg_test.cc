// RFC 1928 and RFC 1929 from the client's side. Every row runs whole, octet by octet and in random pieces.
#include "codec/socks5/parent_leg.h"

#include <gtest/gtest.h>

#include <ostream>

#include "codec/socks5/rows_for_tests.h"

namespace sp::codec::socks5 {
namespace {

using rows::counted;
using rows::hex;
using rows::parent_story;
using rows::to_hex;

const Target target4{.address = *IpAddress::parse("192.0.2.1"), .port = 443};
const Target target6{.address = *IpAddress::parse("2001:db8::1"), .port = 443};
const Target named{.name = "example.com", .port = 80};
const ParentCredentials nobody;
const ParentCredentials alice{.user = "alice", .password = "secret"};

const std::string asked4 = "05010001c000020101bb";
const std::string logged_in = to_hex("\1" + counted("alice") + counted("secret"));
const std::string ok = "05 00 00 01 00000000 0000";

struct Row {
  std::string name;
  ParentCredentials credentials;
  std::string octets;
  std::string expected;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

// Behind the request without a password.
Row reply(std::string name, std::string_view octets, const std::string& expected) {
  return {std::move(name), nobody, hex("05 00") + hex(octets), "050100 " + asked4 + expected};
}

std::vector<Row> rows_of_methods() {
  return {
      {"nothing", nobody, "", "050100"},
      {"half", nobody, hex("05"), "050100"},
      {"without a password", nobody, hex("05 00"), "050100 " + asked4},
      {"a password is possible, and not wanted", alice, hex("05 00"), "05020002 " + asked4},
      {"a password is wanted", alice, hex("05 02"), "05020002 " + logged_in},
      {"it is right", alice, hex("05 02 01 00"), "05020002 " + logged_in + " " + asked4},
      {"it is right, in the version of SOCKS", alice, hex("05 02 05 00"), "05020002 " + logged_in + " " + asked4},
      {"it is wrong", alice, hex("05 02 01 01"), "05020002 " + logged_in + " <parent_refused>"},
      {"it is wrong, by 255", alice, hex("05 02 01 ff"), "05020002 " + logged_in + " <parent_refused>"},
      {"no method, and no password", nobody, hex("05 ff"), "050100 <parent_refused>"},
      {"no method", alice, hex("05 ff"), "05020002 <parent_refused>"},
      {"a password is wanted, and was not offered", nobody, hex("05 02"), "050100 <parent_malformed>"},
      {"GSSAPI", alice, hex("05 01"), "05020002 <parent_malformed>"},
      {"SOCKS4", nobody, hex("00 5b"), "050100 <parent_malformed>"},
      {"HTTP", nobody, "HTTP/1.1 400 Bad Request\r\n\r\n", "050100 <parent_malformed>"},
      {"HTTP, by its first octet", nobody, "H", "050100 <parent_malformed>"},
  };
}

std::vector<Row> rows_of_replies() {
  return {
      reply("success", ok, " <joined>"),
      reply("IPv6", "05 00 00 04 20010db8000000000000000000000001 01bb", " <joined>"),
      reply("a name", "05 00 00 03 03 616263 01bb", " <joined>"),
      reply("an empty name", "05 00 00 03 00 0000", " <joined>"),
      reply("the server speaks first", ok + " 61 62 63", " <joined>abc"),
      reply("one octet short", "05 00 00 01 00000000 00", ""),
      reply("no type", "05 00 00", ""),
      reply("no length", "05 00 00 03", ""),
      reply("an unknown type", "05 00 00 02", " <parent_malformed>"),
      reply("another version", "04", " <parent_malformed>"),
      reply("general failure", "05 01", " <connection_failed>"),
      reply("not allowed", "05 02 00 01 00000000 0000", " <parent_denied>"),
      reply("network unreachable", "05 03", " <connection_unreachable>"),
      reply("host unreachable", "05 04", " <connection_unreachable>"),
      reply("refused", "05 05", " <connection_refused>"),
      reply("TTL", "05 06", " <connection_timeout>"),
      reply("no CONNECT", "05 07", " <parent_refused>"),
      reply("no such type of address", "05 08", " <parent_refused>"),
      reply("not assigned", "05 09", " <connection_failed>"),
      reply("of Tor", "05 f0", " <connection_failed>"),
  };
}

class ParentRows : public ::testing::TestWithParam<Row> {};

TEST_P(ParentRows, whole_and_in_pieces) {
  const Row& row = GetParam();
  EXPECT_EQ(parent_story(row.credentials, target4, row.octets), row.expected);
  for (std::size_t cut = 1; cut < row.octets.size(); ++cut)
    EXPECT_EQ(parent_story(row.credentials, target4, row.octets, {cut, 1 << 30}), row.expected) << cut;
  EXPECT_EQ(parent_story(row.credentials, target4, row.octets, {1}), row.expected);
  std::mt19937 random(5);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(parent_story(row.credentials, target4, row.octets, rows::random_cuts(random, 5)), row.expected);
}

INSTANTIATE_TEST_SUITE_P(Methods, ParentRows, ::testing::ValuesIn(rows_of_methods()));
INSTANTIATE_TEST_SUITE_P(Replies, ParentRows, ::testing::ValuesIn(rows_of_replies()));

TEST(ParentLeg, asks_for_every_kind_of_target) {
  EXPECT_EQ(parent_story(nobody, target6, hex("05 00")), "050100 0501000420010db800000000000000000000000101bb");
  EXPECT_EQ(parent_story(nobody, named, hex("05 00")),
            "050100 " + to_hex(hex("05 01 00 03") + counted("example.com") + hex("0050")));
}

TEST(ParentLeg, says_nothing_that_does_not_fit) {
  const std::string longest(255, 'x');
  const std::string longer = longest + 'x';
  EXPECT_EQ(parent_story(nobody, {.name = longest, .port = 1}, ""), "050100");
  EXPECT_EQ(parent_story(nobody, {.name = longer, .port = 1}, ""), "<destination_malformed>");
  EXPECT_EQ(parent_story({.user = longest, .password = longest}, target4, ""), "05020002");
  EXPECT_EQ(parent_story({.user = longer, .password = ""}, target4, ""), "<config_invalid>");
  EXPECT_EQ(parent_story({.user = "a", .password = longer}, target4, ""), "<config_invalid>");
}

TEST(ParentLeg, its_errors_let_another_way_be_tried) {
  ParentLeg leg;
  ASSERT_TRUE(leg.begin(nobody, target4));
  const std::string octets = hex("05 ff");
  ByteView in = octets;
  const auto step = leg.next(in);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().side, Side::upstream);
  EXPECT_EQ(step.error().retry, Retry::safe);
}

// What we say to a parent our own other half understands.
TEST(ParentLeg, is_understood_by_the_other_leg) {
  for (const Target& target : {target4, target6, named}) {
    ParentLeg leg;
    std::string said(leg.begin(alice, target)->send);
    for (const char* answer : {"05 02", "01 00"}) {
      const std::string octets = hex(answer);
      ByteView in = octets;
      said += leg.next(in)->send;
    }
    EXPECT_EQ(rows::client_story(ClientLeg::Access::password, said),
              "05020100 alice:secret <connect> " + rows::text_of(target));
  }
}

}  // namespace
}  // namespace sp::codec::socks5
