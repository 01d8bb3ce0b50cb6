// What the kernel knows of a TCP connection, and what it is asked to do for one, beyond what glibc's headers have words
// for.
#pragma once

#include <cstdint>
#include <optional>

namespace sp::runtime {

// How many octets of what was sent over this socket the peer's kernel has taken; nothing for other kinds of socket.
std::optional<std::uint64_t> octets_acknowledged(int descriptor);

// A peer that vanished without a word is found within a quarter of an hour, however quiet the connection is meant to
// be; and what stands between is reminded of it more often than most forget. Of a listening socket: for all that it
// accepts.
void keep_alive(int descriptor);

}  // namespace sp::runtime
