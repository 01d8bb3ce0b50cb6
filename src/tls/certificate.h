// One certificate with its chain and key, as parsed from PEM. Immutable, shared by all workers.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"
#include "tls/handles.h"

namespace sp::tls {

enum class KeyKind : std::uint8_t { rsa, ecdsa, other };

struct Certificate {
  X509Ptr leaf;
  X509StackPtr chain;  // what is sent after the leaf; may be empty
  KeyPtr key;
  KeyKind kind = KeyKind::other;
  std::vector<std::string> names;  // lower case, as in the certificate: "example.com", "*.example.com", "192.0.2.1"
  std::chrono::system_clock::time_point not_before, not_after;
  config::CertificateConfig config;
  bool is_self_signed = false;

  // Whether one of its names is, or by its wildcard stands for, `host` (lower case, no trailing dot).
  bool covers(std::string_view host) const;
};

// Null with an error among `findings` if it cannot be used. A certificate that is not valid at `now` is loaded, with a
// warning: refusing it would not make the site any better. An empty `key` path means that the key is in the file of the
// certificate.
std::shared_ptr<const Certificate> load_certificate(const config::CertificateConfig& config,
                                                    const config::FileSystem& files,
                                                    std::chrono::system_clock::time_point now,
                                                    std::vector<config::Finding>& findings);

}  // namespace sp::tls
