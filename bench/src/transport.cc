#include "transport.h"

#include "common.h"

namespace bench {

Transport::~Transport() {
  close();
  SSL_SESSION_free(session_);
}

void Transport::open(std::uint16_t port, SSL_CTX* context, bool resume) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) give_up("socket");
  no_delay(fd_);
  const sockaddr_in address = loopback(port);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    give_up("connect");
  }
  if (context == nullptr) return;
  ssl_ = SSL_new(context);
  SSL_set_app_data(ssl_, this);
  SSL_set_fd(ssl_, fd_);
  SSL_set_tlsext_host_name(ssl_, "localhost");
  if (resume && session_ != nullptr) SSL_set_session(ssl_, session_);
  SSL_set_connect_state(ssl_);
}

void Transport::close() {
  if (ssl_ != nullptr) {
    SSL_set_quiet_shutdown(ssl_, 1);
    SSL_shutdown(ssl_);  // else the session is taken for one that broke, and is not offered again
    SSL_free(ssl_);
  }
  ssl_ = nullptr;
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Outcome Transport::handshake() {
  if (ssl_ == nullptr) return Outcome::done;
  return tls_result(SSL_do_handshake(ssl_), 0).outcome;
}

Moved Transport::write(std::string_view octets) {
  if (ssl_ != nullptr) {
    std::size_t n = 0;
    const int result = SSL_write_ex(ssl_, octets.data(), octets.size(), &n);
    return tls_result(result, n);
  }
  const ssize_t n = send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
  if (n >= 0) return {Outcome::done, static_cast<std::size_t>(n)};
  return {errno == EAGAIN ? Outcome::again : Outcome::failed, 0};
}

Moved Transport::read(std::span<char> room) {
  if (ssl_ != nullptr) {
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_, room.data(), room.size(), &n);
    return tls_result(result, n);
  }
  const ssize_t n = recv(fd_, room.data(), room.size(), 0);
  if (n > 0) return {Outcome::done, static_cast<std::size_t>(n)};
  if (n == 0) return {Outcome::end, 0};
  return {errno == EAGAIN ? Outcome::again : Outcome::failed, 0};
}

Moved Transport::tls_result(int result, std::size_t octets) {
  if (result == 1) return {Outcome::done, octets};
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return {Outcome::again, 0};
    case SSL_ERROR_ZERO_RETURN: return {Outcome::end, 0};
    default: return {Outcome::failed, 0};
  }
}

int Transport::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* transport = static_cast<Transport*>(SSL_get_app_data(ssl));
  SSL_SESSION_free(transport->session_);
  transport->session_ = session;
  return 1;  // the reference is ours now
}

SSL_CTX* Transport::make_context() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(context, "X25519");
  static constexpr unsigned char protocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

}  // namespace bench
