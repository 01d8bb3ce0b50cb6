#include "tls/settings.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <chrono>

#include "runtime/loop.h"

namespace sp::tls {

bool set_common(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // SSL_MODE_RELEASE_BUFFERS is left out: it would free and allocate a buffer for each record.
  // TlsStream::release_buffers() does it when the connection is idle.
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  // One read of the stream below for all that is there, straight into the library's buffer.
  SSL_CTX_set_read_ahead(context, 1);
  return true;
}

bool use_certificate(SSL_CTX* context, const Certificate& certificate) {
  return SSL_CTX_use_certificate(context, certificate.leaf.get()) == 1 &&
         SSL_CTX_use_PrivateKey(context, certificate.key.get()) == 1 &&
         SSL_CTX_set1_chain(context, certificate.chain.get()) == 1;
}

std::string alpn_wire_form(std::span<const std::string_view> names) {
  std::string wire;
  for (std::string_view name : names) {
    if (name.empty() || name.size() > 255) continue;
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

void judge_by_clock(SSL* ssl) {
  const auto now = std::chrono::system_clock::to_time_t(runtime::Loop::current().wall_clock());
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), now);
}

}  // namespace sp::tls
