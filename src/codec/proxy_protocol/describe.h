// Headers as text for people: for logs, and for what shows the octets themselves. All of it is printable ASCII,
// whatever the header holds: other octets become \xHH, a quote and a backslash get a backslash, CR and LF are \r and
// \n.
#pragma once

#include <string>

#include "base/bytes.h"
#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

// One line, without its end. Texts are shortened to 64 octets.
//   v2 PROXY tcp4 192.0.2.1:56324 -> 192.0.2.2:443 alpn="h2" authority="lists.example.com" crc32c=0x6f8a1c02
//   v2 PROXY tcp4 192.0.2.1:56324 -> 192.0.2.2:993 ssl={client=ssl,cert_conn verify=0 version="TLSv1.3"}
//   v1 PROXY unspecified
//   v2 LOCAL
std::string describe(const Header& header);

// The octets of a header, as lines that each end with LF: version 1 as its text, version 2 in hexadecimal with what
// each part is.
//   0d0a0d0a 000d0a51 5549540a           signature
//   21                                   version 2, PROXY
// What is behind the header is not shown. Octets that no HeaderReader would take are shown without explanation.
std::string annotate(ByteView octets);

}  // namespace sp::codec::proxy_protocol
