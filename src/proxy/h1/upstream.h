// A connection to a server that speaks HTTP/1: one exchange has it at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "codec/h1/response_reader.h"
#include "codec/h1/writer.h"
#include "proxy/h1/body.h"
#include "proxy/upstream_connection.h"

namespace sp::proxy {

class ServerPool;

class H1Upstream final : public UpstreamConnection, public ListHook {
 public:
  // `name`: in the TLS handshake; empty: plain. Only requests for it may use the connection. `context`: what the stream
  // needs to live: its TLS context.
  H1Upstream(std::shared_ptr<void> context, std::unique_ptr<runtime::Stream> connected, std::string address,
             std::string name, const codec::Limits& limits)
      : context_(std::move(context)),
        stream_(std::move(connected)),
        address_text_(std::move(address)),
        sni_(std::move(name)),
        reader_(limits),
        body_(in_, limits, Side::upstream) {}

  std::string_view address_text() const override { return address_text_; }
  bool used_before() const override { return requests_ != 0; }
  void lease(runtime::CancelToken& token) override;
  void end_lease() override { on_cancel_.unlink(); }
  runtime::Task<Result<void>> send_request(Exchange& exchange) override;
  runtime::Task<Result<void>> receive_response(Exchange& exchange) override;
  runtime::Task<Result<void>> send_content(Exchange& exchange, ByteView piece, bool last) override;
  runtime::Task<Result<void>> finish_content(Exchange& exchange, const http::Fields* trailers) override;
  runtime::Stream* takes_plain_content() override { return chunked_ ? nullptr : stream_.get(); }
  void cut(Code why) override;
  void give_up_content() override { stream_->reset_on_close(); }
  bool request_may_have_arrived() const override { return stream_->may_have_arrived(sent_before_); }
  Detached detach() override;
  void leave(Exchange& exchange) override;

 private:
  friend class ServerPool;
  struct IdleWait : runtime::IoWait {
    explicit IdleWait(H1Upstream& c) : IoWait(&idle_ended, runtime::never), connection(c) {}
    H1Upstream& connection;
  };
  bool silent();
  static Result<void> nothing_came(const Exchange& exchange, Code why);
  Result<void> received(Exchange& exchange, const Result<std::size_t>& got);
  std::size_t put_content(std::span<const ByteView> parts, std::span<iovec> pieces);
  runtime::Task<Result<void>> write_in_two_segments(std::span<iovec> pieces, runtime::Duration idle);
  static void idle_ended(runtime::IoWait& wait, Code why);
  static void cancelled(void* self, Code why) { static_cast<H1Upstream*>(self)->stream_->abort(why); }

  std::shared_ptr<void> context_;
  std::unique_ptr<runtime::Stream> stream_;
  std::string address_text_;
  std::string sni_;
  Buffer in_;
  codec::h1::ResponseReader reader_;
  H1Body body_;
  bool keep_alive_ = false;  // as the last response said
  bool chunked_ = false;     // the content of the request
  std::uint32_t requests_ = 0;
  std::uint64_t sent_before_ = 0;  // when the lease began
  std::array<char, codec::h1::chunk_head_max> chunk_head_{};
  IdleWait idle_wait_{*this};
  ServerPool* pool_ = nullptr;
  runtime::CancelCallback on_cancel_{&H1Upstream::cancelled, this};
};

}  // namespace sp::proxy
