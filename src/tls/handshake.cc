// The handshake of a TlsStream: written as what happens, in order.
#include <openssl/ssl.h>

#include "tls/bio.h"
#include "tls/explain.h"
#include "tls/opening.h"
#include "tls/out_buffer.h"
#include "tls/session_cache.h"
#include "tls/stream.h"

namespace sp::tls {

using runtime::Task;
using runtime::TimePoint;

Task<Result<void>> TlsStream::handshake(TimePoint deadline) {
  if (ssl_ == nullptr) co_return handshake_failed(Code::out_of_memory);
  for (;;) {
    clear_stale_errors();
    const int returned = SSL_do_handshake(ssl_.get());
    const int reason = returned == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), returned);
    const bool goes_on = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    if (reason != SSL_ERROR_NONE && !goes_on) co_return handshake_failed(Code::ok);
    // With TLS 1.3 nobody waits for our last messages: they go out together with the first data.
    if (reason == SSL_ERROR_NONE && SSL_version(ssl_.get()) >= TLS1_3_VERSION) break;
    Result<void> sent = co_await send_flight(deadline);
    if (!sent) co_return handshake_failed(sent.error().code);
    if (reason == SSL_ERROR_NONE) break;
    if (lower_ended_ || read_fault_ != Code::ok) co_return handshake_failed(read_fault_);
    if (reason == SSL_ERROR_WANT_READ) {
      Result<void> ready = co_await lower_->readable(deadline);
      if (!ready) co_return handshake_failed(ready.error().code);
    }
  }
  // With TLS 1.2 the library does not report a ticket that was renewed, although it spoils the session that was used.
  const bool renewable = session_slot_ != nullptr && SSL_version(ssl_.get()) < TLS1_3_VERSION;
  if (renewable && SSL_session_reused(ssl_.get()) == 1) session_arrived(SSL_get1_session(ssl_.get()));
  opening_.reset();
  co_return Result<void>{};
}

// Everything that one turn of the handshake has produced, in one write if the stream below takes it. A peer that takes
// no more may still have said why: only reading tells, and so that is no failure here.
Task<Result<void>> TlsStream::send_flight(TimePoint deadline) {
  while (out_ != nullptr) {
    const std::string_view pending = out_->pending();
    const iovec piece{const_cast<char*>(pending.data()), pending.size()};
    Result<std::size_t> sent = co_await lower_->write({&piece, 1}, deadline);
    if (!sent) {
      if (sent.error().code == Code::timeout) co_return fail(sent.error());
      write_fault_ = sent.error().code;
      out_.reset();
      break;
    }
    out_->consume(*sent);
    if (out_->empty()) out_.reset();
  }
  co_return Result<void>{};
}

// `below`: what ended the stream below, or ok where TLS itself failed.
Result<void> TlsStream::handshake_failed(Code below) {
  diagnosis_ = std::make_unique<Diagnosis>(explain_handshake(*opening_, below, lower_ended_));
  if (session_slot_ != nullptr) session_slot_->forget();
  const Code code = diagnosis_->code;
  if (code == Code::plain_http_on_tls) {
    out_.reset();  // an alert would only confuse it
  } else if (write_fault_ == Code::ok && out_ != nullptr) {
    flush();  // our alert, if it can leave now
  }
  read_fault_ = write_fault_ = code;
  const bool server = opening_->role == Opening::Role::server;
  return fail(Error{.code = code,
                    .side = server ? Side::client : Side::upstream,
                    .retry = Retry::safe,  // no request has been sent
                    .where = "TLS handshake"});
}

}  // namespace sp::tls
