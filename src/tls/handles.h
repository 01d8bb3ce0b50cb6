// Owners of the TLS library's objects, so that no other header needs the library's own.
#pragma once

#include <memory>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct x509_st;
struct X509_name_st;
struct x509_store_st;
struct evp_pkey_st;
struct bio_st;
struct stack_st_X509;

namespace sp::tls {

struct HandleDeleter {
  void operator()(ssl_st* handle) const noexcept;
  void operator()(ssl_ctx_st* handle) const noexcept;
  void operator()(ssl_session_st* handle) const noexcept;
  void operator()(x509_st* handle) const noexcept;
  void operator()(x509_store_st* handle) const noexcept;
  void operator()(evp_pkey_st* handle) const noexcept;
  void operator()(bio_st* handle) const noexcept;
  void operator()(stack_st_X509* handle) const noexcept;  // and the certificates in it
};

using SslPtr = std::unique_ptr<ssl_st, HandleDeleter>;
using SslContextPtr = std::unique_ptr<ssl_ctx_st, HandleDeleter>;
using SessionPtr = std::unique_ptr<ssl_session_st, HandleDeleter>;
using X509Ptr = std::unique_ptr<x509_st, HandleDeleter>;
using X509StackPtr = std::unique_ptr<stack_st_X509, HandleDeleter>;
using X509StorePtr = std::unique_ptr<x509_store_st, HandleDeleter>;
using KeyPtr = std::unique_ptr<evp_pkey_st, HandleDeleter>;
using BioPtr = std::unique_ptr<bio_st, HandleDeleter>;

}  // namespace sp::tls
