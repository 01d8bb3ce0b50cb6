#include "proxy/linger.h"

#include "proxy/buffer.h"

namespace sp::proxy {

using runtime::Task;

namespace {
constexpr std::size_t linger_octets = std::size_t{1024} * 1024;
}  // namespace

Task<void> drop_input(runtime::Stream& stream, runtime::TimePoint deadline) {
  Buffer dropped;
  for (std::size_t octets = 0; octets < linger_octets;) {
    auto got = co_await stream.read(dropped.room(), deadline);
    if (!got || *got == 0) co_return;
    octets += *got;
  }
}

Task<void> linger(runtime::Stream& stream, runtime::TimePoint now) {
  auto finished = co_await stream.finish(now + linger_time);
  if (finished) co_await drop_input(stream, now + linger_time);
}

}  // namespace sp::proxy
