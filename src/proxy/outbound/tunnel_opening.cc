#include "proxy/outbound/tunnel_opening.h"

#include <algorithm>

#include "http/fields.h"

namespace sp::proxy {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t longest_method = 32;

TunnelSpeech tls_or_not(ByteView octets) {
  constexpr std::string_view handshake("\x16\x03", 2);
  return octets.starts_with(handshake) ? TunnelSpeech::tls
         : octets.size() == 1          ? TunnelSpeech::unclear
                                       : TunnelSpeech::other;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Other protocols begin with words as well ("SSH-2.0-... "): the version at the end of the line tells.
TunnelSpeech by_line(ByteView octets, std::size_t longest_line) {
  const std::size_t end = octets.find('\n');
  ByteView line = octets.substr(0, end);
  if (end != ByteView::npos && line.ends_with('\r')) line.remove_suffix(1);
  if (end == ByteView::npos && line.ends_with('\r')) return TunnelSpeech::unclear;
  if (std::ranges::any_of(line, is_control)) return TunnelSpeech::other;
  if (end == ByteView::npos) return octets.size() > longest_line ? TunnelSpeech::http1 : TunnelSpeech::unclear;
  return line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0") ? TunnelSpeech::http1 : TunnelSpeech::other;
}

}  // namespace

TunnelSpeech speech_of(ByteView octets, std::size_t longest_line) {
  if (octets.empty() || preface.starts_with(octets.substr(0, preface.size()))) {
    return octets.size() < preface.size() ? TunnelSpeech::unclear : TunnelSpeech::http2;
  }
  if (octets.front() == '\x16') return tls_or_not(octets);
  const std::size_t space = octets.substr(0, longest_method + 1).find(' ');
  const ByteView method = octets.substr(0, std::min(space, octets.size()));
  if (method.size() > longest_method || !http::is_token(method)) return TunnelSpeech::other;
  if (space == ByteView::npos) return TunnelSpeech::unclear;
  return by_line(octets, longest_line);
}

}  // namespace sp::proxy
