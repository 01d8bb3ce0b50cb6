// A digest of a user and a password that is of no use to anybody without the key, which is random and never leaves the
// memory: what stands for a password where it is not to be kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX

namespace sp::identity {

using Digest = std::array<unsigned char, 32>;

// The octets of a digest are as good as random already.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};

struct DigestKey {
  // Throws std::system_error where there are no random numbers (start and reload only).
  DigestKey();
  ~DigestKey();  // wiped
  DigestKey(const DigestKey&) = delete;
  DigestKey& operator=(const DigestKey&) = delete;

  std::array<unsigned char, 32> octets;
};

// HMAC-SHA-256. Of one thread at a time: OpenSSL takes six times as long where nothing is prepared.
class KeyedDigest {
 public:
  // Throws std::bad_alloc. `key` need not outlive it.
  explicit KeyedDigest(const DigestKey& key);
  Digest of(std::string_view user, std::string_view password);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* mac) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> mac_;
};

}  // namespace sp::identity
