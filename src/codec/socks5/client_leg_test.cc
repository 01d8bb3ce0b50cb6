// RFC 1928 and RFC 1929 from the server's side. Every row runs whole, octet by octet and in random pieces.
#include "codec/socks5/client_leg.h"

#include <gtest/gtest.h>

#include <ostream>

#include "codec/socks5/rows_for_tests.h"

namespace sp::codec::socks5 {
namespace {

using rows::client_story;
using rows::counted;
using rows::hex;
using Access = ClientLeg::Access;
using namespace std::string_literals;

struct Row {
  std::string name;
  Access access;
  std::string octets;
  std::string expected;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::string no_password = hex("05 01 00");
const std::string with_password = hex("05 01 02");
const std::string connect4 = hex("05 01 00 01 c0000201 01bb");
const std::string connect_end = " <connect> 192.0.2.1 443";

std::string log_in(std::string_view user, std::string_view password) {
  return "\1" + counted(user) + counted(password);
}
std::string to_name(std::string_view name, std::string_view port = "01bb") {
  return hex("05 01 00 03") + counted(name) + hex(port);
}
// What is said of a failed request, behind the answer to the greeting.
std::string failed(int reply) {
  return "0500"
         "050"s +
         std::to_string(reply) + "0001000000000000";
}

std::vector<Row> greeting_rows() {
  return {
      {"nothing", Access::open, "", ""},
      {"one octet", Access::open, hex("05"), ""},
      {"a method that has not come", Access::open, hex("05 01"), ""},
      {"none", Access::open, no_password, "0500"},
      {"none among others", Access::open, hex("05 03 01 02 00"), "0500"},
      {"all of them", Access::open, hex("05 ff") + std::string(254, '\x80') + '\0', "0500"},
      {"a password", Access::password, with_password, "0502"},
      {"a password among others", Access::password, hex("05 03 00 01 02"), "0502"},
      {"no method at all", Access::open, hex("05 00"), "05ff <socks_unsupported>"},
      {"no method at all, and a password is wanted", Access::password, hex("05 00"),
       "05ff <proxy_authentication_required>"},
      {"only a password, and none is wanted", Access::open, with_password, "05ff <socks_unsupported>"},
      {"only GSSAPI", Access::open, hex("05 01 01"), "05ff <socks_unsupported>"},
      {"no password, and one is wanted", Access::password, no_password, "05ff <proxy_authentication_required>"},
      {"255 methods, none of ours", Access::password, hex("05 ff") + std::string(255, '\x80'),
       "05ff <proxy_authentication_required>"},
      {"SOCKS4", Access::open, hex("04 01 0050 c0000201 00"), "005b000000000000 <socks_version>"},
      {"SOCKS4a", Access::password, hex("04 01 0050 00000001 00") + "example.com\0"s,
       "005b000000000000 <socks_version>"},
      {"SOCKS4 by its first octet", Access::open, hex("04"), "005b000000000000 <socks_version>"},
      {"version 0", Access::open, hex("00"), " <socks_malformed>"},
      {"version 6", Access::open, hex("06 01 00"), " <socks_malformed>"},
      {"HTTP", Access::open, "CONNECT example.com:443 HTTP/1.1\r\n\r\n", " <socks_malformed>"},
      {"TLS", Access::open, hex("16 03 01"), " <socks_malformed>"},
  };
}

std::vector<Row> password_rows() {
  const std::string long_text(255, 'x');
  const std::string refused = "05020101 <socks_malformed>";
  return {
      {"the right one", Access::password, with_password + log_in("alice", "secret") + connect4,
       "05020100 alice:secret" + connect_end},
      {"the right one, and no request yet", Access::password, with_password + log_in("alice", "secret"),
       "05020100 alice:secret"},
      {"the wrong one", Access::password, with_password + log_in("alice", "guess") + connect4,
       "05020101 alice:guess <wrong password>"},
      {"an empty one", Access::password, with_password + log_in("alice", ""), "05020101 alice: <wrong password>"},
      {"the longest", Access::password, with_password + log_in(long_text, long_text),
       "05020101 " + long_text + ":" + long_text + " <wrong password>"},
      {"not ASCII", Access::password, with_password + log_in("\xc3\xa9", "secret"), "05020100 \xc3\xa9:secret"},
      {"a colon", Access::password, with_password + log_in("a:b", "secret"), "05020100 a:b:secret"},
      {"one octet short", Access::password, with_password + log_in("alice", "secret").substr(0, 12), "0502"},
      {"no user", Access::password, with_password + log_in("", "secret"), refused},
      {"no user, by the second octet", Access::password, with_password + hex("01 00"), refused},
      {"version 5", Access::password, with_password + "\5" + log_in("alice", "secret").substr(1), refused},
      {"version 0", Access::password, with_password + '\0', refused},
      {"a request instead", Access::password, with_password + connect4, refused},
      {"NUL in the password", Access::password, with_password + log_in("alice", "secret\0x"s), refused},
      {"NUL in the user", Access::password, with_password + log_in("alice\0"s, "secret"), refused},
      {"a line end in the user", Access::password, with_password + log_in("alice\r\n", "secret"), refused},
      {"a tab in the user", Access::password, with_password + log_in("a\tb", "secret"), refused},
      {"DEL in the password", Access::password, with_password + log_in("alice", "\x7f"), refused},
  };
}

std::vector<Row> request_rows() {
  const auto open = [](std::string name, const std::string& request, const std::string& expected) {
    return Row{std::move(name), Access::open, no_password + request, expected};
  };
  const std::string longest(255, 'a');
  return {
      open("IPv4", connect4, "0500" + connect_end),
      open("IPv6", hex("05 01 00 04 20010db8000000000000000000000001 01bb"), "0500 <connect> 2001:db8::1 443"),
      open("IPv4-mapped", hex("05 01 00 04 00000000000000000000ffff7f000001 0050"), "0500 <connect> 127.0.0.1 80"),
      open("not IPv4-mapped", hex("05 01 00 04 00000000000000000000fffe7f000001 0050"),
           "0500 <connect> ::fffe:7f00:1 80"),
      open("zeros", hex("05 01 00 01 00000000 0001"), "0500 <connect> 0.0.0.0 1"),
      open("ones", hex("05 01 00 01 ffffffff ffff"), "0500 <connect> 255.255.255.255 65535"),
      open("a name", to_name("lists.example.com"), "0500 <connect> lists.example.com 443"),
      open("a name of one letter", to_name("a", "0050"), "0500 <connect> a 80"),
      open("the longest name", to_name(longest), "0500 <connect> " + longest + " 443"),
      open("an address as a name", to_name("127.0.0.1"), "0500 <connect> 127.0.0.1 443"),
      open("what follows is the destination's", connect4 + "GET / HTTP/1.1\r\n\r\n",
           "0500" + connect_end + " +GET / HTTP/1.1\r\n\r\n"),
      open("another request follows", connect4 + connect4, "0500" + connect_end + " +" + connect4),
      // Not complete.
      open("nothing", "", "0500"),
      open("no type", connect4.substr(0, 3), "0500"),
      open("no address", connect4.substr(0, 4), "0500"),
      open("no length", hex("05 01 00 03"), "0500"),
      open("one octet short", connect4.substr(0, 9), "0500"),
      open("a name, one octet short", to_name("example.com").substr(0, 17), "0500"),
      // Commands.
      open("BIND", hex("05 02 00 01 c0000201 01bb"), failed(7) + " <socks_unsupported>"),
      open("UDP ASSOCIATE", hex("05 03 00 01 00000000 0000"), failed(7) + " <socks_unsupported>"),
      open("BIND, when all has come", hex("05 02 00 01 c0000201 01"), "0500"),
      open("command 0", hex("05 00 00 01 c0000201 01bb"), failed(7) + " <socks_unsupported>"),
      open("RESOLVE, of Tor", hex("05 f0 00 03") + counted("example.com") + hex("0000"),
           failed(7) + " <socks_unsupported>"),
      // Types of addresses.
      open("type 0", hex("05 01 00 00"), failed(8) + " <socks_unsupported>"),
      open("type 2", hex("05 01 00 02"), failed(8) + " <socks_unsupported>"),
      open("type 5", hex("05 01 00 05"), failed(8) + " <socks_unsupported>"),
      open("type 255", hex("05 01 00 ff"), failed(8) + " <socks_unsupported>"),
      open("BIND to an unknown type", hex("05 02 00 02"), failed(8) + " <socks_unsupported>"),
      // Destinations that are none.
      open("an empty name", to_name(""), failed(1) + " <destination_malformed>"),
      open("a space", to_name("a b"), failed(1) + " <destination_malformed>"),
      open("a NUL", to_name("allowed.example\0.evil.example"s), failed(1) + " <destination_malformed>"),
      open("a line end", to_name("a\r\nHost: b"), failed(1) + " <destination_malformed>"),
      open("not ASCII",
           to_name("b\xc3\xbc"
                   "cher.example"),
           failed(1) + " <destination_malformed>"),
      open("DEL", to_name("a\x7f"), failed(1) + " <destination_malformed>"),
      open("port 0", hex("05 01 00 01 c0000201 0000"), failed(1) + " <destination_malformed>"),
      open("port 0 of a name", to_name("example.com", "0000"), failed(1) + " <destination_malformed>"),
      // All else.
      open("version 4", hex("04"), failed(1) + " <socks_malformed>"),
      open("another greeting", no_password, "0500"),
      open("another greeting, longer", hex("05 02 02 00"), failed(1) + " <socks_malformed>"),
      open("the reserved octet", hex("05 01 01"), failed(1) + " <socks_malformed>"),
      open("a password that is not wanted", log_in("alice", "secret"), failed(1) + " <socks_malformed>"),
      open("HTTP", "GET / HTTP/1.1\r\n\r\n", failed(1) + " <socks_malformed>"),
  };
}

class ClientRows : public ::testing::TestWithParam<Row> {};

TEST_P(ClientRows, whole_and_in_pieces) {
  const Row& row = GetParam();
  EXPECT_EQ(client_story(row.access, row.octets), row.expected);
  for (std::size_t cut = 1; cut < row.octets.size(); ++cut)
    EXPECT_EQ(client_story(row.access, row.octets, {cut, 1 << 30}), row.expected) << cut;
  EXPECT_EQ(client_story(row.access, row.octets, {1}), row.expected);
  std::mt19937 random(5);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client_story(row.access, row.octets, rows::random_cuts(random, 9)), row.expected);
}

INSTANTIATE_TEST_SUITE_P(Greetings, ClientRows, ::testing::ValuesIn(greeting_rows()));
INSTANTIATE_TEST_SUITE_P(Passwords, ClientRows, ::testing::ValuesIn(password_rows()));
INSTANTIATE_TEST_SUITE_P(Requests, ClientRows, ::testing::ValuesIn(request_rows()));

TEST(ClientLeg, no_more_than_one_message_has_to_be_kept) {
  const std::string long_text(255, 'x');
  const std::string octets = hex("05 ff") + std::string(254, '\x80') + "\2" + log_in(long_text, long_text);
  EXPECT_EQ(rows::play_client(Access::password, octets.substr(0, octets.size() - 1), {1}).most_kept,
            ClientLeg::longest_message - 1);
}

TEST(ClientLeg, its_errors_are_the_clients) {
  for (const auto& all : {greeting_rows(), password_rows(), request_rows()}) {
    for (const Row& row : all) {
      ClientLeg leg(Access::open);
      ByteView in = row.octets;
      const auto step = leg.next(in);
      if (step) continue;
      EXPECT_EQ(step.error().side, Side::client) << row.name;
      EXPECT_NE(std::string_view(step.error().where), "") << row.name;
    }
  }
}

// ---- replies ----

TEST(Replies, with_the_address_that_was_bound) {
  const auto bound = [](std::string_view address, std::uint16_t port) {
    return Endpoint{.address = *IpAddress::parse(address), .port = port};
  };
  EXPECT_EQ(rows::to_hex(reply_octets(Reply::succeeded, bound("192.0.2.7", 4711))), "05000001c00002071267");
  EXPECT_EQ(rows::to_hex(reply_octets(Reply::succeeded, bound("2001:db8::7", 80))),
            "0500000420010db80000000000000000000000070050");
  EXPECT_EQ(rows::to_hex(reply_octets(Reply::succeeded)), "05000001000000000000");
  EXPECT_EQ(rows::to_hex(reply_octets(Reply::succeeded, {.port = 80, .unix_path = "/run/x"})), "05000001000000000000");
}

TEST(Replies, of_each_kind) {
  for (int reply = 0; reply <= 8; ++reply)
    EXPECT_EQ(rows::to_hex(reply_octets(static_cast<Reply>(reply))),
              "050" + std::to_string(reply) + "0001000000000000");
}

TEST(Replies, by_what_went_wrong) {
  EXPECT_EQ(reply_of(Code::ok), Reply::succeeded);
  EXPECT_EQ(reply_of(Code::destination_refused), Reply::not_allowed);
  EXPECT_EQ(reply_of(Code::destination_address_refused), Reply::not_allowed);
  EXPECT_EQ(reply_of(Code::denied), Reply::not_allowed);
  EXPECT_EQ(reply_of(Code::connection_unreachable), Reply::network_unreachable);
  EXPECT_EQ(reply_of(Code::dns_error), Reply::host_unreachable);
  EXPECT_EQ(reply_of(Code::dns_no_address), Reply::host_unreachable);
  EXPECT_EQ(reply_of(Code::connection_refused), Reply::connection_refused);
  EXPECT_EQ(reply_of(Code::connection_timeout), Reply::ttl_expired);
  EXPECT_EQ(reply_of(Code::dns_timeout), Reply::ttl_expired);
  EXPECT_EQ(reply_of(Code::internal), Reply::general_failure);
  EXPECT_EQ(reply_of(Code::no_descriptors), Reply::general_failure);
}

TEST(Replies, only_success_is_one) {
  for (unsigned i = 1; i < static_cast<unsigned>(Code::count_); ++i)
    EXPECT_NE(reply_of(static_cast<Code>(i)), Reply::succeeded) << name(static_cast<Code>(i));
}

}  // namespace
}  // namespace sp::codec::socks5
