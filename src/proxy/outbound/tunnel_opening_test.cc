#include "proxy/outbound/tunnel_opening.h"

#include <gtest/gtest.h>

#include <string>

namespace sp::proxy {
namespace {

using namespace std::string_literals;
using enum TunnelSpeech;

struct Row {
  std::string octets;
  TunnelSpeech is;
};

TEST(TunnelOpening, is_told_by_the_first_octets) {
  const std::vector<Row> rows{
      {"", unclear},
      {"\x16", unclear},
      {"\x16\x03\x01", tls},
      {"\x16\x02", other},
      {"G", unclear},
      {"GET / HTTP/1.1", unclear},
      {"GET / HTTP/1.1\r", unclear},
      {"GET / HTTP/1.1\r\n", http1},
      {"GET / HTTP/1.0\nHost: a\n", http1},
      {"M-SEARCH * HTTP/1.1\r\nx", http1},
      {"GET / HTTP/3.0\r\n", other},
      {"GET / \x01HTTP/1.1\r\n", other},
      {"PRI * HTTP/2.0\r\n", unclear},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0"s, http2},
      {"PRI / HTTP/1.1\r\n", http1},
      {"POST", unclear},
      {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", other},
      {"SSH-2.0-Go\r\n", other},
      {"\r\nGET / HTTP/1.1\r\n", other},
      {" GET / HTTP/1.1\r\n", other},
      {"\x05\x01"s, other},
      {"\0\0"s, other},
      {std::string(33, 'A'), other},
      {"GET /" + std::string(100, 'a'), http1},  // longer than any: the session says so
  };
  for (const Row& row : rows) EXPECT_EQ(speech_of(row.octets, 100), row.is) << row.octets;
}

// What came in pieces is what it is in one.
TEST(TunnelOpening, stays_unclear_until_it_is_clear) {
  for (const std::string& whole :
       {"GET /a HTTP/1.1\r\n"s, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s, "\x16\x03\x01"s, "SSH-2.0-x y\r\n"s}) {
    const TunnelSpeech end = speech_of(whole, 100);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const TunnelSpeech part = speech_of(std::string_view(whole).substr(0, i), 100);
      EXPECT_TRUE(part == unclear || part == end) << whole << i;
    }
  }
}

}  // namespace
}  // namespace sp::proxy
