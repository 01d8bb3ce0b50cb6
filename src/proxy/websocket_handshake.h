// The two ways to ask for a WebSocket, turned into each other: Upgrade of HTTP/1.1 (RFC 6455 section 4) with a key and
// its answer, extended CONNECT of HTTP/2 (RFC 8441) with neither.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "http/fields.h"

namespace sp::proxy {

class Random;

inline constexpr std::string_view websocket_key_field = "Sec-WebSocket-Key";
inline constexpr std::string_view websocket_accept_field = "Sec-WebSocket-Accept";

// A key for a handshake of our own; it is no secret. In the arena.
std::string_view make_websocket_key(Random& random, Arena& arena);
// What Sec-WebSocket-Accept answers to a key. In the arena.
std::string_view websocket_accept(std::string_view key, Arena& arena);

}  // namespace sp::proxy
