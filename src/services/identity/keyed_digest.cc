#include "services/identity/keyed_digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <system_error>

namespace sp::identity {
namespace {

void add(EVP_MAC_CTX* mac, std::string_view text) {
  EVP_MAC_update(mac, reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

// A digest that is not one would let a wrong password in: no way on.
[[noreturn]] void stop() {
  std::fputs("sallyport: HMAC-SHA-256 of OpenSSL does not work\n", stderr);
  std::abort();
}

}  // namespace

DigestKey::DigestKey() {
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1)
    throw std::system_error(EIO, std::generic_category(), "no random octets");
}

DigestKey::~DigestKey() { OPENSSL_cleanse(octets.data(), octets.size()); }

void KeyedDigest::Free::operator()(EVP_MAC_CTX* mac) const { EVP_MAC_CTX_free(mac); }

KeyedDigest::KeyedDigest(const DigestKey& key) {
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  mac_.reset(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);
  std::string sha256 = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256.data(), 0),
                                   OSSL_PARAM_construct_end()};
  if (mac_ == nullptr || EVP_MAC_init(mac_.get(), key.octets.data(), key.octets.size(), parameters) != 1)
    throw std::bad_alloc();
}

// The length of the name parts the two: no other pair has the same text.
Digest KeyedDigest::of(std::string_view user, std::string_view password) {
  EVP_MAC_CTX* const mac = mac_.get();
  if (EVP_MAC_init(mac, nullptr, 0, nullptr) != 1) stop();  // with the key that it has
  add(mac, std::to_string(user.size()) + ":");
  add(mac, user);
  add(mac, password);
  Digest digest{};
  std::size_t size = 0;
  if (EVP_MAC_final(mac, digest.data(), &size, digest.size()) != 1 || size != digest.size()) stop();
  return digest;
}

}  // namespace sp::identity
