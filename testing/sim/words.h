// What clients and servers of the simulation say. All of it carries the number of its request, so that nothing can be
// taken for something else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "testing/sim/story.h"

namespace sp::testing {

constexpr std::uint32_t nobodys_number = 999'999;  // of a response that nobody asked for

// What `who` (client or server) says of request `number`: its last octet, and no other, is a semicolon.
std::string content_of(std::uint32_t number, std::string_view who, std::size_t size);
// Whether `content` is that, or the beginning of it.
bool is_of(std::uint32_t number, std::string_view who, std::string_view content);

// A message as it is sent, in two parts: "Expect: 100-continue" has a pause between them.
struct SimWords {
  std::string head, content;
};
SimWords request_words(std::uint32_t number, bool post, std::string_view more_fields, Dice& dice);
// A 200; now and then a 103 before it.
std::string response_words(std::uint32_t number, Dice& dice);
std::string tunnel_request(std::uint32_t number);
// To a request with that Sec-WebSocket-Key.
std::string tunnel_response(std::string_view key);

}  // namespace sp::testing
