// The authority that certificates for inspection are signed by (`inspect.ca`), with its files read. Immutable, shared
// by all workers.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"
#include "tls/certificate.h"
#include "tls/handles.h"
#include "tls/name_constraints.h"

namespace sp::tls {

struct SigningAuthority {
  std::shared_ptr<const Certificate> certificate;
  // What clients are sent behind a leaf: the authority and those above it, without the root, which they have.
  X509StackPtr chain;
  std::vector<NameConstraints> constraints;  // of the authority and those above it

  // Whether what it signs for this name is believed: a DNS name in lower case, or the text of an IP address.
  bool permits(std::string_view name) const;

  // Null with an error among `findings` where it cannot sign.
  static std::shared_ptr<const SigningAuthority> load(const config::CertificateConfig& config,
                                                      const config::FileSystem& files,
                                                      std::chrono::system_clock::time_point now,
                                                      std::vector<config::Finding>& findings);
};

}  // namespace sp::tls
