// For the tests of this folder and its fuzz target: hellos made by hand, and reading them whole or in pieces.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/tls_hello/reader.h"

namespace sp::codec::tls_hello::rows {

// ---- writing

// The most significant octet first.
inline std::string number(std::size_t value, std::size_t size) {
  std::string text;
  for (std::size_t i = size; i-- > 0;) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
inline std::string vector(std::size_t size_of_length, std::string_view content) {
  return number(content.size(), size_of_length) + std::string(content);
}

constexpr std::size_t record_version = 0x0301;  // what most clients say there
inline std::string record(std::string_view content, std::size_t type = 22, std::size_t version = record_version) {
  return number(type, 1) + number(version, 2) + vector(2, content);
}
// As many records as it takes, each of `size` octets but the last.
inline std::string in_records(std::string_view message, std::size_t size) {
  std::string text;
  for (; !message.empty(); message.remove_prefix(std::min(size, message.size())))
    text += record(message.substr(0, size));
  return text;
}
// What is in the records of which `octets` is made.
inline std::string message_of(std::string_view octets) {
  std::string message;
  while (octets.size() >= Reader::record_head) {
    const std::size_t length =
        static_cast<std::size_t>(static_cast<unsigned char>(octets[3])) << 8 | static_cast<unsigned char>(octets[4]);
    message += octets.substr(Reader::record_head, length);
    octets.remove_prefix(std::min(octets.size(), Reader::record_head + length));
  }
  return message;
}
inline std::string message(std::string_view content, std::size_t type = 1) {
  return number(type, 1) + vector(3, content);
}

inline std::string extension(std::size_t type, std::string_view data) { return number(type, 2) + vector(2, data); }
inline std::string server_name(std::string_view name) {
  return extension(0, vector(2, number(0, 1) + vector(2, name)));
}
inline std::string alpn(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) list += vector(1, protocol);
  return extension(16, vector(2, list));
}
inline std::string versions(const std::vector<std::size_t>& offered) {
  std::string list;
  for (std::size_t version : offered) list += number(version, 2);
  return extension(43, vector(1, list));
}

// What stands before the extensions.
inline std::string fixed_fields(std::size_t version = 0x0303) {
  return number(version, 2) + std::string(32, 'r') + vector(1, std::string(32, 's')) + vector(2, "\x13\x01\x13\x02") +
         vector(1, number(0, 1));
}
// A message.
inline std::string hello(std::string_view extensions) { return message(fixed_fields() + vector(2, extensions)); }

// ---- reading

// "mail.example.com alpn=h2,http/1.1 0303 versions=0304,0303"; "-" for no name. What is no letter, digit or mark in a
// protocol is written as \x0a.
inline std::string describe(const Hello& hello) {
  std::string text = hello.server_name.empty() ? "-" : hello.server_name;
  const char* before = " alpn=";
  for (ByteView protocol : hello.protocols) {
    text += std::exchange(before, ",");
    for (char c : protocol) text += c > 0x20 && c < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", c & 0xff);
  }
  text += fmt::format(" {:04x}", hello.legacy_version);
  before = " versions=";
  for (std::uint16_t version : hello.versions) text += fmt::format("{}{:04x}", std::exchange(before, ","), version);
  return text;
}

inline std::string describe(const Error& error) { return fmt::format("{}: {}", name(error.code), error.where); }

// Where to cut: the sizes of the pieces, one after the other; the last is used again and again.
using Cuts = std::vector<std::size_t>;

inline Cuts random_cuts(std::mt19937& random, std::size_t longest) {
  Cuts cuts(64);
  for (std::size_t& cut : cuts) cut = 1 + random() % longest;
  return cuts;
}

struct Outcome {
  std::string text;        // the description, "CODE: where", or "incomplete"
  std::size_t octets = 0;  // how many there were when it was decided
};

// Calls a reader with ever more of `octets`, each time in a buffer of its own that ends where they end.
inline Outcome read(std::string_view octets, const Cuts& cuts) {
  Reader reader;
  std::size_t have = 0;
  for (std::size_t i = 0; have < octets.size(); ++i) {
    have = std::min(octets.size(), have + cuts[std::min(i, cuts.size() - 1)]);
    const auto buffer = std::make_unique<char[]>(have);
    // The size is given. NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)
    std::copy_n(octets.data(), have, buffer.get());
    auto hello = reader.read(ByteView(buffer.get(), have));
    if (!hello) return {describe(hello.error()), have};
    if (*hello) return {describe(**hello), have};
  }
  return {"incomplete", have};
}
inline std::string read_whole(std::string_view octets) {
  return read(octets, {std::max<std::size_t>(octets.size(), 1)}).text;
}

}  // namespace sp::codec::tls_hello::rows
