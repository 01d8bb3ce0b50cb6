// What the kernel knows of a TCP connection, beyond what glibc's headers have words for.
#pragma once

#include <cstdint>
#include <optional>

namespace sp::runtime {

// How many octets of what was sent over this socket the peer's kernel has taken; nothing for other kinds of socket.
std::optional<std::uint64_t> octets_acknowledged(int descriptor);

}  // namespace sp::runtime
