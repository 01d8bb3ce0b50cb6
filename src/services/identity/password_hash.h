// Hashes of passwords as crypt(3) has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sp::identity {

// What is wrong with a hash, without saying any of it, since it may be a password in clear; nothing if it is good:
// complete, of a kind that is slow on purpose (bcrypt, SHA-256-crypt, SHA-512-crypt, yescrypt, and argon2id where
// crypt(3) knows it), and so cheap that others need not wait for it long: about a second at most.
std::optional<std::string> fault_of_hash(std::string_view hash);

// By crypt_r(3); takes as long as the hash wants. Compares in constant time. A password of more than 511 octets or with
// a NUL matches nothing. Throws std::bad_alloc.
bool matches(std::string_view password, const std::string& hash);

}  // namespace sp::identity
