#include "tls/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "tls/bio.h"
#include "tls/certificate_store.h"
#include "tls/cursor.h"
#include "tls/explain.h"
#include "tls/opening.h"
#include "tls/out_buffer.h"
#include "tls/session_cache.h"

namespace sp::tls {

using runtime::IoResult;
using runtime::IoStatus;

namespace {

// The first flight of a new TCP connection (ten segments). What fits into it gains nothing from small records.
constexpr std::size_t first_flight = 14'000;
// Three segments: the other side can begin with the first record long before the window is through.
constexpr std::size_t small_record = 4'300;
constexpr std::size_t small_records_end = 4 * small_record;
constexpr auto burst_pause = std::chrono::seconds(1);
// What TLS may have queued by itself before writing waits for it to leave.
constexpr std::size_t control_limit = std::size_t{8} * 1024;

}  // namespace

TlsStream::TlsStream(SslPtr ssl, std::unique_ptr<runtime::Stream> lower, std::unique_ptr<Opening> opening)
    : ssl_(std::move(ssl)), lower_(std::move(lower)), opening_(std::move(opening)) {
  if (ssl_ == nullptr) return;
  BioPtr bio = make_bio(*this);
  if (bio == nullptr || SSL_set_app_data(ssl_.get(), this) != 1) {
    ssl_.reset();
    return;
  }
  SSL_set_bio(ssl_.get(), bio.get(), bio.get());  // takes one reference for both
  std::ignore = bio.release();
}

TlsStream::~TlsStream() {
  // A connection that just ends does not make its session worthless, as the library would have it.
  if (ssl_ != nullptr) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TlsStream& TlsStream::of(const SSL* ssl) { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }

X509Ptr TlsStream::peer_leaf() const { return X509Ptr(SSL_get1_peer_certificate(ssl_.get())); }

void TlsStream::own_certificates(std::unique_ptr<const CertificateSet> made) {
  made_ = std::move(made);
  certificates_ = made_.get();
}

bool TlsStream::covers(std::string_view host) const { return certificates_ != nullptr && certificates_->covers(host); }

void TlsStream::set_session_slot(std::unique_ptr<SessionSlot> slot) { session_slot_ = std::move(slot); }

void TlsStream::session_arrived(SSL_SESSION* session) {
  SessionPtr owned(session);
  if (session_slot_ != nullptr) session_slot_->put(std::move(owned));
}

// ---- between the library and the stream below ----

int TlsStream::feed(char* into, int size) {
  ran_dry_ = true;
  if (hold_input_ || lower_ended_ || read_fault_ != Code::ok) return -1;
  if (opening_ != nullptr && !opening_->received.empty()) return feed_received(into, size);
  const IoResult result = lower_->try_read({into, static_cast<std::size_t>(size)});
  switch (result.status) {
    case IoStatus::done:
      ran_dry_ = false;
      if (opening_ != nullptr) opening_->note({into, result.bytes});
      return static_cast<int>(result.bytes);
    case IoStatus::end: lower_ended_ = true; break;
    case IoStatus::failed: read_fault_ = result.code; break;
    case IoStatus::would_block: break;
  }
  return -1;
}

// The handshake cannot be over before all of it is: the client's last message answers one of ours.
int TlsStream::feed_received(char* into, int size) {
  std::string& received = opening_->received;
  const std::size_t n = std::min(received.size(), static_cast<std::size_t>(size));
  std::copy_n(received.data(), n, into);
  opening_->note({into, n});
  received.erase(0, n);
  ran_dry_ = false;
  return static_cast<int>(n);
}

int TlsStream::drain(const char* octets, int size) {
  if (write_fault_ != Code::ok) return size;  // nobody is there to get it
  std::string_view record(octets, static_cast<std::size_t>(size));
  if (drain_ == Drain::pass_on) {
    const std::string_view before = out_ == nullptr ? std::string_view() : out_->pending();
    const iovec pieces[] = {{const_cast<char*>(before.data()), before.size()},
                            {const_cast<char*>(record.data()), record.size()}};
    const IoResult result = lower_->try_write(before.empty() ? std::span(pieces).last(1) : std::span(pieces));
    if (result.status == IoStatus::failed) {
      write_fault_ = result.code;
      return size;
    }
    if (result.bytes == before.size() + record.size()) {
      out_.reset();
      return size;
    }
    if (result.bytes > 0) {
      const std::size_t of_before = std::min(result.bytes, before.size());
      if (of_before > 0) out_->consume(of_before);
      record.remove_prefix(result.bytes - of_before);
    }
  }
  return out().append(record) ? size : -1;
}

OutBuffer& TlsStream::out() {
  if (out_ == nullptr) out_ = std::make_unique<OutBuffer>();
  return *out_;
}

// done(0): nothing is left.
IoResult TlsStream::flush() {
  while (out_ != nullptr) {
    const std::string_view pending = out_->pending();
    const iovec piece{const_cast<char*>(pending.data()), pending.size()};
    const IoResult result = lower_->try_write({&piece, 1});
    if (result.status == IoStatus::failed) {
      write_fault_ = result.code;
      out_.reset();
      return result;
    }
    if (result.status != IoStatus::done) return result;
    out_->consume(result.bytes);
    if (out_->empty()) out_.reset();
  }
  return IoResult::done(0);
}

// Session tickets and the like must not wait for a writer that may never come.
void TlsStream::flush_control() {
  if (out_ == nullptr || out_->owed() > 0 || writer_waits_) return;
  if (flush().status == IoStatus::would_block) lower_->arm(runtime::Direction::write, pusher_);
}

void TlsStream::push(runtime::IoWait& self, Code why) {
  if (why == Code::ok) static_cast<Pusher&>(self).stream.flush_control();
}

std::unique_ptr<runtime::Stream> TlsStream::take_lower() {
  lower_->disarm(runtime::Direction::write);
  return std::move(lower_);
}

// ---- reading ----

IoResult TlsStream::try_read(std::span<char> into) {
  if (read_fault_ != Code::ok) return IoResult::failed(read_fault_);
  if (ended_) return into.empty() ? IoResult::done(0) : IoResult::end();
  // The library would take 17 KiB from the heap only to find that nothing is there.
  if (SSL_has_pending(ssl_.get()) == 0) {
    const IoResult below = lower_->try_read({});
    if (below.status == IoStatus::would_block) flush_control();
    if (below.status == IoStatus::would_block || into.empty()) return below;
  }
  return into.empty() ? worth_reading() : decrypt(into);
}

IoResult TlsStream::decrypt(std::span<char> into) {
  std::size_t total = 0;
  int n = 0;
  ran_dry_ = false;
  for (;;) {
    const std::size_t room = std::min<std::size_t>(into.size() - total, INT_MAX);
    n = SSL_read(ssl_.get(), into.data() + total, static_cast<int>(room));
    if (n <= 0) break;
    total += static_cast<std::size_t>(n);
    // Further records only if they are here already.
    if (total == into.size() || SSL_has_pending(ssl_.get()) == 0) break;
    hold_input_ = true;
  }
  hold_input_ = false;
  const IoResult stopped = n > 0 ? IoResult::done(total) : read_stopped();
  if (out_ != nullptr && out_->size() > control_limit) flush_control();
  if (total > 0) return IoResult::done(total);
  if (stopped.status == IoStatus::would_block) flush_control();
  return stopped;
}

// A part of a record is here: does it make something to read?
IoResult TlsStream::worth_reading() {
  char probe;
  ran_dry_ = false;
  const int n = SSL_peek(ssl_.get(), &probe, 1);
  if (n > 0 || read_stopped().status != IoStatus::would_block) return IoResult::done(0);  // reading will tell
  flush_control();
  return IoResult::would_block();
}

// SSL_read has returned nothing: why? (Without SSL_get_error, which wants the error queue of the thread cleared before
// each call: 400 instructions for nothing.)
IoResult TlsStream::read_stopped() {
  // An alert other than close_notify counts as a shutdown too, but breaks the state.
  const bool broken = SSL_in_init(ssl_.get()) != 0;
  if ((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 && !broken) {
    ended_ = clean_end_ = true;
    return IoResult::end();
  }
  if (SSL_want_read(ssl_.get())) {
    if (read_fault_ != Code::ok) return IoResult::failed(read_fault_);
    // What it wants it has not asked for: it says so still, from the call before, when there was no memory for a
    // record.
    if (!ran_dry_) return IoResult::failed(read_fault_ = write_fault_ = Code::out_of_memory);
    if (!lower_ended_) return IoResult::would_block();
    ended_ = true;
    return IoResult::end();
  }
  // An alert, a record that was tampered with, or more control messages than anybody needs (SSL_want_write).
  diagnosis_ = std::make_unique<Diagnosis>(explain_broken_connection(ssl_.get()));
  read_fault_ = diagnosis_->code;
  if (write_fault_ == Code::ok && out_ != nullptr && out_->owed() == 0) flush();  // our own alert
  write_fault_ = read_fault_;
  return IoResult::failed(read_fault_);
}

// ---- writing ----

IoResult TlsStream::try_write(std::span<const iovec> pieces) {
  if (write_fault_ != Code::ok) return IoResult::failed(write_fault_);
  const std::size_t total = Cursor{pieces}.left();
  if (total == 0) return IoResult::done(0);
  IoResult result = settle_earlier_writes();
  if (result.status == IoStatus::done) {
    if (surplus_ == 0) {
      result = encrypt(pieces, total);
    } else {
      result = IoResult::done(std::min(surplus_, total));
      surplus_ -= result.bytes;
    }
  }
  writer_waits_ = result.status == IoStatus::would_block || (out_ != nullptr && out_->owed() > 0);
  return result;
}

// done: either there is a surplus to report, or nothing of an earlier call is left.
IoResult TlsStream::settle_earlier_writes() {
  if (out_ == nullptr || (out_->owed() == 0 && out_->size() <= control_limit)) return IoResult::done(0);
  const std::size_t owed = out_->owed();
  const IoResult flushed = flush();
  if (flushed.status == IoStatus::failed) return flushed;
  surplus_ += out_ == nullptr ? owed : out_->take_credit();
  return surplus_ > 0 || out_ == nullptr ? IoResult::done(0) : IoResult::would_block();
}

std::size_t TlsStream::record_limit(std::size_t left) {
  const runtime::TimePoint now = runtime::Loop::current().now();
  if (now - last_write_ > burst_pause) burst_bytes_ = 0;
  last_write_ = now;
  const bool begins = burst_bytes_ < small_records_end && burst_bytes_ + left > first_flight;
  return begins ? small_record : max_record;
}

IoResult TlsStream::encrypt(std::span<const iovec> pieces, std::size_t total) {
  Cursor cursor{pieces};
  const std::size_t batch = std::min(total, OutBuffer::batch);
  std::size_t done = 0;
  while (done < batch && write_fault_ == Code::ok) {
    const std::size_t n = std::min(batch - done, record_limit(total - done));
    drain_ = done + n == batch ? Drain::pass_on : Drain::collect;
    const int written = SSL_write(ssl_.get(), cursor.take(n), static_cast<int>(n));
    drain_ = Drain::collect;
    if (written != static_cast<int>(n)) return write_stopped();
    if (out_ != nullptr) out_->mark(n);
    burst_bytes_ = static_cast<std::uint32_t>(std::min(burst_bytes_ + n, small_records_end));
    done += n;
  }
  if (write_fault_ != Code::ok) return IoResult::failed(write_fault_);
  if (out_ == nullptr) return IoResult::done(done);
  const std::size_t credit = out_->take_credit();
  return credit == 0 ? IoResult::would_block() : IoResult::done(credit);
}

// The library takes what it is given, whatever the stream below does: it refuses only when the connection is broken.
IoResult TlsStream::write_stopped() {
  if (diagnosis_ == nullptr) diagnosis_ = std::make_unique<Diagnosis>(explain_broken_connection(ssl_.get()));
  write_fault_ = diagnosis_->code;
  return IoResult::failed(write_fault_);
}

IoResult TlsStream::try_finish() {
  if (write_fault_ != Code::ok) return IoResult::failed(write_fault_);
  if (ssl_ != nullptr && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0 && SSL_in_init(ssl_.get()) == 0) {
    clear_stale_errors();
    drain_ = out_ == nullptr ? Drain::pass_on : Drain::collect;
    SSL_shutdown(ssl_.get());
    drain_ = Drain::collect;
    clear_stale_errors();
  }
  const IoResult flushed = flush();
  writer_waits_ = flushed.status == IoStatus::would_block;
  if (flushed.status != IoStatus::done) return flushed;
  if (write_fault_ != Code::ok) return IoResult::failed(write_fault_);
  return lower_->try_finish();
}

void TlsStream::abort(Code why) {
  read_fault_ = write_fault_ = why;
  lower_->abort(why);
}

void TlsStream::release_buffers() {
  flush_control();
  // Does nothing while a part of a record is waiting for its rest.
  if (ssl_ != nullptr) SSL_free_buffers(ssl_.get());
  lower_->release_buffers();
}

}  // namespace sp::tls
