// One exchange's stream on a connection to a server that speaks HTTP/2.
#pragma once

#include <memory>

#include "proxy/h2/body.h"
#include "proxy/h2/channel.h"
#include "proxy/h2/upstream.h"
#include "proxy/upstream_connection.h"
#include "runtime/wait.h"

namespace sp::proxy {

// The stream: what comes on it is the exchange's, as long as it is attached.
class H2UpstreamStream final : public H2Channel {
 public:
  H2UpstreamStream(std::shared_ptr<H2Upstream> shared, Exchange& exchange);
  ~H2UpstreamStream() override;

  struct Head {
    explicit Head(Arena& arena) : head(arena) {}
    http::ResponseHead head;
    bool ended = false;
    Head* next = nullptr;
  };
  // The next head that came, or null.
  Head* take_head();
  const Error& head_fault() const { return head_fault_; }
  // Set when a head has come, or none will.
  runtime::Event arrived;
  // The connection has ended before the request was written: the server cannot have seen it.
  void note_unseen() { unseen_ = true; }
  bool unseen() const { return unseen_; }
  // From here on it is only octets: a tunnel.
  void detach();

  // Of the request, see H2Upstream::head_size().
  std::uint64_t head_size() const { return head_size_; }
  std::size_t place() const { return place_; }
  void set_place(std::size_t place) { place_ = place; }
  H2Upstream& shared() { return *shared_; }

 private:
  http::ResponseHead* response_head() override;
  http::Fields* trailers() override;
  void head_read(const Result<void>& fault, bool ended) override;
  bool affords_interim(const http::ResponseHead& head);
  void closed(codec::h2::ErrorCode error, bool by_peer) override;
  Code code_of(codec::h2::ErrorCode error, bool by_peer) const override;

  std::shared_ptr<H2Upstream> shared_;
  Exchange* exchange_;
  std::uint64_t head_size_;
  Head* reading_ = nullptr;
  Head* first_ = nullptr;
  Head** last_ = &first_;
  Error head_fault_{.code = Code::ok};
  int interim_ = 0;  // 1xx that came
  std::uint64_t interim_octets_ = 0;
  std::size_t place_ = 0;
  bool unseen_ = false;
};

class H2UpstreamConnection final : public UpstreamConnection {
 public:
  H2UpstreamConnection(std::shared_ptr<H2Upstream> shared, Exchange& exchange);

  std::string_view address_text() const override { return stream_->shared().address_text(); }
  bool used_before() const override { return used_before_; }
  bool alone() const override { return stream_->shared().alone(); }
  void lease(runtime::CancelToken& token) override;
  void end_lease() override { on_cancel_.unlink(); }
  runtime::Task<Result<void>> send_request(Exchange& exchange) override;
  runtime::Task<Result<void>> receive_response(Exchange& exchange) override;
  runtime::Task<Result<void>> send_content(Exchange& exchange, ByteView piece, bool last) override;
  runtime::Task<Result<void>> finish_content(Exchange& exchange, const http::Fields* trailers) override;
  void cut(Code why) override;
  void give_up_content() override {}
  bool may_refuse() const override { return true; }  // RFC 9113 section 8.7
  bool request_may_have_arrived() const override { return true; }
  Detached detach() override;
  void leave(Exchange& exchange) override;

 private:
  Error broken(const Exchange& exchange) const;
  static void cancelled(void* self, Code why) { static_cast<H2UpstreamConnection*>(self)->cut(why); }

  std::unique_ptr<H2UpstreamStream> stream_;
  H2Body body_;
  bool used_before_;
  runtime::CancelCallback on_cancel_{&H2UpstreamConnection::cancelled, this};
};

}  // namespace sp::proxy
