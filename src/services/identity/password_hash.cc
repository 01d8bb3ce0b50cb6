#include "services/identity/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace sp::identity {
namespace {

using Fault = std::optional<std::string>;

const char* const incomplete = "the hash is not complete, or too long";
const char* const too_dear = "to verify this hash takes more than a second";

// The base64 of crypt(3).
bool is_base64(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

// What stands before the next '$', which is taken too.
std::string_view take_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('$'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

std::optional<unsigned> number_of(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// 12$ and 22 characters of salt and 31 of hash.
Fault fault_of_bcrypt(std::string_view rest) {
  constexpr unsigned dearest = 14;
  const std::string_view cost = take_part(rest);
  const auto rounds = number_of(cost);
  if (cost.size() != 2 || !rounds || *rounds < 4 || *rounds > 31 || rest.size() != 53 || !is_base64(rest))
    return incomplete;
  return *rounds > dearest ? Fault(too_dear) : std::nullopt;
}

// rounds=5000$, which may be missing, salt$ and hash. Other rounds than these crypt(3) changes silently, and then the
// hash would be nobody's.
Fault fault_of_sha(std::string_view rest, std::size_t hash_size) {
  constexpr std::string_view word = "rounds=";
  constexpr unsigned fewest = 1000, most = 999'999'999, dearest = 2'000'000;
  unsigned rounds = 5000;
  if (rest.starts_with(word)) {
    const auto given = number_of(take_part(rest).substr(word.size()));
    if (!given || *given < fewest || *given > most) return incomplete;
    rounds = *given;
  }
  const std::string_view salt = take_part(rest);
  if (salt.size() > 16 || salt.empty() || rest.size() != hash_size || !is_base64(rest)) return incomplete;
  return rounds > dearest ? Fault(too_dear) : std::nullopt;
}

// j9T$, salt$ and hash. The costs are those that mkpasswd and crypt_gensalt(3) make: "j75" to "jFT"; the second
// character doubles time and memory. "jCT" takes 128 MiB.
Fault fault_of_yescrypt(std::string_view rest) {
  const std::string_view cost = take_part(rest);
  const std::string_view salt = take_part(rest);
  if (salt.empty() || salt.size() > 86 || !is_base64(salt) || rest.size() != 43 || !is_base64(rest)) return incomplete;
  const bool usual = cost.size() == 3 && cost[0] == 'j' && (cost[2] == '5' || cost[2] == 'T') &&
                     std::string_view("789ABC").contains(cost[1]);
  return usual ? std::nullopt : Fault(too_dear);
}

// Where it is not known, or only some day will be, crypt(3) says so.
Fault fault_of_argon2(std::string_view hash) {
  if (crypt_checksalt(std::string(hash).c_str()) != CRYPT_SALT_OK) return "crypt(3) of this system has no argon2";
  return std::nullopt;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

Fault fault_of_hash(std::string_view hash) {
  if (hash.empty()) return "the user has no hash";
  if (std::ranges::any_of(hash, is_control)) return "a control character in the hash";
  if (hash.size() >= CRYPT_OUTPUT_SIZE) return incomplete;
  for (const std::string_view bcrypt : {"$2y$", "$2b$", "$2a$"}) {
    if (hash.starts_with(bcrypt)) return fault_of_bcrypt(hash.substr(bcrypt.size()));
  }
  if (hash.starts_with("$5$")) return fault_of_sha(hash.substr(3), 43);
  if (hash.starts_with("$6$")) return fault_of_sha(hash.substr(3), 86);
  if (hash.starts_with("$y$")) return fault_of_yescrypt(hash.substr(3));
  if (hash.starts_with("$argon2")) return fault_of_argon2(hash);
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$")) return "the hash is MD5, which is too fast to be one";
  if (hash.starts_with("{SHA}")) return "the hash is SHA-1 without salt, which is too fast to be one";
  return "what follows the name is no hash that is known, or a password in clear";
}

bool matches(std::string_view password, const std::string& hash) {
  if (password.size() >= CRYPT_MAX_PASSPHRASE_SIZE || password.contains('\0')) return false;
  const auto work = std::make_unique<crypt_data>();  // zeros; 32 KiB, not for a thread's stack
  password.copy(work->input, password.size());
  const char* made = crypt_r(work->input, hash.c_str(), work.get());
  const bool same = made != nullptr && made[0] != '*' && std::strlen(made) == hash.size() &&
                    CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(work.get(), sizeof *work);
  return same;
}

}  // namespace sp::identity
