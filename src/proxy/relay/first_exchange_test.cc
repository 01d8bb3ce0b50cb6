#include "proxy/relay/first_exchange.h"

#include <gtest/gtest.h>

namespace sp::proxy {
namespace {

// What the two sides say, in this order: "c:EHLO", "s:220 hello", "c." and "s." are ends.
Code verdict_of(FirstExchange::Rules rules, std::initializer_list<std::string_view> said) {
  FirstExchange exchange(rules);
  for (const std::string_view each : said) {
    const bool by_client = each.front() == 'c';
    const std::string_view octets = each.substr(2);
    if (each[1] == '.')
      exchange.note_end(by_client);
    else if (by_client)
      exchange.note_client(octets);
    else
      exchange.note_server(octets);
  }
  return exchange.verdict().code;
}

constexpr FirstExchange::Rules told{.header_sent = true, .server_speaks_first = true};
constexpr FirstExchange::Rules untold{.server_speaks_first = true};
constexpr FirstExchange::Rules any{.header_sent = false};

TEST(FirstExchange, a_server_takes_the_header_for_a_command) {
  EXPECT_EQ(verdict_of(told, {"s:220 mx ready\r\n500 5.5.1 Invalid command.\r\n", "c:EHLO x\r\n", "s:250 mx\r\n"}),
            Code::proxy_not_expected);
  EXPECT_EQ(verdict_of(told, {"s:* OK ready\r\n* BAD unknown command\r\n", "c."}), Code::proxy_not_expected);
  // Its answer to the client's own words is another matter.
  EXPECT_EQ(verdict_of(told, {"s:220 mx ready\r\n", "c:FOO\r\n", "s:500 5.5.1 Invalid command.\r\n", "c."}), Code::ok);
  EXPECT_EQ(verdict_of(untold, {"s:220 mx ready\r\n500 5.5.1 Invalid command.\r\n", "c."}), Code::ok);
}

TEST(FirstExchange, a_server_does_not_trust_this_gate) {
  EXPECT_EQ(verdict_of(told, {"s."}), Code::proxy_peer_unlisted);
  EXPECT_EQ(verdict_of(told, {"c."}), Code::ok);
  EXPECT_EQ(verdict_of(told, {"s:220 mx\r\n", "s."}), Code::ok);
}

TEST(FirstExchange, a_server_waits_for_a_header) {
  EXPECT_EQ(verdict_of(untold, {"s."}), Code::proxy_expected);
  EXPECT_EQ(verdict_of(untold, {"s:421 4.3.0 mx no PROXY header\r\n", "s."}), Code::proxy_expected);
  EXPECT_EQ(verdict_of(untold, {"s:421 4.3.0 mx no PROXY header\r\n", "c:QUIT\r\n", "c."}), Code::proxy_expected);
  EXPECT_EQ(verdict_of(untold, {"s:554 5.7.1 banned\r\n", "s."}), Code::ok);
  EXPECT_EQ(verdict_of(untold, {"s:220 mx\r\n", "c:QUIT\r\n", "s:221 bye\r\n", "s."}), Code::ok);
  EXPECT_EQ(verdict_of(untold, {"c."}), Code::ok);
  EXPECT_EQ(verdict_of(any, {"s."}), Code::ok);  // a connection that was opened in advance
}

TEST(FirstExchange, who_may_not_send_a_header_is_found_in_any_pieces) {
  for (const std::string_view header : {std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
                                        std::string_view("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16)}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}, header.size()}) {
      FirstExchange exchange({.client_may_not_send = true});
      FirstExchange may({});
      bool passes = true;
      for (std::size_t at = 0; at < header.size(); at += size) {
        passes = passes && exchange.note_client(header.substr(at, size));
        EXPECT_TRUE(may.note_client(header.substr(at, size)));
      }
      EXPECT_FALSE(passes);
    }
  }
  FirstExchange exchange({.client_may_not_send = true});
  EXPECT_TRUE(exchange.note_client("PROXYX TCP4"));
  EXPECT_TRUE(exchange.note_client("\r\n\r\n"));
}

TEST(FirstExchange, is_over_when_both_have_said_more_than_that) {
  FirstExchange exchange(told);
  exchange.note_server(std::string(500, 'x'));
  EXPECT_FALSE(exchange.over());
  exchange.note_client(std::string(600, 'x'));
  EXPECT_TRUE(exchange.over());
}

}  // namespace
}  // namespace sp::proxy
