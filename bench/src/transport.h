// One client connection of the load generator: TCP, or TLS over it by OpenSSL. Never blocks.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bench {

enum class Outcome : std::uint8_t { done, again, end, failed };
struct Moved {
  Outcome outcome = Outcome::failed;
  std::size_t octets = 0;
};

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  // Begins to connect to the port on 127.0.0.1. `context` null: plain TCP. Where a session was kept and `resume` is
  // set, it is offered.
  void open(std::uint16_t port, SSL_CTX* context, bool resume);
  void close();
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  // The TLS handshake; nothing for TCP. done or again or failed.
  Outcome handshake();
  Moved write(std::string_view octets);
  Moved read(std::span<char> room);
  // Whether the last handshake resumed a session.
  bool resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

  // What the load generator uses: TLS 1.3, one cipher, one group, sessions given to the Transport they belong to. The
  // certificate is not verified: that would measure the load generator.
  static SSL_CTX* make_context();

 private:
  Moved tls_result(int result, std::size_t octets);
  static int keep_session(SSL* ssl, SSL_SESSION* session);

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  SSL_SESSION* session_ = nullptr;  // the newest ticket
};

}  // namespace bench
