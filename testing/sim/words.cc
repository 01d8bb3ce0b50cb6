#include "testing/sim/words.h"

#include <cstdio>

#include "proxy/websocket_handshake.h"

namespace sp::testing {
namespace {

// The end of the head, and the content in one of the two framings.
SimWords framed(std::string head, const std::string& content, Dice& dice) {
  if (dice.one_in(2)) return {head + "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n", content};
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", content.size());
  return {head + "Transfer-Encoding: chunked\r\n\r\n", size + content + "\r\n0\r\n\r\n"};
}

}  // namespace

std::string content_of(std::uint32_t number, std::string_view who, std::size_t size) {
  const std::string unit = std::string(who) + std::to_string(number) + ",";
  std::string text;
  text.reserve(size + unit.size());
  while (text.size() < size) text += unit;
  text.resize(size);
  text.back() = ';';
  return text;
}

bool is_of(std::uint32_t number, std::string_view who, std::string_view content) {
  if (content.empty()) return true;
  std::string expected = content_of(number, who, content.size() + 1);
  if (content.ends_with(';')) content.remove_suffix(1);
  return expected.starts_with(content);
}

SimWords request_words(std::uint32_t number, bool post, std::string_view more_fields, Dice& dice) {
  std::string head = (post ? "POST /" : "GET /") + std::to_string(number) + " HTTP/1.1\r\nHost: a.test\r\n";
  head += more_fields;
  if (!post) return {head + "\r\n", {}};
  return framed(std::move(head), content_of(number, "client", 1 + dice.below(3000)), dice);
}

std::string response_words(std::uint32_t number, Dice& dice) {
  std::string early = dice.one_in(8) ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" : "";
  const SimWords words =
      framed(early + "HTTP/1.1 200 OK\r\n", content_of(number, "server", 1 + dice.below(5000)), dice);
  return words.head + words.content;
}

std::string tunnel_request(std::uint32_t number) {
  return "GET /" + std::to_string(number) +
         " HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\n";
}

std::string tunnel_response(std::string_view key) {
  Arena arena;
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(proxy::websocket_accept(key, arena)) + "\r\n\r\n";
}

}  // namespace sp::testing
