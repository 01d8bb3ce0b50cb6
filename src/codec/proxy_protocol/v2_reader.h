// The octets of version 2 (proxy-protocol.txt, section 2.2).
#pragma once

#include "base/result.h"
#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

// HeaderReader::read(), for octets that begin with v2_signature. `rest_limit` is Limits::rest.
Result<std::size_t> read_v2(ByteView in, std::size_t rest_limit, Header& header);

}  // namespace sp::codec::proxy_protocol
