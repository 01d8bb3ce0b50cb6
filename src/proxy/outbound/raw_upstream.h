// The way of a CONNECT: a connection to its destination, and nothing is said on it but what the client says.
#pragma once

#include <memory>
#include <string>

#include "proxy/exchange.h"
#include "proxy/upstream_connection.h"

namespace sp::proxy {

class RawUpstream final : public UpstreamConnection {
 public:
  // `context`: what the stream needs to live.
  RawUpstream(std::shared_ptr<void> context, std::unique_ptr<runtime::Stream> connected, std::string address)
      : context_(std::move(context)), stream_(std::move(connected)), address_(std::move(address)) {}

  std::string_view address_text() const override { return address_; }
  bool used_before() const override { return false; }
  void lease(runtime::CancelToken&) override {}
  void end_lease() override {}
  runtime::Task<Result<void>> send_request(Exchange&) override { co_return fail(Code::internal, "CONNECT"); }
  runtime::Task<Result<void>> receive_response(Exchange&) override { co_return fail(Code::internal, "CONNECT"); }
  runtime::Task<Result<void>> send_content(Exchange&, ByteView, bool) override {
    co_return fail(Code::internal, "CONNECT");
  }
  runtime::Task<Result<void>> finish_content(Exchange&, const http::Fields*) override {
    co_return fail(Code::internal, "CONNECT");
  }
  void cut(Code why) override {
    if (stream_ != nullptr) stream_->abort(why);
  }
  void give_up_content() override {}
  bool request_may_have_arrived() const override { return false; }
  Detached detach() override { return {std::move(context_), std::move(stream_)}; }
  void leave(Exchange& exchange) override { exchange.connection.reset(); }

 private:
  std::shared_ptr<void> context_;
  std::unique_ptr<runtime::Stream> stream_;  // null: what no rule allows is told in the tunnel
  std::string address_;
};

}  // namespace sp::proxy
