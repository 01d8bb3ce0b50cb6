// For the tests of certificates for inspection: a root as `sallyport ca create` makes it, and what verifiers say.
#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <string>

#include "testing/fake_loop.h"
#include "tls/certificate_authority.h"
#include "tls/handles.h"

namespace sp::tls {

inline X509Ptr read_certificate(const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

// Valid for ten years from an hour before the start of time.
inline PemPair make_root(Permitted only = {}) {
  using sp::testing::FakeLoop;
  return make_authority({.common_name = "Sallyport inspection of gate.example",
                         .not_before = FakeLoop::start_of_time - std::chrono::hours(1),
                         .not_after = FakeLoop::start_of_time + std::chrono::days(3650),
                         .only = std::move(only)})
      .value();
}

// Lenient: only what is needed to trust a certificate, and not all that RFC 5280 asks of one.
enum class Strictness : unsigned long { strict = X509_V_FLAG_X509_STRICT, lenient = 0 };

// "ok", or what the library says against it as the certificate of a server named `host` ("": any).
inline std::string verdict(X509* leaf, STACK_OF(X509) * chain, const std::string& root, const std::string& host,
                           std::chrono::system_clock::time_point now = sp::testing::FakeLoop::start_of_time,
                           Strictness strictness = Strictness::strict) {
  const X509StorePtr store(X509_STORE_new());
  const X509Ptr anchor = read_certificate(root);
  X509_STORE_add_cert(store.get(), anchor.get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store.get(), leaf, chain);
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(rules, static_cast<unsigned long>(strictness));
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
  X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
  if (IpAddress::parse(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
  } else if (!host.empty()) {
    X509_VERIFY_PARAM_set1_host(rules, host.c_str(), 0);
  }
  X509_verify_cert(context);
  std::string said = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
  X509_STORE_CTX_free(context);
  return said;
}

}  // namespace sp::tls
