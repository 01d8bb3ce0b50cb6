// Content that is held back until a scanner has said what becomes of it: bounded for each message, and for all of a
// worker together.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/body.h"
#include "proxy/head_room.h"

namespace sp::proxy {

class HeldContent final : public BodySource {
 public:
  explicit HeldContent(HeadRoom& room) : room_(room) {}
  ~HeldContent() override { room_.give_back(taken_); }
  HeldContent(const HeldContent&) = delete;
  HeldContent& operator=(const HeldContent&) = delete;

  enum class Collected : std::uint8_t { all, too_much };
  // Takes all that `content` has, up to `most` octets. too_much: there is more than that, or the worker holds too much
  // for others; what was taken is held nevertheless, and the rest comes behind it when this is read. Errors: those of
  // the content.
  runtime::Task<Result<Collected>> collect(BodySource& content, std::uint64_t most);
  // False: there is no room.
  bool append(ByteView octets);
  ByteView view() const { return held_; }

  runtime::Task<Result<ByteView>> read() override;
  Result<ByteView> buffered() override;
  bool complete() const override { return passed_ == held_.size() && (rest_ == nullptr || rest_->complete()); }
  void govern(std::uint64_t most_octets, const Pace& pace) override {
    if (rest_ != nullptr) rest_->govern(most_octets, pace);
  }
  void interrupt() override;
  void resume() override;
  const http::Fields* trailers() const override { return rest_ == nullptr ? nullptr : rest_->trailers(); }

 private:
  HeadRoom& room_;
  std::uint64_t taken_ = 0;  // of the room
  std::string held_;
  std::size_t passed_ = 0;
  BodySource* rest_ = nullptr;  // what was collected from; null: nothing was
};

}  // namespace sp::proxy
