// The content of an HTTP/2 message as it comes from its stream, in either direction.
#pragma once

#include <cstdint>
#include <limits>

#include "proxy/body.h"
#include "proxy/h2/channel.h"

namespace sp::proxy {

class H2Body final : public BodySource {
 public:
  // `sender`: who is to blame when it stops.
  H2Body(H2Channel& channel, Side sender) : channel_(channel), sender_(sender) {}
  ~H2Body() override;

  void start(const Pace& pace, http::Fields* trailers) {
    pace_ = pace;
    trailers_ = trailers;
  }

  runtime::Task<Result<ByteView>> read() override;
  Result<ByteView> buffered() override;
  bool complete() const override { return channel_.remote_ended() && channel_.received() == 0; }
  void govern(std::uint64_t most_octets, const Pace& pace) override {
    limit_ = most_octets;
    pace_ = pace;
  }
  void interrupt() override;
  void resume() override { interrupted_ = false; }
  const http::Fields* trailers() const override { return trailers_; }
  // Octets of content taken so far.
  std::uint64_t taken() const { return taken_; }

 private:
  void give_back();
  void widen();
  Error timed_out() const;
  Error broken(Code code) const;

  H2Channel& channel_;
  Buffer piece_;  // what the caller has
  runtime::Stream::Operation* waiting_ = nullptr;
  Pace pace_;
  std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
  http::Fields* trailers_ = nullptr;
  std::uint64_t taken_ = 0;
  Side sender_;
  bool wide_ = false;
  bool interrupted_ = false;
};

}  // namespace sp::proxy
