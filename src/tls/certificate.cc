#include "tls/certificate.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "tls/certificate_names.h"
#include "tls/certificate_parts.h"
#include "tls/explain.h"
#include "tls/pem.h"

namespace sp::tls {
namespace {

using config::Finding;
using Time = std::chrono::system_clock::time_point;

KeyKind kind_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return KeyKind::rsa;
    case EVP_PKEY_EC: return KeyKind::ecdsa;
    default: return KeyKind::other;
  }
}

// The key is in its own file, or in that of the certificate.
KeyPtr load_key(const config::CertificateConfig& config, std::string_view certificate_pem,
                const config::FileSystem& files, std::vector<Finding>& findings) {
  if (config.key.empty()) return parse_key(certificate_pem, config.cert, findings);
  std::optional<std::string> pem = read_pem(config.key, files, findings);
  if (!pem) return nullptr;
  KeyPtr key = parse_key(*pem, config.key, findings);
  wipe(*pem);
  return key;
}

bool check_match(const config::CertificateConfig& config, const std::vector<X509Ptr>& certificates, EVP_PKEY* key,
                 std::vector<Finding>& findings) {
  const auto belongs = [&](const X509Ptr& certificate) { return X509_check_private_key(certificate.get(), key) == 1; };
  const auto owner = std::ranges::find_if(certificates, belongs);
  ERR_clear_error();
  if (owner == certificates.begin()) return true;
  const config::Text& at = config.key.empty() ? config.cert : config.key;
  if (owner != certificates.end()) {
    findings.push_back(
        {Finding::Severity::error, config.cert.place,
         fmt::format("{} does not begin with the certificate of the key, which is number {} in it", config.cert.value,
                     owner - certificates.begin() + 1),
         "put the server's own certificate first, and then each authority after the one that it has signed"});
  } else {
    findings.push_back({Finding::Severity::error, at.place,
                        fmt::format("the key in {} does not belong to the certificate in {} ({})", at.value,
                                    config.cert.value, names_text(certificates.front().get())),
                        "one of the two files is older than the other: use the pair that was made together"});
  }
  return false;
}

void check_dates(const Certificate& certificate, Time now, std::vector<Finding>& findings) {
  const auto warn = [&](std::string message, std::string remedy) {
    findings.push_back(
        {Finding::Severity::warning, certificate.config.cert.place, std::move(message), std::move(remedy)});
  };
  const X509* leaf = certificate.leaf.get();
  const std::string what = fmt::format("the certificate in {} ({})", certificate.config.cert.value, names_text(leaf));
  if (now > certificate.not_after) {
    warn(fmt::format("{} expired on {}", what, date_text(X509_get0_notAfter(leaf))),
         "renew it; clients will refuse it");
  } else if (now < certificate.not_before) {
    warn(fmt::format("{} is not valid before {}", what, date_text(X509_get0_notBefore(leaf))),
         "check the clock of this machine; clients will refuse it until then");
  }
}

}  // namespace

bool Certificate::covers(std::string_view host) const {
  return std::ranges::any_of(names, [&](const std::string& name) { return name_matches(name, host); });
}

std::shared_ptr<const Certificate> load_certificate(const config::CertificateConfig& config,
                                                    const config::FileSystem& files, Time now,
                                                    std::vector<Finding>& findings) {
  std::optional<std::string> pem = read_pem(config.cert, files, findings);
  if (!pem) return nullptr;
  std::vector<X509Ptr> certificates = parse_certificates(*pem, config.cert, findings);
  if (certificates.empty()) return nullptr;
  auto made = std::make_shared<Certificate>();
  made->key = load_key(config, *pem, files, findings);
  wipe(*pem);  // it may hold the key
  if (made->key == nullptr || !check_match(config, certificates, made->key.get(), findings)) return nullptr;
  made->config = config;
  made->kind = kind_of(made->key.get());
  made->leaf = std::move(certificates.front());
  made->chain.reset(sk_X509_new_null());
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    if (sk_X509_push(made->chain.get(), certificates[i].get()) > 0) std::ignore = certificates[i].release();
  }
  made->names = certificate_names(made->leaf.get());
  made->not_before = time_of(X509_get0_notBefore(made->leaf.get()));
  made->not_after = time_of(X509_get0_notAfter(made->leaf.get()));
  made->is_self_signed = (X509_get_extension_flags(made->leaf.get()) & EXFLAG_SS) != 0;
  check_dates(*made, now, findings);
  return made;
}

}  // namespace sp::tls
