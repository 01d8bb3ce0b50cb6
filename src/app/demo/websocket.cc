#include "app/demo/websocket.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

#include "proxy/write_all.h"

namespace sp::app::demo {
namespace {

constexpr std::size_t longest_frame = 8192;
constexpr auto patience = std::chrono::minutes(10);

enum Opcode : std::uint8_t { close_frame = 8, ping = 9, pong = 10 };

unsigned octet(ByteView in, std::size_t at) { return static_cast<unsigned char>(in[at]); }

void append_frame(std::string& out, unsigned first, std::string_view payload) {
  out += static_cast<char>(first);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  out += payload;
}

}  // namespace

std::string accept_key(std::string_view key) {
  std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return {};
  std::array<unsigned char, 64> encoded{};
  int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<char*>(encoded.data()), static_cast<std::size_t>(length)};
}

bool answer_frame(ByteView& in, std::string& out) {
  if (in.size() < 2) return true;
  bool masked = (octet(in, 1) & 0x80) != 0;
  std::size_t size = octet(in, 1) & 0x7f;
  std::size_t head = 2;
  if (size == 126) {
    if (in.size() < 4) return true;
    size = octet(in, 2) << 8 | octet(in, 3);
    head = 4;
  }
  if (!masked || size > longest_frame) return false;  // section 5.1: a client masks
  if (in.size() < head + 4 + size) return true;
  std::string payload(in.substr(head + 4, size));
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(octet(payload, i) ^ octet(in, head + i % 4));
  unsigned first = octet(in, 0), opcode = first & 0x0f;
  in.remove_prefix(head + 4 + size);
  if (opcode == pong) return true;
  append_frame(out, opcode == ping ? 0x80 | pong : first, payload);
  return opcode != close_frame;
}

runtime::Task<void> echo(runtime::Stream& stream, proxy::Buffer& in) {
  for (;;) {
    ByteView view = in.view();
    std::string out;
    bool open = true;
    for (std::size_t before = 0; open && view.size() != before;) {
      before = view.size();
      open = answer_frame(view, out);
    }
    in.keep(view);
    if (!out.empty()) {
      std::array<iovec, 1> pieces{proxy::piece_of(out)};
      auto written = co_await proxy::write_all(stream, pieces, patience);
      if (!written) co_return;
    }
    if (!open) co_return;
    in.make_room(in.view().size() + 1);
    auto got = co_await stream.read(in.room());
    if (!got || *got == 0) co_return;
    in.filled(*got);
  }
}

}  // namespace sp::app::demo
