#include "tls/info.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>

#include "tls/certificate_names.h"

namespace sp::tls {
namespace {

std::string_view or_empty(const char* text) { return text == nullptr ? std::string_view() : text; }

std::string hex(const unsigned char* octets, std::size_t n) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) fmt::format_to(std::back_inserter(text), "{:02x}", octets[i]);
  return text;
}

std::string serial_text(const X509* certificate) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  char* digits = number == nullptr ? nullptr : BN_bn2hex(number);
  std::string text(or_empty(digits));
  OPENSSL_free(digits);
  BN_free(number);
  return text;
}

std::string time_text(const ASN1_TIME* time) {
  std::tm t{};
  if (ASN1_TIME_to_tm(time, &t) != 1) return "";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                     t.tm_min, t.tm_sec);
}

std::string pem_text(X509* certificate) {
  BioPtr out(BIO_new(BIO_s_mem()));
  if (out == nullptr || PEM_write_bio_X509(out.get(), certificate) != 1) return "";
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

TlsInfo describe(const SSL* ssl) {
  TlsInfo info;
  if (ssl == nullptr) return info;
  info.version = or_empty(SSL_get_version(ssl));
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) info.cipher = or_empty(SSL_CIPHER_get_name(cipher));
  info.sni = or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  info.alpn = {reinterpret_cast<const char*>(protocol), length};
  info.resumed = SSL_session_reused(const_cast<SSL*>(ssl)) != 0;
  return info;
}

namespace {

std::string key_text(const EVP_PKEY* key) {
  const std::string bits = std::to_string(EVP_PKEY_get_bits(key));
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return "RSA" + bits;
    case EVP_PKEY_EC: return "EC" + bits;
    default: return std::string(or_empty(OBJ_nid2sn(EVP_PKEY_get_base_id(key))));
  }
}

}  // namespace

OwnCertificate own_certificate(const SSL* ssl) {
  const X509* certificate = ssl == nullptr ? nullptr : SSL_get_certificate(ssl);
  if (certificate == nullptr) return {};
  OwnCertificate own{.signature = std::string(or_empty(OBJ_nid2sn(X509_get_signature_nid(certificate)))), .key = {}};
  if (const EVP_PKEY* key = X509_get0_pubkey(certificate)) own.key = key_text(key);
  return own;
}

bool has_short_names(const X509* certificate) {
  for (const X509_NAME* name : {X509_get_subject_name(certificate), X509_get_issuer_name(certificate)}) {
    const std::optional<std::string> text = distinguished_name(name);
    if (!text || text->size() > PeerCertificate::most_name) return false;
  }
  return true;
}

std::optional<PeerCertificate> peer_certificate(const SSL* ssl) {
  if (ssl == nullptr) return std::nullopt;
  const X509Ptr certificate(SSL_get_peer_certificate(ssl));
  if (certificate == nullptr) return std::nullopt;
  PeerCertificate found;
  found.subject = distinguished_name(X509_get_subject_name(certificate.get())).value_or("?");
  found.issuer = distinguished_name(X509_get_issuer_name(certificate.get())).value_or("?");
  found.common_name = common_name(certificate.get());
  found.serial = serial_text(certificate.get());
  found.not_after = time_text(X509_get0_notAfter(certificate.get()));
  found.pem = pem_text(certificate.get());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest, &size) == 1) found.fingerprint = hex(digest, size);
  return found;
}

}  // namespace sp::tls
