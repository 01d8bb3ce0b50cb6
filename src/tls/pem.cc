#include "tls/pem.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <tuple>

namespace sp::tls {
namespace {

using config::Finding;

constexpr std::size_t largest_file = std::size_t{8} * 1024 * 1024;

void report(std::vector<Finding>& findings, const config::Place& place, std::string message, std::string remedy) {
  findings.push_back({Finding::Severity::error, place, std::move(message), std::move(remedy)});
}

BioPtr over(std::string_view pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// Reading to the end of a file leaves this one error, which is none.
bool only_the_end() {
  const unsigned long error = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return error == 0 || end;
}

std::string_view remedy_for_no_certificate(std::string_view text) {
  if (text.starts_with("\x30\x82")) {
    return "it is in binary form (DER): convert it with `openssl x509 -inform der -in FILE -out FILE.pem`";
  }
  if (text.contains("PRIVATE KEY-----")) return "it holds a private key: are `cert` and `key` exchanged?";
  if (text.contains("CERTIFICATE REQUEST-----"))
    return "it holds a signing request: use the certificate that was made from it";
  return "a certificate in PEM form begins with -----BEGIN CERTIFICATE-----";
}

std::string_view remedy_for_no_key(std::string_view text) {
  if (text.starts_with("\x30\x82")) {
    return "it is in binary form (DER): convert it with `openssl pkey -inform der -in FILE -out FILE.pem`";
  }
  if (text.contains("BEGIN CERTIFICATE")) return "it holds a certificate: are `cert` and `key` exchanged?";
  return "a key in PEM form begins with -----BEGIN PRIVATE KEY-----";
}

int note_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

std::optional<std::string> read_pem(const config::Text& path, const config::FileSystem& files,
                                    std::vector<Finding>& findings) {
  Result<std::string> content = files.read(path.value, largest_file);
  if (content) return *std::move(content);
  const Error error = content.error();
  std::string why = error.code == Code::not_found           ? "it does not exist"
                    : error.code == Code::permission_denied ? "permission denied"
                                                            : std::string(error.where);
  std::string remedy = error.code == Code::permission_denied
                           ? "make it readable for the user that Sallyport runs as, and the folders above it searchable"
                           : "check the path";
  report(findings, path.place, fmt::format("cannot read {}: {}", path.value, why), std::move(remedy));
  return std::nullopt;
}

std::vector<X509Ptr> parse_certificates(std::string_view pem, const config::Text& path,
                                        std::vector<Finding>& findings) {
  ERR_clear_error();
  std::vector<X509Ptr> certificates;
  const BioPtr in = over(pem);
  while (X509* certificate = PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr))
    certificates.emplace_back(certificate);
  if (!only_the_end()) {
    report(findings, path.place,
           fmt::format("certificate number {} in {} is damaged", certificates.size() + 1, path.value),
           fmt::format("compare it with what the authority has sent; `openssl x509 -in {} -text` shows the first",
                       path.value));
    return {};
  }
  if (certificates.empty()) {
    report(findings, path.place, fmt::format("there is no certificate in {}", path.value),
           std::string(remedy_for_no_certificate(pem)));
  }
  return certificates;
}

KeyPtr parse_key(std::string_view pem, const config::Text& path, std::vector<Finding>& findings) {
  ERR_clear_error();
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(over(pem).get(), nullptr, &note_passphrase, &asked));
  ERR_clear_error();
  if (key != nullptr) return key;
  if (asked || pem.contains("ENCRYPTED")) {
    report(findings, path.place, fmt::format("the key in {} is protected by a passphrase", path.value),
           fmt::format("store it without: `openssl pkey -in {0} -out {0}.plain`, readable for Sallyport alone",
                       path.value));
  } else {
    report(findings, path.place, fmt::format("there is no usable private key in {}", path.value),
           std::string(remedy_for_no_key(pem)));
  }
  return nullptr;
}

std::optional<Authorities> load_authorities(const config::Text& path, const config::FileSystem& files,
                                            std::vector<Finding>& findings) {
  const std::optional<std::string> pem = read_pem(path, files, findings);
  if (!pem) return std::nullopt;
  std::vector<X509Ptr> certificates = parse_certificates(*pem, path, findings);
  if (certificates.empty()) return std::nullopt;
  Authorities found{X509StorePtr(X509_STORE_new()), X509StackPtr(sk_X509_new_null())};
  // What is in the file is trusted as it is, whether or not it is the root of anything.
  X509_STORE_set_flags(found.store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  for (X509Ptr& certificate : certificates) {
    X509_STORE_add_cert(found.store.get(), certificate.get());
    if (sk_X509_push(found.certificates.get(), certificate.get()) > 0) std::ignore = certificate.release();
  }
  ERR_clear_error();
  return found;
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace sp::tls
