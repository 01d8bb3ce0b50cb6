// The certificates of this gate by the names that they are for. Immutable, shared by all workers; a reload makes a new
// one.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tls/certificate.h"

namespace sp::tls {

// The certificates that serve one name: at most one of each kind of key, so that old and new clients both get what they
// can.
class CertificateSet {
 public:
  // This one alone.
  static CertificateSet of(const std::shared_ptr<const Certificate>& certificate) {
    CertificateSet set;
    set.add(certificate);
    return set;
  }
  std::span<const std::shared_ptr<const Certificate>> all() const { return {members_.data(), count_}; }
  // Whether each of them is for `host`, in any case and with or without a trailing dot.
  bool covers(std::string_view host) const;
  // Whether they are the same certificates.
  bool operator==(const CertificateSet& other) const { return members_ == other.members_; }

 private:
  friend class CertificateStore;
  void add(const std::shared_ptr<const Certificate>& certificate);
  std::array<std::shared_ptr<const Certificate>, 3> members_;
  std::size_t count_ = 0;
};

class CertificateStore {
 public:
  // Loads all; what cannot be used is left out and is among `findings`. Of two certificates of the same kind for the
  // same name, the one that is valid longer serves it.
  static std::shared_ptr<const CertificateStore> load(std::span<const config::CertificateConfig> configs,
                                                      const config::FileSystem& files,
                                                      std::chrono::system_clock::time_point now,
                                                      std::vector<config::Finding>& findings);
  // For certificates made on the spot.
  static std::shared_ptr<const CertificateStore> of(std::vector<std::shared_ptr<const Certificate>> certificates);

  // For the exact name, else for the wildcard one label up, else null. Without case, with or without a trailing dot.
  const CertificateSet* find(std::string_view name) const;
  // find(), else default_set().
  const CertificateSet* choose(std::string_view name) const;
  // Whether a certificate is for all of `host`: a name, "*.example.com", or "*" (which any certificate serves).
  bool has_certificate_for(std::string_view host) const;
  // That of the certificate marked `default: true`, else of the first; null if there is none at all.
  const CertificateSet* default_set() const { return default_; }
  std::span<const std::shared_ptr<const Certificate>> all() const { return certificates_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Table = std::unordered_map<std::string, CertificateSet, Hash, std::equal_to<>>;
  void index();

  std::vector<std::shared_ptr<const Certificate>> certificates_;
  Table exact_, wildcard_;  // wildcard_: by what follows "*."
  CertificateSet marked_;
  const CertificateSet* default_ = nullptr;
};

// A warning for each host of a TLS site whose name is in no certificate.
std::vector<config::Finding> find_hosts_without_certificate(const CertificateStore& store,
                                                            std::span<const config::Text> hosts);

}  // namespace sp::tls
