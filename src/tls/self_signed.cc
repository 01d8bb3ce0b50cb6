#include "tls/self_signed.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/ip.h"
#include "tls/handles.h"

namespace sp::tls {
namespace {

using Use = CertificateRequest::Use;

BioPtr over(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

bool add_extensions(X509* certificate, X509* issuer, const CertificateRequest& request) {
  const bool authority = request.use == Use::authority;
  bool ok =
      add_extension(certificate, issuer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  ok = ok && add_extension(certificate, issuer, NID_key_usage,
                           authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!authority) {
    ok = ok && add_extension(certificate, issuer, NID_ext_key_usage,
                             request.use == Use::client ? "clientAuth" : "serverAuth");
  }
  ok = ok && add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  std::string names;
  for (const std::string& name : request.names) {
    names += fmt::format("{}{}:{}", names.empty() ? "" : ",", IpAddress::parse(name) ? "IP" : "DNS", name);
  }
  return ok && (names.empty() || add_extension(certificate, issuer, NID_subject_alt_name, names));
}

bool fill(X509* certificate, X509* issuer, EVP_PKEY* key, const CertificateRequest& request) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
         set_validity(certificate, request.not_before, request.not_after) &&
         (request.common_name.empty() || set_common_name(certificate, request.common_name)) &&
         X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
         X509_set_pubkey(certificate, key) == 1 && add_extensions(certificate, issuer, request);
}

Result<PemPair> failed() {
  ERR_clear_error();
  return fail(Code::internal, "make a certificate");
}

}  // namespace

Result<PemPair> issue(const CertificateRequest& request, const PemPair* issuer) {
  KeyPtr key(request.key == CertificateRequest::Key::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  X509Ptr certificate(X509_new()), issuer_certificate;
  KeyPtr issuer_key;
  if (key == nullptr || certificate == nullptr) return failed();
  if (issuer != nullptr) {
    issuer_certificate.reset(PEM_read_bio_X509(over(issuer->certificate).get(), nullptr, nullptr, nullptr));
    issuer_key.reset(PEM_read_bio_PrivateKey(over(issuer->key).get(), nullptr, nullptr, nullptr));
    if (issuer_certificate == nullptr || issuer_key == nullptr) return failed();
  }
  X509* signer = issuer == nullptr ? certificate.get() : issuer_certificate.get();
  EVP_PKEY* signing_key = issuer == nullptr ? key.get() : issuer_key.get();
  if (!fill(certificate.get(), signer, key.get(), request)) return failed();
  if (X509_sign(certificate.get(), signing_key, EVP_sha256()) <= 0) return failed();
  return to_pem(certificate.get(), key.get());
}

Result<PemPair> make_self_signed(std::span<const std::string> names, int days,
                                 std::chrono::system_clock::time_point now) {
  CertificateRequest request;
  request.common_name = names.empty() ? "localhost" : names.front().substr(0, 64);
  request.names.assign(names.begin(), names.end());
  request.not_before = now - std::chrono::hours(1);
  request.not_after = now + std::chrono::days(days);
  return issue(request, nullptr);
}

}  // namespace sp::tls
