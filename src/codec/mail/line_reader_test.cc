#include "codec/mail/line_reader.h"

#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"

namespace sp::codec::mail {
namespace {

using namespace std::string_literals;

// All lines, each in brackets, and what is left; or the code behind the lines before.
std::string read(std::string_view octets, std::size_t limit, Side sender, const rows::Cuts& cuts) {
  LineReader reader(sender);
  rows::Feed feed(cuts);
  feed.add(octets);
  std::string text;
  for (;;) {
    ByteView in = feed.show();
    const auto line = reader.take(in, limit);
    if (!line) return text + rows::code_of(line.error());
    if (*line) text.append("[").append(**line).append("]");
    feed.keep(in);
    if (!*line && !feed.come()) return text + feed.left();
  }
}

struct Row {
  std::string octets;
  std::string expected;
};

TEST(Lines, of_a_client) {
  const std::vector<Row> rows{
      {"", ""},
      {"a", "a"},
      {"a\r", "a\r"},
      {"a\r\n", "[a]"},
      {"\r\n", "[]"},
      {"a\r\nb\r\n\r\nc", "[a][b][]c"},
      {"1234567\r\n", "<mail_line_too_long>"},
      {"123456\r\n", "[123456]"},
      {"1234567\r", "<mail_line_too_long>"},
      {"12345678", "<mail_line_too_long>"},
      {"1234567", "1234567"},
      {"a\n", "<mail_malformed>"},
      {"\n", "<mail_malformed>"},
      {"a\rb\r\n", "<mail_malformed>"},
      {"a\r\r\n", "<mail_malformed>"},
      {"a\r\nb\nc\r\n", "[a]<mail_malformed>"},
      {"a\0\r\n"s, "<mail_malformed>"},
      {"a\r\0"s, "<mail_malformed>"},
      {"\t\x01\x7f\xff\r\n", "[\t\x01\x7f\xff]"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(rows::in_all_cuts([&](const rows::Cuts& cuts) { return read(row.octets, 8, Side::client, cuts); }),
              row.expected);
  }
}

TEST(Lines, of_a_server_bear_its_code) {
  EXPECT_EQ(read("123456789", 8, Side::upstream, rows::whole), "<mail_reply_malformed>");
  EXPECT_EQ(read("a\n", 8, Side::upstream, rows::whole), "<mail_reply_malformed>");
}

}  // namespace
}  // namespace sp::codec::mail
