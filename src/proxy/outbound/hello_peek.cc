#include "proxy/outbound/hello_peek.h"

#include <utility>

namespace sp::proxy {

bool HelloPeek::note(ByteView octets) {
  if (octets.empty()) return false;
  const bool first = seen_.empty();
  if (!first) {
    if (seen_.size() + octets.size() > most_kept) return true;
    seen_.append(octets);
  }
  auto hello = reader_.read(first ? octets : ByteView(seen_));
  if (!hello) return true;
  if (*hello) {
    name_ = std::move((**hello).server_name);
    return true;
  }
  if (octets.size() > most_kept) return true;
  if (first) seen_.assign(octets);
  return false;
}

}  // namespace sp::proxy
