#include "codec/h1/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codec/characters.h"
#include "http/fields.h"

namespace sp::codec::h1 {
namespace {

// In a buffer that ends where the text ends, so that the address sanitizer sees a step beyond it.
std::vector<Masks> classified(const Classifier& classifier, std::string_view text) {
  const auto buffer = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), buffer.get());
  std::vector<Masks> masks((text.size() + 63) / 64);
  classifier.classify(ByteView(buffer.get(), text.size()), masks.data());
  return masks;
}

void expect_right(const Classifier& classifier, std::string_view text) {
  const std::vector<Masks> masks = classified(classifier, text);
  for (std::size_t i = 0; i < masks.size() * 64; ++i) {
    const bool there = i < text.size();
    EXPECT_EQ(masks[i / 64].control >> (i % 64) & 1, there && is_control(text[i])) << classifier.name << i;
    EXPECT_EQ(masks[i / 64].non_token >> (i % 64) & 1, there && !is_tchar(text[i])) << classifier.name << i;
  }
  const auto buffer = std::make_unique<char[]>(text.size());
  std::ranges::copy(text, buffer.get());
  EXPECT_EQ(classifier.count_controls({buffer.get(), text.size()}), std::ranges::count_if(text, is_control))
      << classifier.name << text.size();
}

TEST(Scan, classifies_every_octet_at_every_place) {
  std::string all(256, '\0');
  for (int i = 0; i < 256; ++i) all[static_cast<std::size_t>(i)] = static_cast<char>(i);
  for (const Classifier& classifier : classifiers()) {
    expect_right(classifier, all);
    for (std::size_t size = 0; size <= 130; ++size) expect_right(classifier, std::string_view(all).substr(0, size));
    std::mt19937 random(1);  // NOLINT: the same text each time
    for (int round = 0; round < 50; ++round) {
      std::shuffle(all.begin(), all.end(), random);
      expect_right(classifier, all);
    }
  }
}

TEST(Scan, the_portable_way_is_always_there) { EXPECT_STREQ(classifiers().back().name, "scalar"); }

// The table agrees with what the message model says.
TEST(Scan, characters) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    EXPECT_EQ(is_tchar(c), http::is_token({&c, 1})) << i;
    EXPECT_EQ(!is_control(c), http::is_field_value({&c, 1})) << i;
  }
}

TEST(Scan, lines) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
  ScanCursor cursor;
  LineIndex index;  // NOLINT: filled by scan_lines
  EXPECT_EQ(scan_lines(text, cursor, index), Stop::empty_line);
  ASSERT_EQ(index.count, 2u);
  EXPECT_EQ(index.lines[0].begin, 0u);
  EXPECT_EQ(index.lines[0].name_end, 3u);
  EXPECT_EQ(index.lines[0].end, 14u);
  EXPECT_EQ(index.lines[1].begin, 16u);
  EXPECT_EQ(index.lines[1].name_end, 20u);
  EXPECT_EQ(index.lines[1].end, 23u);
  EXPECT_EQ(cursor.at, text.size() - 4);
}

// Lines of every length put CR and LF at every place of a block, and over its border.
TEST(Scan, lines_at_every_place) {
  for (std::size_t first = 1; first < 140; ++first) {
    for (std::size_t second : {1u, 2u, 61u, 62u, 63u, 64u, 65u, 500u}) {
      const std::string text = std::string(first, 'a') + "\r\n" + std::string(second, 'b') + ":\r\n\r\n";
      ScanCursor cursor;
      LineIndex index;  // NOLINT: filled by scan_lines
      ASSERT_EQ(scan_lines(text, cursor, index), Stop::empty_line);
      ASSERT_EQ(index.count, 2u);
      EXPECT_EQ(index.lines[0].end, first);
      EXPECT_EQ(index.lines[0].name_end, first);
      EXPECT_EQ(index.lines[1].begin, first + 2);
      EXPECT_EQ(index.lines[1].name_end, first + 2 + second);
      EXPECT_EQ(index.lines[1].end, first + 3 + second);
      EXPECT_EQ(cursor.at, text.size());
    }
  }
}

TEST(Scan, goes_on_when_the_index_is_full) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a: b\r\n";
  text += "\r\n";
  ScanCursor cursor;
  LineIndex index;  // NOLINT: filled by scan_lines
  std::size_t lines = 0;
  Stop stop = Stop::full;
  while (stop == Stop::full) {
    stop = scan_lines(text, cursor, index);
    lines += index.count;
  }
  EXPECT_EQ(stop, Stop::empty_line);
  EXPECT_EQ(lines, 100u);
}

}  // namespace
}  // namespace sp::codec::h1
