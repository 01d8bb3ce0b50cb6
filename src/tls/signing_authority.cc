#include "tls/signing_authority.h"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "tls/certificate_parts.h"

namespace sp::tls {
namespace {

// False: no memory.
bool add(SigningAuthority& authority, X509* certificate) {
  authority.constraints.push_back(NameConstraints::of(certificate));
  if ((X509_get_extension_flags(certificate) & EXFLAG_SS) != 0) return true;
  if (X509_up_ref(certificate) != 1) return false;
  if (sk_X509_push(authority.chain.get(), certificate) > 0) return true;
  X509_free(certificate);
  return false;
}

bool add_all(SigningAuthority& authority) {
  bool added = add(authority, authority.certificate->leaf.get());
  const auto* above = authority.certificate->chain.get();
  for (int i = 0; i < sk_X509_num(above); ++i) added = added && add(authority, sk_X509_value(above, i));
  return added;
}

}  // namespace

bool SigningAuthority::permits(std::string_view name) const {
  return std::ranges::all_of(constraints, [&](const NameConstraints& each) { return each.permit(name); });
}

std::shared_ptr<const SigningAuthority> SigningAuthority::load(const config::CertificateConfig& config,
                                                               const config::FileSystem& files,
                                                               std::chrono::system_clock::time_point now,
                                                               std::vector<config::Finding>& findings) {
  auto made = std::make_shared<SigningAuthority>();
  made->certificate = load_certificate(config, files, now, findings);
  if (made->certificate == nullptr) return nullptr;
  if (!may_sign(made->certificate->leaf.get())) {
    findings.push_back({config::Finding::Severity::error, config.cert.place,
                        fmt::format("the certificate in {} may not sign others", config.cert.value),
                        "make a root for inspection with `sallyport ca create`"});
    return nullptr;
  }
  made->chain.reset(sk_X509_new_null());
  if (made->chain == nullptr || !add_all(*made)) return nullptr;
  return made;
}

}  // namespace sp::tls
