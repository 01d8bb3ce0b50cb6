#include "runtime/tcp_facts.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sp::runtime {

std::optional<std::uint64_t> octets_acknowledged(int descriptor) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  // The SYN counts as one on the side that connected, and on the other it does not.
  constexpr std::uint64_t syn = 1;
  return info.tcpi_bytes_acked > syn ? info.tcpi_bytes_acked - syn : 0;
}

void keep_alive(int descriptor) {
  constexpr int on = 1, quiet_for = 240;  // seconds; then nine times 75, as the system has it
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &quiet_for, sizeof quiet_for);
}

}  // namespace sp::runtime
