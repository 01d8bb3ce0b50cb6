#include "codec/mail/content_scan.h"

#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"

namespace sp::codec::mail {
namespace {

using Outcome = ContentScan::Outcome;

// How many octets belong to the content, "?" before the octet that is ambiguous; "more" without an end.
std::string scan(std::string_view octets, const rows::Cuts& cuts) {
  ContentScan content;
  content.start();
  std::size_t done = 0;
  for (std::size_t i = 0; done < octets.size(); ++i) {
    const std::string piece(octets.substr(done, cuts[std::min(i, cuts.size() - 1)]));
    std::size_t at = 0;
    const Outcome outcome = content.scan(piece, at);
    done += at;
    if (outcome == Outcome::end) return std::to_string(done);
    if (outcome == Outcome::ambiguous) return std::to_string(done - 1) + "?";
    EXPECT_EQ(at, piece.size());
  }
  return "more";
}

struct Row {
  std::string octets, expected;
};

TEST(Content, its_end) {
  const std::vector<Row> rows{
      {"", "more"},
      {".\r\n", "3"},
      {"\r\n.\r\n", "5"},
      {"a\r\n.\r\nMAIL", "6"},
      {"a\r\nb\r\n.\r\n", "9"},
      {"..\r\n.\r\n", "7"},
      {"a\r\n..\r\n.\r\n", "10"},
      {"a\r\n.b\r\n.\r\n", "10"},
      {"a.\r\n.\r\n", "7"},
      {"a\r\n.\r", "more"},
      {"a\r\n.", "more"},
      {"a\r\n. \r\n.\r\n", "10"},
      // Bare line ends are content.
      {"a\nb\r\n.\r\n", "8"},
      {"a\rb\r\n.\r\n", "8"},
      {"a\n..\n\r\n.\r\n", "10"},
      {"a\n.b\r\n.\r\n", "9"},
      {"a\r\r\n.\r\n", "7"},
      {"a\n\r\n.\r\n", "7"},
      // What some take for the end: each form of a line end before and behind the dot, but for CRLF twice.
      {".\n", "1?"},
      {".\r.", "2?"},
      {"a\r\n.\n", "4?"},
      {"a\r\n.\ra", "5?"},
      {"a\r\n.\r\r\n", "5?"},
      {"a\n.\n", "3?"},
      {"a\n.\r\n", "4?"},
      {"a\n.\ra", "4?"},
      {"a\r.\n", "3?"},
      {"a\r.\r\n", "4?"},
      {"a\r.\ra", "4?"},
      {"a\r\r.\r\n", "5?"},
      {"\n.\r\n", "3?"},
      {"a\r\n\n.\r\n", "6?"},
      {"a\nb\n.\nMAIL FROM:<x>\r\n", "5?"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(rows::in_all_cuts([&](const rows::Cuts& cuts) { return scan(row.octets, cuts); }), row.expected)
        << ::testing::PrintToString(row.octets);
  }
}

TEST(Content, starts_anew) {
  ContentScan content;
  content.start();
  std::size_t at = 0;
  EXPECT_EQ(content.scan("a\r\n.\r\n", at), Outcome::end);
  content.start();
  at = 0;
  EXPECT_EQ(content.scan("b\r\n.\r\n", at), Outcome::end);
  EXPECT_EQ(at, 6u);
}

// The same by a rule of its own: cut into lines at each CRLF, LF and CR, a dot alone decides.
std::string by_rule(std::string_view octets) {
  bool good = true;
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t end = std::min(octets.find_first_of("\r\n", at), octets.size());
    const std::string_view line = octets.substr(at, end - at);
    if (end == octets.size() || (octets[end] == '\r' && end + 1 == octets.size())) return "more";
    const bool crlf = octets[end] == '\r' && octets[end + 1] == '\n';
    if (line == "." && (!good || !crlf)) {
      // The octet that decides is the LF; behind a CR it is the one that is behind it.
      return std::to_string(octets[end] == '\r' ? end + 1 : end) + "?";
    }
    at = end + (crlf ? 2 : 1);
    if (line == ".") return std::to_string(at);
    good = crlf;
  }
  return "more";
}

TEST(Content, as_the_rule_has_it_for_all_short_ones) {
  const std::string alphabet = "\r\n.a";
  for (std::size_t n = 0; n < 1 << 16; ++n) {
    std::string octets;
    for (std::size_t i = 0; i < 8; ++i) octets += alphabet[n >> (2 * i) & 3];
    ASSERT_EQ(scan(octets, rows::whole), by_rule(octets)) << ::testing::PrintToString(octets);
    ASSERT_EQ(scan(octets, rows::Cuts{1}), by_rule(octets)) << ::testing::PrintToString(octets);
  }
}

}  // namespace
}  // namespace sp::codec::mail
