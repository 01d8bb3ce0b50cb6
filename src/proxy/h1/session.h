// One client connection that speaks HTTP/1, from its first request to its end.
#pragma once

#include <memory>
#include <string>

#include "base/intrusive_list.h"
#include "codec/h1/request_reader.h"
#include "codec/h1/writer.h"
#include "proxy/exchange.h"
#include "proxy/h1/body.h"
#include "proxy/tunnel.h"
#include "runtime/fair_share.h"
#include "runtime/wait.h"

namespace sp::proxy {

class H1Session final : public ListHook, private InterimSink {
 public:
  H1Session(Worker& worker, ClientConnection& client, runtime::CancelToken& parent);
  ~H1Session() override;

  // `received`: octets of the connection that were read already.
  void begin_with(Buffer& received) { in_.swap(received); }

  // `idle`: it was told to park, and the connection waits for its next request. `over`: one side wants no more.
  // `tunnel`: it is no HTTP any more; take_tunnel() has what goes on.
  enum class Ending : std::uint8_t { idle, over, tunnel };
  runtime::Task<Ending> run();

  struct TunnelStart {
    std::unique_ptr<Tunnel> tunnel;  // without the client's stream
    std::string from_client, from_upstream;
  };
  TunnelStart take_tunnel() { return std::move(tunnel_start_); }

  // ---- for those that wait for a request: nobody loses anything ----
  void close_idle() { stream_.abort(Code::shutting_down); }
  // Ends run() soon.
  void park();

 private:
  enum class After : std::uint8_t { next, linger, close, tunnel };

  void give_back_memory();
  bool take_octets();
  runtime::Task<After> serve_one();
  Result<bool> take_head(Exchange& exchange);
  runtime::Task<Result<void>> read_head(Exchange& exchange);
  bool begins_with_strange_header() const;
  void begin_body(Exchange& exchange);
  runtime::Task<After> respond(Exchange& exchange);
  runtime::Task<After> refuse_head(Exchange& exchange, Error error);
  runtime::Task<Result<After>> write_response(Exchange& exchange);
  runtime::Task<Result<void>> stream_body(Exchange& exchange, BodySource& body, bool chunked);
  runtime::Task<Result<void>> write_last_chunk(const http::Fields* trailers);
  runtime::Task<After> switch_protocols(Exchange& exchange, Response& response);
  void begin_tunnel(Exchange& exchange, const Response& response);
  runtime::Task<void> linger();
  runtime::Task<Result<void>> send_interim(const http::ResponseHead& head) override;
  bool may_follow_refused_tunnel(const Exchange& exchange) const;
  bool stays_open(const Exchange& exchange) const;
  Error client_error(Code code) const;
  Error not_sent(const Error& error) const;
  static void aborted(void* self, Code why) { static_cast<H1Session*>(self)->stream_.abort(why); }

  Worker& worker_;
  ClientConnection& client_;
  runtime::Stream& stream_;
  Buffer in_;
  codec::h1::RequestReader reader_;
  codec::h1::Persistence persistence_;
  H1Body body_;
  Arena arena_;
  Pace out_pace_;
  runtime::FairShare share_;
  runtime::Stream::Operation* waiting_ = nullptr;  // for a request
  TunnelStart tunnel_start_;
  bool parking_ = false;
  bool continued_ = false;  // a 100 has been sent for this request
  bool sending_interim_ = false;
  runtime::Event interim_sent_;
  runtime::CancelSource token_;
  runtime::CancelCallback on_cancel_{&H1Session::aborted, this};
};

}  // namespace sp::proxy
