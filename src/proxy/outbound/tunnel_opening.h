// What a client says first in a tunnel: by this it is opened, or not.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sp::proxy {

enum class TunnelSpeech : std::uint8_t {
  unclear,  // more octets are needed
  tls,
  http1,
  http2,  // in clear, with prior knowledge
  other,
};

// `octets`: all that has come so far. It is clear at the latest when there are more than `longest_line` of them.
TunnelSpeech speech_of(ByteView octets, std::size_t longest_line);

}  // namespace sp::proxy
