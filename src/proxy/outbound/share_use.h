// What one exchange or tunnel of a way out has of the shares of its user and its destination.
#pragma once

#include <cstdint>

#include "base/slab.h"
#include "proxy/body.h"
#include "proxy/outbound/shares.h"
#include "runtime/loop.h"

namespace sp::proxy {

class ShareUse : public Lasting {
 public:
  // The loop outlives it.
  ShareUse(Shares::Both held, const runtime::Loop& loop) : held_(std::move(held)), loop_(loop) {}
  ~ShareUse() { (void)settle(); }
  ShareUse(const ShareUse&) = delete;
  ShareUse& operator=(const ShareUse&) = delete;

  // Octets on their way. ok, or whose share of the day is used up: user_bytes, destination_bytes.
  Code spend(std::uint64_t octets) {
    owed_ += octets;
    return owed_ < piece ? Code::ok : settle();
  }
  bool counts_octets() const { return held_.user.most_octets() != 0 || held_.destination.most_octets() != 0; }

  // So many octets are told to the account at a time: a lock is not to be taken for each message.
  static constexpr std::uint64_t piece = std::uint64_t{64} * 1024;

 private:
  Code settle();

  Shares::Both held_;
  const runtime::Loop& loop_;
  std::uint64_t owed_ = 0;
};

// Content that is counted as it passes, and ends where the share of the day does.
class CountedBody final : public BodySource {
 public:
  CountedBody(BodySource& content, ShareUse& share) : content_(content), share_(share) {}
  runtime::Task<Result<ByteView>> read() override;
  Result<ByteView> buffered() override;
  std::uint64_t passable() const override { return content_.passable(); }
  runtime::Task<Result<std::size_t>> pass_into(runtime::Pipe& pipe) override;
  bool complete() const override { return content_.complete(); }
  void govern(std::uint64_t most_octets, const Pace& pace) override { content_.govern(most_octets, pace); }
  void interrupt() override { content_.interrupt(); }
  void resume() override { content_.resume(); }
  const http::Fields* trailers() const override { return content_.trailers(); }

 private:
  Result<void> count(std::uint64_t octets);

  BodySource& content_;
  ShareUse& share_;
};

}  // namespace sp::proxy
