// Reads the header of the PROXY protocol (proxy-protocol.txt, section 2) from the front of a connection. It is strict:
// there is one way to write each header. Sans-io: no sockets, no clock; a deadline and the question who may send a
// header are the caller's (the specification wants both).
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

enum class Versions : std::uint8_t { v1, v2, both };

struct Limits {
  // Of version 2, in octets: addresses and TLVs, all that follows the 16 fixed octets. The specification wants a header
  // to fit into one segment of 536. More than rest_max counts as rest_max.
  std::size_t rest = 536;
  Versions versions = Versions::both;
};

inline constexpr std::size_t v1_max = 107;          // the longest line, with its CRLF
inline constexpr std::size_t rest_max = 4096 - 16;  // so that any header fits into a page

class HeaderReader {
 public:
  explicit HeaderReader(const Limits& limits = {}) : limits_{std::min(limits.rest, rest_max), limits.versions} {}

  // Tries to take a header from the front of `in`. Returns its length in octets (what follows is the client's), or 0:
  // more octets are needed; then call again with the same octets (they may have moved) and more behind them. At most
  // longest() octets are ever needed. Nothing is kept between calls: the answer depends on the octets, not on how they
  // came.
  //
  // On success header.tlvs are views into `in`. While 0 is returned, and after an error, the content of `header` is
  // unspecified. After an error the connection is to be closed: who speaks there is not known.
  //
  // Errors (Side::client), each as soon as it is certain:
  //   proxy_header_missing    another protocol
  //   proxy_header_tls        the beginning of a TLS handshake
  //   proxy_header_version    a header of a version that the limits do not allow
  //   proxy_header_too_long   no CRLF in v1_max octets; a length beyond the limit
  //   proxy_header_checksum   tlv_crc32c is there and wrong (section 2.2.3)
  //   proxy_header_malformed  all else. Error::where begins with "version 1: " or "version 2: "
  //
  // Version 1: parts with one space between; "TCP4" with dotted quads, "TCP6" with IPv6 addresses, also in the form
  // "::ffff:192.0.2.1" that many senders have from inet_ntop(); ports without leading zeros; CRLF. "UNKNOWN" with
  // anything up to the CRLF is Transport::unspecified.
  // Version 2: the seven families and protocols of section 2.2 and no other combination. Transport::unspecified has no
  // addresses: TLVs may follow at once. Of Command::local all that follows is passed over unread, as the specification
  // wants it. What is wrong with a list of TLVs is in tlv.h, find_fault().
  Result<std::size_t> read(ByteView in, Header& header) const;

  // How many octets a header can have here.
  std::size_t longest() const;

 private:
  Limits limits_;
};

}  // namespace sp::codec::proxy_protocol
