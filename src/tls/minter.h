// Certificates for inspection: what a client is shown in the place of the real server's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/certificate.h"
#include "tls/handles.h"
#include "tls/minted_cache.h"
#include "tls/signing_authority.h"

namespace sp::tls {

struct LeafRequest {
  std::string_view name;  // whom the client has asked for: a DNS name, or an IP address without brackets
  // The certificate that the server has shown; null: there is none to go by (the page that tells of a failure).
  const x509_st* real = nullptr;
};

// One for each worker, with a cache of its own: a name costs each of them one signature, which is a fraction of the
// handshake that it is for, and there is neither a lock nor a shared count of references on the way of a connection.
class Minter {
 public:
  static constexpr std::size_t most_names = 100;           // a real certificate's further names are left out
  static constexpr std::chrono::days longest_validity{7};  // also where the real one is valid longer
  static constexpr std::chrono::days key_lifetime{1};      // and with it that of what is in the cache

  explicit Minter(std::shared_ptr<const SigningAuthority> authority, std::size_t most_cached = 1000)
      : authority_(std::move(authority)), cache_(most_cached) {}

  // With the names and dates of the real one as far as the authority may sign them, else for `name` alone. What the
  // real one is not, the minted one is not: if it has expired, or is for other names, so has or is this, and the client
  // refuses it for the same reason.
  // Fails with bad_host where `name` is neither a DNS name in ASCII nor an address, with config_invalid where the
  // authority is not valid now or may not sign any of the names.
  Result<std::shared_ptr<const Certificate>> mint(const LeafRequest& request,
                                                  std::chrono::system_clock::time_point now);
  std::size_t cached() const { return cache_.size(); }

 private:
  using Time = std::chrono::system_clock::time_point;
  struct Leaf;
  bool renew_key(Time now);
  bool sign(x509_st* certificate) const;
  bool make(Leaf& leaf) const;
  Result<std::shared_ptr<const Certificate>> fresh(std::string_view name, const x509_st* real, Time now) const;
  std::vector<std::string> names_for(std::string_view name, const x509_st* real) const;
  std::string common_name_for(std::string_view name, const x509_st* real) const;

  std::shared_ptr<const SigningAuthority> authority_;
  // The same for all leaves: to make one takes as long as to sign, and nobody gains by more of them, since all would
  // lie in the same memory. It changes by the day, so that one that leaks is of no use for long.
  KeyPtr key_;
  Time key_made_{};
  // What is the same in all leaves of this key. Each begins as a copy: in OpenSSL 3.0 that takes 0.2 ms, and to put the
  // key into a new certificate 0.34, where the signature itself takes 0.04.
  X509Ptr blank_;
  MintedCache cache_;
};

}  // namespace sp::tls
