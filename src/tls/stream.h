// TLS over another stream, as a stream. Made by ServerContext::accept and ClientContext::connect.
//
// What it promises beyond the contract of Stream:
//   - Records of one try_write leave in one write of the stream below, small pieces share a record. A burst begins with
//   small
//     records, so that the other side can read before the first round trip is over, and goes on with large ones.
//   - try_write counts an octet as written once its record has gone to the stream below. After would_block, or a
//   partial
//     write, the next try_write must begin with the same octets as were left over then (they are encrypted already): as
//     Stream::write and any loop over it do by themselves.
//   - What TLS itself has to say (a session ticket, the last message of the handshake) leaves with the first write, or
//   when
//     reading would block.
//   - try_read of nothing may say that reading is worth trying, and reading then gives would_block: records need not
//   hold data.
//   - The peer's end is `end`, with or without close_notify; clean_end() tells the difference, which matters where the
//   end of
//     the connection is the end of a message (RFC 9112 section 6.3, number 8).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/stream.h"
#include "runtime/task.h"
#include "tls/diagnosis.h"
#include "tls/handles.h"
#include "tls/info.h"

namespace sp::tls {

class CertificateSet;
class OutBuffer;
class SessionSlot;
struct Opening;

class TlsStream final : public runtime::Stream {
 public:
  // `ssl` may be null: the handshake then fails with out_of_memory. The context that made `ssl` outlives the stream.
  TlsStream(SslPtr ssl, std::unique_ptr<runtime::Stream> lower, std::unique_ptr<Opening> opening);
  ~TlsStream() override;  // closes at once: no close_notify (try_finish sends it)

  // Once, before anything else. A client writes or reads soon after it: its last message leaves only then (see above),
  // and the server waits for it. Fails with timeout, with the Code of the stream below, or with a Code of TLS, and then
  // diagnosis() says more.
  runtime::Task<Result<void>> handshake(runtime::TimePoint deadline = runtime::never);

  // ---- after the handshake ----
  TlsInfo info() const { return describe(ssl_.get()); }
  // Costs some work and memory: for those who want it.
  OwnCertificate own_certificate() const { return tls::own_certificate(ssl_.get()); }
  std::optional<PeerCertificate> peer_certificate() const { return tls::peer_certificate(ssl_.get()); }
  // The certificate of the other side itself; null where it has presented none.
  X509Ptr peer_leaf() const;
  // Server side: whether the certificate that the client was shown is also for `host` (a name or an IP address, without
  // a port). A request for another host was misdirected.
  bool covers(std::string_view host) const;
  // Server side: the certificates from which the client was served; null before the handshake.
  const CertificateSet* certificates() const { return certificates_; }
  // After `end`: the peer has said that it was the end. Else somebody may have cut the connection.
  bool clean_end() const override { return clean_end_; }

  // ---- after a failure ----
  // Why the handshake failed, or why the peer ended the connection by an alert later; null if neither happened.
  const Diagnosis* diagnosis() const { return diagnosis_.get(); }
  // The stream below, to answer in plain text after plain_http_on_tls. Nothing else may be done with this stream then.
  std::unique_ptr<runtime::Stream> take_lower();

  // ---- Stream ----
  runtime::IoResult try_read(std::span<char> into) override;
  runtime::IoResult try_write(std::span<const iovec> pieces) override;
  void arm(runtime::Direction direction, runtime::IoWait& wait) override { lower_->arm(direction, wait); }
  void disarm(runtime::Direction direction) override { lower_->disarm(direction); }
  runtime::IoResult try_finish() override;
  void abort(Code why) override;
  void reset_on_close() override { lower_->reset_on_close(); }
  void watch_hangup(const runtime::HangupWatch* watch) override { lower_->watch_hangup(watch); }
  void acknowledge() override { lower_->acknowledge(); }
  std::uint64_t sent() const override { return lower_->sent(); }
  bool may_have_arrived(std::uint64_t mark) const override { return lower_->may_have_arrived(mark); }
  void release_buffers() override;

  // ---- for tests, and the callbacks of the TLS library ----
  ssl_st* native() { return ssl_.get(); }
  static TlsStream& of(const ssl_st* ssl);
  Opening* opening() { return opening_.get(); }
  void set_certificates(const CertificateSet* chosen) { certificates_ = chosen; }
  // Those that were made for this connection alone.
  void own_certificates(std::unique_ptr<const CertificateSet> made);
  void set_session_slot(std::unique_ptr<SessionSlot> slot);
  void session_arrived(ssl_session_st* session);
  // Octets from and to the stream below. -1: try again later.
  int feed(char* into, int size);
  int drain(const char* octets, int size);

 private:
  enum class Drain : std::uint8_t { collect, pass_on };
  int feed_received(char* into, int size);
  runtime::IoResult decrypt(std::span<char> into);
  runtime::IoResult worth_reading();
  runtime::IoResult read_stopped();
  runtime::IoResult encrypt(std::span<const iovec> pieces, std::size_t total);
  runtime::IoResult settle_earlier_writes();
  runtime::IoResult write_stopped();
  std::size_t record_limit(std::size_t left);
  runtime::IoResult flush();
  void flush_control();
  static void push(runtime::IoWait& self, Code why);
  runtime::Task<Result<void>> send_flight(runtime::TimePoint deadline);
  Result<void> handshake_failed(Code below);
  OutBuffer& out();

  // Waits to send what TLS itself has to say, when no writer of the caller's does.
  struct Pusher : runtime::IoWait {
    explicit Pusher(TlsStream& owner) : IoWait(&TlsStream::push, runtime::never), stream(owner) {}
    TlsStream& stream;
  };

  SslPtr ssl_;
  std::unique_ptr<runtime::Stream> lower_;
  std::unique_ptr<Opening> opening_;  // while the handshake runs
  std::unique_ptr<OutBuffer> out_;    // while there is something to send
  std::unique_ptr<SessionSlot> session_slot_;
  std::unique_ptr<Diagnosis> diagnosis_;
  const CertificateSet* certificates_ = nullptr;
  std::unique_ptr<const CertificateSet> made_;  // for this connection; null: they are of a store
  Pusher pusher_{*this};
  runtime::TimePoint last_write_{};
  std::size_t surplus_ = 0;        // written octets that the caller was not told of yet
  std::uint32_t burst_bytes_ = 0;  // written since the connection was last idle, up to where it stops to matter
  Code read_fault_ = Code::ok;
  Code write_fault_ = Code::ok;
  Drain drain_ = Drain::collect;
  bool writer_waits_ = false;  // the caller will come again with the rest of its octets
  bool hold_input_ = false;    // the stream below is not to be asked now
  bool ran_dry_ = false;       // when the library last asked for input
  bool lower_ended_ = false;
  bool ended_ = false;
  bool clean_end_ = false;
};

}  // namespace sp::tls
