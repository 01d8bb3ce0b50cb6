#include "tls/certificate_authority.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "tls/certificate_names.h"

namespace sp::tls {
namespace {

bool fill(X509* root, EVP_PKEY* key, const AuthorityRequest& request) {
  // The key ids come last: that of the authority is read from the subject's.
  return X509_set_version(root, X509_VERSION_3) == 1 && set_random_serial(root) &&
         set_validity(root, request.not_before, request.not_after) &&
         X509_set_issuer_name(root, X509_get_subject_name(root)) == 1 && X509_set_pubkey(root, key) == 1 &&
         add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         add_extension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign") &&
         (request.only.empty() || add_name_constraints(root, request.only)) &&
         add_extension(root, root, NID_subject_key_identifier, "hash") &&
         add_extension(root, root, NID_authority_key_identifier, "keyid:always");
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return text;
}

std::string pem_of(const X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (out == nullptr || PEM_write_bio_X509(out.get(), certificate) != 1) return "";
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<PemPair> make_authority(const AuthorityRequest& request) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr root(X509_new());
  const bool named =
      root != nullptr && !request.common_name.empty() && set_common_name(root.get(), request.common_name);
  const bool made = key != nullptr && named && fill(root.get(), key.get(), request) &&
                    X509_sign(root.get(), key.get(), EVP_sha256()) > 0;
  ERR_clear_error();
  if (root != nullptr && !named) return fail(Code::config_invalid, "the name of an authority has 1 to 64 characters");
  if (!made) return fail(Code::internal, "make an authority");
  return to_pem(root.get(), key.get());
}

AuthorityFacts describe_authority(X509* certificate) {
  return {.common_name = common_name(certificate),
          .not_after = time_of(X509_get0_notAfter(certificate)),
          .fingerprint = fingerprint_of(certificate),
          .pem = pem_of(certificate),
          .may_sign = may_sign(certificate),
          .bound = X509_get_ext_by_NID(certificate, NID_name_constraints, -1) >= 0};
}

}  // namespace sp::tls
