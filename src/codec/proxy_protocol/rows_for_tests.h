// For the tests of this folder and its fuzz target: headers made of octets by hand, reading them whole or in pieces,
// and writing again what was read.
#pragma once

#include <algorithm>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/proxy_protocol/describe.h"
#include "codec/proxy_protocol/reader.h"
#include "codec/proxy_protocol/writer.h"

namespace sp::codec::proxy_protocol::rows {

// A row of a table: what is sent, and what the reader must make of it: describe(), or the name of a Code.
struct Row {
  std::string name;
  std::string bytes;
  std::string expected;
  Limits limits{};
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

inline std::string number(std::uint64_t value, int octets) {
  std::string text;
  for (int i = octets - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

// Spaces and line ends are passed over.
inline std::string hex(std::string_view digits) {
  std::string octets;
  unsigned value = 1;
  for (char c : digits) {
    if (c == ' ' || c == '\n') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (value < 0x100) continue;
    octets += static_cast<char>(value & 0xff);
    value = 1;
  }
  return octets;
}

inline std::string to_hex(std::string_view octets) {
  std::string text;
  for (char c : octets) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

inline const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

inline std::string v2(unsigned version_command, unsigned family, std::string_view rest) {
  return signature + number(version_command, 1) + number(family, 1) + number(rest.size(), 2) + std::string(rest);
}

inline std::string tlv(unsigned type, std::string_view value) {
  return number(type, 1) + number(value.size(), 2) + std::string(value);
}

// Where to cut: the sizes of the pieces, one after the other; the last is used again and again.
using Cuts = std::vector<std::size_t>;

inline Cuts random_cuts(std::mt19937& random, std::size_t longest) {
  Cuts cuts(64);
  for (std::size_t& cut : cuts) cut = 1 + random() % longest;
  return cuts;
}

// Reads ever more of `bytes`, each time in a buffer of its own that ends where they end. The end is describe(), "
// length N" behind it where the header does not end with the bytes; or the name of a Code; or "incomplete".
inline std::string read(std::string_view bytes, const Cuts& cuts, const Limits& limits = {}) {
  const HeaderReader reader(limits);
  std::size_t have = 0;
  for (std::size_t i = 0; have < bytes.size(); ++i) {
    have = std::min(bytes.size(), have + cuts[std::min(i, cuts.size() - 1)]);
    const auto buffer = std::make_unique<char[]>(have);
    // The size is given. NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)
    std::copy_n(bytes.data(), have, buffer.get());
    Header header;
    const auto size = reader.read(ByteView(buffer.get(), have), header);
    if (!size) return std::string(name(size.error().code));
    if (*size == 0) continue;
    return describe(header) + (*size != bytes.size() ? " length " + std::to_string(*size) : "");
  }
  return "incomplete";
}

// What has a member in Attributes and what is in Attributes::others.
inline bool has_member(const Tlv& tlv) {
  return tlv.type == tlv_alpn || tlv.type == tlv_authority || tlv.type == tlv_unique_id || tlv.type == tlv_ssl ||
         tlv.type == tlv_netns || tlv.type == tlv_crc32c;
}
inline std::vector<Tlv> others_of(const Header& header) {
  std::vector<Tlv> others;
  for (const Tlv& each : header.tlvs) {
    if (!has_member(each)) others.push_back(each);
  }
  return others;
}

// Writes what was read, with everything that it said.
inline std::string write_again(const Header& header) {
  const std::vector<Tlv> others = others_of(header);
  const Tlvs& tlvs = header.tlvs;
  const Attributes attributes{.alpn = tlvs.value(tlv_alpn),
                              .authority = tlvs.value(tlv_authority),
                              .unique_id = tlvs.value(tlv_unique_id),
                              .ssl = ssl(tlvs),
                              .netns = tlvs.value(tlv_netns),
                              .others = others,
                              .checksum = tlvs.find(tlv_crc32c) ? Checksum::crc32c : Checksum::none};
  std::string room(8192, '\xaa');
  const auto size = write_header(header, attributes, room);
  return size ? room.substr(0, *size) : "cannot be written";
}

// Whether both say the same, in whatever order. Not compared: the value of a checksum, and in tlv_ssl what Ssl has no
// member for.
inline bool same(const Header& a, const Header& b) {
  const auto texts = [](const Tlvs& list) {
    return std::vector{list.value(tlv_alpn), list.value(tlv_authority), list.value(tlv_unique_id),
                       list.value(tlv_netns)};
  };
  return a.version == b.version && a.command == b.command && a.transport == b.transport && a.source == b.source &&
         a.destination == b.destination && texts(a.tlvs) == texts(b.tlvs) && ssl(a.tlvs) == ssl(b.tlvs) &&
         others_of(a) == others_of(b) && a.tlvs.find(tlv_crc32c).has_value() == b.tlvs.find(tlv_crc32c).has_value();
}

}  // namespace sp::codec::proxy_protocol::rows
