#include "proxy/websocket_handshake.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>

#include "proxy/worker.h"

namespace sp::proxy {
namespace {

std::string_view base64(std::span<const unsigned char> octets, Arena& arena) {
  char* const text = arena.chars((octets.size() + 2) / 3 * 4 + 1);
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text), octets.data(), static_cast<int>(octets.size()));
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::string_view make_websocket_key(Random& random, Arena& arena) {
  const std::array<std::uint64_t, 2> numbers{random.next(), random.next()};
  std::array<unsigned char, 16> octets;
  std::memcpy(octets.data(), numbers.data(), octets.size());
  return base64(octets, arena);
}

std::string_view websocket_accept(std::string_view key, Arena& arena) {
  constexpr std::string_view rest = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
  const std::string_view text = arena.concat({key, rest});
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64({digest.data(), size}, arena);
}

}  // namespace sp::proxy
