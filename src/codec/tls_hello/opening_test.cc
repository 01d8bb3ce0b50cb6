#include "codec/tls_hello/opening.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sp::codec::tls_hello {
namespace {

using namespace std::string_literals;

struct Row {
  std::string sent;
  Opening expected;
};
const std::vector<Row> rows{
    {"\x16\x03\x01", Opening::handshake},
    {"\x16\x03\x09", Opening::handshake},
    {"\x15\x03\x01\x00\x02"s, Opening::other_record},
    {"\x14\x03\x03", Opening::other_record},
    {"\x17\x03\x03", Opening::other_record},
    {"\x18\x03\x03", Opening::other_record},
    {"\x16\xfe\xfd", Opening::other},  // of DTLS
    {"\x16\x02", Opening::other},
    {"\x80\x2e\x01\x00\x02\x00\x15"s, Opening::sslv2_hello},
    {"\x80\x2e\x01\x03\x01\x00\x15"s, Opening::sslv2_hello},
    {"\xff\xff\x01\x03\x03", Opening::sslv2_hello},
    {"\x80\x2e\x04", Opening::other},
    {"\x80\x2e\x01\x00\x03"s, Opening::other},
    {"\x80\x2e\x01\x04", Opening::other},
    {"GET / HTTP/1.1\r\n", Opening::http},
    {"get / HTTP/1.1\r\n", Opening::http},
    {"HEAD /", Opening::http},
    {"POST /", Opening::http},
    {"PUT /", Opening::http},
    {"DELETE /", Opening::http},
    {"OPTIONS *", Opening::http},
    {"PATCH /", Opening::http},
    {"TRACE /", Opening::http},
    {"CONNECT a:443", Opening::http},
    {"PROPFIND /", Opening::http},
    {"PRI * HTTP/2.0\r\n", Opening::http},
    {"SSH-2.0-OpenSSH_9.2\r\n", Opening::ssh},
    {"EHLO a.example\r\n", Opening::smtp},
    {"ehlo a.example\r\n", Opening::smtp},
    {"HELO a.example\r\n", Opening::smtp},
    {"LHLO a.example\r\n", Opening::smtp},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Opening::proxy_header},
    {"\r\n\r\n\0\r\nQUIT\n\x21\x11"s, Opening::proxy_header},
    {"\r\n\r\n\r\n", Opening::other},
    {"GETX", Opening::other},
    {"a1 LOGIN\r\n", Opening::other},
    {"\0"s, Opening::other},
    {"\x19", Opening::other},
};

TEST(Openings, are_told_apart) {
  for (const Row& row : rows) EXPECT_EQ(opening_of(row.sent), row.expected) << row.sent;
  EXPECT_EQ(opening_of(""), Opening::undecided);
}

TEST(Openings, stay_what_they_are_when_more_octets_come) {
  for (const Row& row : rows) {
    bool decided = false;
    for (std::size_t size = 0; size <= row.sent.size(); ++size) {
      const Opening opening = opening_of(row.sent.substr(0, size));
      if (opening != Opening::undecided) EXPECT_EQ(opening, row.expected) << row.sent << " of " << size;
      EXPECT_TRUE(!decided || opening != Opening::undecided) << row.sent << " of " << size;
      decided = opening != Opening::undecided;
      if (size >= longest_opening) EXPECT_TRUE(decided) << row.sent;
    }
  }
}

TEST(Openings, have_words) {
  for (int i = 0; i <= static_cast<int>(Opening::other); ++i) {
    for (int j = 0; j < i; ++j) EXPECT_STRNE(describe(static_cast<Opening>(i)), describe(static_cast<Opening>(j)));
  }
}

}  // namespace
}  // namespace sp::codec::tls_hello
