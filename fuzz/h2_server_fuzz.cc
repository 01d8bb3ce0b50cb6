// The server's side of HTTP/2: octets in cuts, mixed with what its streams do. See h2_play.h. The first octet says who
// the other side is and what was agreed on; the others are steps.
#include "fuzz/h2_play.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sp::fuzz::Play(sp::codec::h2::Role::server, std::string_view(reinterpret_cast<const char*>(data), size)).run();
  return 0;
}
