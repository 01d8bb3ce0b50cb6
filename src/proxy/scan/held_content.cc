#include "proxy/scan/held_content.h"

#include <algorithm>

namespace sp::proxy {

using runtime::Task;

namespace {

// As much as other content comes in at a time: nobody waits for one who has more.
constexpr std::size_t piece = std::size_t{64} * 1024;

}  // namespace

bool HeldContent::append(ByteView octets) {
  if (!room_.take(octets.size())) return false;
  taken_ += octets.size();
  held_.append(octets);
  return true;
}

Task<Result<HeldContent::Collected>> HeldContent::collect(BodySource& content, std::uint64_t most) {
  rest_ = &content;
  while (!content.complete()) {
    SP_TRY(ByteView octets, co_await content.read());
    const bool fits = append(octets);
    if (!fits) held_.append(octets);  // it is read, and not to be lost
    if (!fits || held_.size() > most) co_return Collected::too_much;
  }
  co_return Collected::all;
}

Result<ByteView> HeldContent::buffered() {
  const ByteView next = ByteView(held_).substr(passed_, piece);
  passed_ += next.size();
  return next;
}

Task<Result<ByteView>> HeldContent::read() {
  if (passed_ < held_.size() || rest_ == nullptr) co_return buffered();
  auto next = co_await rest_->read();
  co_return next;
}

void HeldContent::interrupt() {
  if (rest_ != nullptr) rest_->interrupt();
}

void HeldContent::resume() {
  if (rest_ != nullptr) rest_->resume();
}

}  // namespace sp::proxy
