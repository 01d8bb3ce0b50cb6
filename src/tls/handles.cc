#include "tls/handles.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace sp::tls {

void HandleDeleter::operator()(SSL* handle) const noexcept { SSL_free(handle); }
void HandleDeleter::operator()(SSL_CTX* handle) const noexcept { SSL_CTX_free(handle); }
void HandleDeleter::operator()(SSL_SESSION* handle) const noexcept { SSL_SESSION_free(handle); }
void HandleDeleter::operator()(X509* handle) const noexcept { X509_free(handle); }
void HandleDeleter::operator()(X509_STORE* handle) const noexcept { X509_STORE_free(handle); }
void HandleDeleter::operator()(EVP_PKEY* handle) const noexcept { EVP_PKEY_free(handle); }
void HandleDeleter::operator()(BIO* handle) const noexcept { BIO_free_all(handle); }
void HandleDeleter::operator()(STACK_OF(X509) * handle) const noexcept { sk_X509_pop_free(handle, X509_free); }

}  // namespace sp::tls
