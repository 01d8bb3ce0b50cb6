// What must hold of what arrives, in whatever version of HTTP it came.
#pragma once

#include <cstdint>
#include <string_view>

#include "testing/sim/story.h"

namespace sp::testing {

// A message as it was read. Whole: it came to its end, by its own framing.
struct Heard {
  std::uint32_t number = 0;
  std::string_view content;
  bool whole = false;
};

// ---- at a client ----
// A response must be that of the request that was sent: in whole, or visibly not. Says whether it is whole.
bool judge_response(Story& story, Speaks client, unsigned status, const Heard& response);
// Trailers come if they were sent, with a message that is whole.
void judge_trailers(Story& story, bool sent, bool came, std::uint32_t number);
// No response came.
void judge_silence(Story& story, std::uint32_t number);

// ---- at a server ----
// What must not be done twice goes to a server again only where none has acted on it.
void judge_arrival(Story& story, Speaks server, std::uint32_t number, bool post);
void judge_request(Story& story, bool post, const Heard& request);

// ---- at both ends of a tunnel ----
struct TunnelEnd {
  std::string_view listens, speaks;
};
constexpr TunnelEnd at_client{"client", "server"}, at_server{"server", "client"};
void judge_tunnel(Story& story, TunnelEnd end, const Heard& octets);

}  // namespace sp::testing
