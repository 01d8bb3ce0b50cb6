// What the library asks during a handshake as a server. Each finds its ServerContext through the SSL_CTX.
#pragma once

#include <cstdint>

#include "tls/handles.h"

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;
struct x509_store_ctx_st;

namespace sp::tls {

class CertificateSet;

struct ServerCallbacks {
  // Chooses the certificate by SNI. A name that nobody knows gets the default one: the alert unrecognized_name would
  // tell the user less than the browser's own page about the wrong name does.
  static int choose_certificate(ssl_st* ssl, int* alert, void* server_context);
  static int choose_protocol(ssl_st* ssl, const unsigned char** chosen, unsigned char* length,
                             const unsigned char* offered, unsigned offered_length, void* server_context);
  // RFC 5077 section 4, with AES-256-CBC and HMAC-SHA-256.
  static int ticket_key(ssl_st* ssl, unsigned char* name, unsigned char* iv, evp_cipher_ctx_st* cipher,
                        evp_mac_ctx_st* mac, int encrypt);
  static int verify_client(x509_store_ctx_st* verification, void*);
  // Makes `ssl` serve these certificates and no others.
  static bool install(ssl_st* ssl, const CertificateSet& set);
};

}  // namespace sp::tls
