#include "tls/server_callbacks.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "tls/explain.h"
#include "tls/info.h"
#include "tls/opening.h"
#include "tls/server_context.h"

namespace sp::tls {

bool ServerCallbacks::install(SSL* ssl, const CertificateSet& set) {
  SSL_certs_clear(ssl);
  for (const auto& certificate : set.all()) {
    // Both are shared by reference: nothing is copied.
    if (SSL_use_certificate(ssl, certificate->leaf.get()) != 1 ||
        SSL_use_PrivateKey(ssl, certificate->key.get()) != 1 || SSL_set1_chain(ssl, certificate->chain.get()) != 1) {
      return false;
    }
  }
  return true;
}

int ServerCallbacks::choose_certificate(SSL* ssl, int* alert, void* server_context) {
  const auto& context = *static_cast<ServerContext*>(server_context);
  const char* sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const CertificateSet* found = sni == nullptr ? nullptr : context.certificates_->find(sni);
  const CertificateSet* chosen = found != nullptr ? found : context.certificates_->default_set();
  TlsStream::of(ssl).set_certificates(chosen);
  // The default one is in place already. (Changing costs some ten microseconds, mostly for comparing the key once
  // more.)
  if (*chosen != *context.certificates_->default_set() && !install(ssl, *chosen)) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return found != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int ServerCallbacks::choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length,
                                     const unsigned char* offered, unsigned offered_length, void* server_context) {
  const std::string& ours = static_cast<ServerContext*>(server_context)->alpn_;
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, length, reinterpret_cast<const unsigned char*>(ours.data()),
                                            static_cast<unsigned>(ours.size()), offered, offered_length);
  // What speaks nothing that we speak must not get as far as to be misunderstood (RFC 7301 section 3.2, ALPACA).
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

int ServerCallbacks::ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                EVP_MAC_CTX* mac, int encrypt) {
  // Fetched once: the library would search its providers each time.
  static const EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  static char digest[] = "SHA256";
  auto& context = *static_cast<ServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const TicketKeys::Set& keys = context.ticket_keys();
  auto key = keys.begin();
  if (encrypt == 1) {
    std::memcpy(name, (*key)->name.data(), (*key)->name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) != 1) return -1;
  } else {
    key = std::ranges::find_if(keys,
                               [&](const auto& k) { return std::memcmp(name, k->name.data(), k->name.size()) == 0; });
    if (key == keys.end()) return 0;  // too old, or another's: a full handshake
  }
  OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(
                             OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>((*key)->mac.data()), (*key)->mac.size()),
                         OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                         OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, params) != 1) return -1;
  if (EVP_CipherInit_ex(cipher, aes, nullptr, (*key)->cipher.data(), iv, encrypt) != 1) return -1;
  if (encrypt == 1) return 1;
  // 2: take it, and issue a new one. With TLS 1.3 always: clients use a ticket once (RFC 8446 appendix C.4).
  return key == keys.begin() && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
}

int ServerCallbacks::verify_client(X509_STORE_CTX* verification, void*) {
  const bool valid = X509_verify_cert(verification) == 1;
  if (valid && has_short_names(X509_STORE_CTX_get0_cert(verification))) return 1;
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Opening* opening = TlsStream::of(ssl).opening();
  if (opening != nullptr)
    opening->verdict = valid ? explain_long_name(*opening) : explain_certificate(verification, *opening);
  if (valid) X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

}  // namespace sp::tls
