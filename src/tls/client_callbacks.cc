#include "tls/client_callbacks.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "tls/client_context.h"
#include "tls/explain.h"
#include "tls/opening.h"

namespace sp::tls {
namespace {

// SHA-256 of the SubjectPublicKeyInfo (RFC 7469 section 2.4).
bool pin_of(X509* certificate, ClientSettings::Pin& pin) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return false;
  const bool made = EVP_Digest(der, static_cast<std::size_t>(size), pin.data(), nullptr, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  return made;
}

std::string pin_text(const ClientSettings::Pin& pin) {
  char text[45];
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text), pin.data(), static_cast<int>(pin.size()));
  return std::string("sha256//") + text;
}

}  // namespace

int ClientCallbacks::verify_server(X509_STORE_CTX* verification, void* client_settings) {
  const auto& settings = *static_cast<const ClientSettings*>(client_settings);
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Opening* opening = TlsStream::of(ssl).opening();
  if (settings.verify != config::Verify::none && X509_verify_cert(verification) != 1) {
    if (opening != nullptr) opening->verdict = explain_certificate(verification, *opening);
    return 0;
  }
  X509_STORE_CTX_set_error(verification, X509_V_OK);
  if (settings.pins.empty()) return 1;
  ClientSettings::Pin pin{};
  X509* leaf = X509_STORE_CTX_get0_cert(verification);
  if (leaf != nullptr && pin_of(leaf, pin) && std::ranges::find(settings.pins, pin) != settings.pins.end()) return 1;
  if (opening != nullptr) opening->verdict = explain_pin(*opening, pin_text(pin));
  X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

int ClientCallbacks::session_arrived(SSL* ssl, SSL_SESSION* session) {
  TlsStream::of(ssl).session_arrived(session);
  return 1;
}

}  // namespace sp::tls
