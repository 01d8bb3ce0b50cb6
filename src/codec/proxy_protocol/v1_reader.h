// The line of version 1 (proxy-protocol.txt, section 2.1).
#pragma once

#include "base/result.h"
#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

// HeaderReader::read(), for octets that begin with v1_signature.
Result<std::size_t> read_v1(ByteView in, Header& header);

}  // namespace sp::codec::proxy_protocol
