#include "proxy/outbound/hello_peek.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "codec/tls_hello/rows_for_tests.h"

namespace sp::proxy {
namespace {

namespace rows = codec::tls_hello::rows;

std::string hello_for(std::string_view name) {
  return rows::record(rows::hello(rows::server_name(name) + rows::alpn({"h2", "http/1.1"})));
}

// The name, and after how many octets nothing more was looked at; 0: it still looks.
struct Seen {
  std::string name;
  std::size_t over_after = 0;
};
Seen look(std::string_view octets, std::size_t piece) {
  HelloPeek peek;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    const std::string_view next = octets.substr(at, piece);
    if (peek.note(next)) return {peek.name(), at + next.size()};
  }
  return {peek.name(), 0};
}

TEST(HelloPeek, finds_the_name_however_it_is_cut) {
  const std::string octets = hello_for("WWW.Example.com");
  for (const std::size_t piece : {octets.size(), std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
    const Seen seen = look(octets + "application data", piece);
    EXPECT_EQ(seen.name, "www.example.com") << piece;
    EXPECT_NE(seen.over_after, 0u);
  }
}

TEST(HelloPeek, gives_up_at_once_where_there_is_no_tls) {
  const std::size_t over_after = look("SSH-2.0-OpenSSH_9.6\r\n", 1).over_after;
  EXPECT_TRUE(over_after >= 1 && over_after <= 5) << over_after;
  EXPECT_EQ(look("GET / HTTP/1.1\r\n\r\n", 100).name, "");
}

TEST(HelloPeek, a_hello_without_a_name_has_none) {
  EXPECT_EQ(look(rows::record(rows::hello(rows::alpn({"h2"}))), 50).name, "");
}

TEST(HelloPeek, what_goes_on_for_too_long_is_not_kept) {
  const std::string padding(12'000, 'x');
  const std::string octets = rows::record(rows::hello(rows::extension(21, padding) + rows::server_name("a.test")));
  EXPECT_EQ(look(octets, octets.size()).name, "a.test");  // it is all there: nothing has to be kept
  const Seen seen = look(octets, 1000);
  EXPECT_EQ(seen.name, "");
  EXPECT_LE(seen.over_after, HelloPeek::most_kept + 1000);
  EXPECT_NE(seen.over_after, 0u);
}

}  // namespace
}  // namespace sp::proxy
