// One request of an HTTP/2 connection, and its response: the stream and the exchange on it.
#pragma once

#include "base/frame_pool.h"
#include "proxy/exchange.h"
#include "proxy/h2/body.h"
#include "proxy/h2/channel.h"
#include "proxy/head_room.h"
#include "runtime/wait.h"

namespace sp::proxy {

class H2Request final : public H2Channel, private InterimSink {
 public:
  // `heads`: what the heads of the connection's requests take, and may.
  H2Request(Worker& worker, ClientConnection& client, H2Connection& connection, HeadRoom& heads,
            runtime::CancelToken& parent);
  ~H2Request() override;
  static void* operator new(std::size_t octets) { return allocate_frame(octets); }
  static void operator delete(void* request, std::size_t octets) noexcept { free_frame(request, octets); }

  enum class State : std::uint8_t { reading, ready, over };  // over: before its head was complete
  State state() const { return state_; }

  // Answers, once the head is there.
  runtime::Task<void> serve();

  Exchange& exchange() { return exchange_; }

 private:
  http::RequestHead* request_head() override { return &exchange_.request; }
  http::Fields* trailers() override { return &exchange_.request_trailers; }
  void head_read(const Result<void>& fault, bool ended) override;
  bool affords(std::uint64_t octets) override;
  void closed(codec::h2::ErrorCode error, bool by_peer) override;
  Code code_of(codec::h2::ErrorCode error, bool by_peer) const override;

  runtime::Task<void> respond();
  runtime::Task<Result<void>> write_response(Response& response);
  runtime::Task<Result<void>> begin_tunnel(Response& response);
  runtime::Task<Result<void>> send_interim(const http::ResponseHead& head) override;
  Error not_sent(const Error& error) const;
  void give_up(const Error& error);
  bool is_misdirected() const;
  bool looks_like_tunnel(const Response& response) const;
  static void cancelled(void* self, Code why);

  HeadRoom& heads_;
  std::uint64_t head_octets_ = 0;
  Arena arena_{Arena::small_block};
  Exchange exchange_;
  H2Body body_;
  Pace out_pace_;
  runtime::FairShare share_;
  Result<void> head_fault_;
  runtime::Event tunnel_over_;
  State state_ = State::reading;
  bool tunnel_ = false;
  bool continued_ = false;
  runtime::CancelCallback on_cancel_{&H2Request::cancelled, this};
};

}  // namespace sp::proxy
