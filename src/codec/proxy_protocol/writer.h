// Writes the header of the PROXY protocol, all of it into one piece of memory: the specification wants it to leave at
// once, before anything else. What our own reader would refuse is not written, whoever put it there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

enum class Checksum : std::uint8_t { none, crc32c };

// What version 2 can say besides the addresses. Empty texts are left out; all are borrowed until write() returns.
struct Attributes {
  ByteView alpn;
  ByteView authority;
  ByteView unique_id;  // at most unique_id_max octets
  std::optional<Ssl> ssl;
  ByteView netns;
  std::span<const Tlv> others;  // of types that have no member here, empty values too
  Checksum checksum = Checksum::none;
};

// Writes into `room` from its beginning and returns how many octets. No octet of `room` beyond them means anything,
// also after an error. Errors, both Side::local: internal, when the values cannot be expressed (below);
// proxy_header_too_long, when they do not fit into `room` or a length into its 16 bits.
//
// How long a header may be is what the receiver takes: the specification promises 107 octets of version 1, and 536 of
// version 2. That is for `room` to say.
//
// Version 2: addresses as header.transport says, an IPv4 address in tcp6 and udp6 as IPv4-mapped IPv6. The
// specification is silent on one end of IPv4 and one of IPv6; HAProxy takes it and shows the IPv4-mapped address.
// Command::local: no addresses and no attributes, which the receiver would have to pass over. Transport::unspecified is
// written as it is, with attributes, although receivers are free to refuse it, and HAProxy 2.6 does: local is what all
// have to take.
//
// Version 1: tcp4 and tcp6, the latter with hexadecimal groups only, as the grammar of section 2.1 has them; all else
// is "UNKNOWN". It cannot say the attributes: they are left out. It cannot say Command::local either: for a health
// check the specification wants the line of the connection's own addresses, which is written if the header has them.
//
// What cannot be expressed: a path longer than 108 octets or with a NUL that would not be read back; an IPv6 address or
// a path in tcp4 or udp4, a path in tcp6 or udp6; a unique_id too long; in `others` a type that has a member.
Result<std::size_t> write_header(const Header& header, const Attributes& attributes, std::span<char> room);

}  // namespace sp::codec::proxy_protocol
