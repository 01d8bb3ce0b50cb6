// Values: durations, numbers, networks, log formats.
#include <array>
#include <charconv>

#include "base/ip.h"
#include "base/units.h"
#include "config/network.h"
#include "import/haproxy/collect.h"

namespace sp::import::haproxy {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// "255.255.0.0" is 16.
std::optional<int> bits_of_mask(std::string_view text) {
  const auto mask = IpAddress::parse(text);
  if (!mask || !mask->v4) return std::nullopt;
  int bits = 0;
  bool ended = false;
  for (size_t i = 0; i < 32; ++i) {
    const bool set = (mask->bytes[i / 8] >> (7 - i % 8) & 1) != 0;
    if (set && ended) return std::nullopt;
    ended = !set;
    bits += set ? 1 : 0;
  }
  return bits;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 27> samples{{
    {"src", "client.address"},
    {"src_port", "client.port"},
    {"dst", "server.address"},
    {"dst_port", "server.port"},
    {"method", "request.method"},
    {"path", "request.path"},
    {"query", "request.query"},
    {"url", "request.uri"},
    {"pathq", "request.uri"},
    {"capture.req.uri", "request.uri"},
    {"hdr(host)", "request.host"},
    {"req.hdr(host)", "request.host"},
    {"req.fhdr(host)", "request.host"},
    {"ssl_fc_protocol", "tls.version"},
    {"ssl_fc_cipher", "tls.cipher"},
    {"ssl_fc_sni", "tls.sni"},
    {"ssl_fc_alpn", "tls.alpn"},
    {"ssl_c_s_dn", "tls.client.subject"},
    {"ssl_c_i_dn", "tls.client.issuer"},
    {"ssl_c_serial", "tls.client.serial"},
    {"unique-id", "request.id"},
    {"uuid()", "request.id"},
    {"uuid", "request.id"},
    {"be_name", "upstream.name"},
    {"status", "response.status"},
    {"hdr(Host)", "request.host"},
    {"url_path", "request.path"},
}};

std::optional<std::string> sample_value(std::string_view text) {
  for (std::string_view harmless : {",lower", ",hex", ",field(1,:)", ",host_only"}) {
    // Serials of certificates are hexadecimal here already.
    const bool fits =
        harmless == ",hex" ? text.starts_with("ssl_c_serial") : text.find("hdr(") == 0 || text.find("req.hdr(") == 0;
    if (fits && text.ends_with(harmless)) text.remove_suffix(harmless.size());
  }
  const std::string name = lower(text);
  for (const auto& [theirs, ours] : samples) {
    if (name == lower(theirs)) return "${" + std::string(ours) + "}";
  }
  for (const std::string_view field : {"hdr(", "req.hdr(", "req.fhdr("}) {
    if (!text.starts_with(field) || !text.ends_with(')')) continue;
    const std::string_view inner = text.substr(field.size(), text.size() - field.size() - 1);
    if (!inner.empty() && inner.find_first_of(",( ") == std::string_view::npos)
      return "${request.header." + std::string(inner) + "}";
  }
  for (const std::string_view cookie : {"req.cook(", "cook("}) {
    if (!text.starts_with(cookie) || !text.ends_with(')')) continue;
    return "${request.cookie." + std::string(text.substr(cookie.size(), text.size() - cookie.size() - 1)) + "}";
  }
  if (text.starts_with("str(") && text.ends_with(')')) return std::string(text.substr(4, text.size() - 5));
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> short_names{{
    {"ci", "client.address"},
    {"cp", "client.port"},
    {"ID", "request.id"},
    {"HU", "request.uri"},
    {"HP", "request.path"},
    {"HM", "request.method"},
    {"sslv", "tls.version"},
    {"sslc", "tls.cipher"},
}};

}  // namespace

std::optional<std::string> our_duration(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t most = 1'000'000'000;
  if (error != std::errc{} || value < 0 || value > most) return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  std::int64_t factor = 0;
  if (unit.empty() || unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  if (unit == "us")
    return value >= 1000 ? std::optional(format_duration(std::chrono::milliseconds(value / 1000))) : std::nullopt;
  if (factor == 0 || value == 0) return std::nullopt;
  // The longest that a timeout here can be; who writes more means forever.
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
  return format_duration(std::min(std::chrono::milliseconds(value * factor), longest));
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<std::string> our_value(std::string_view format) {
  std::string result;
  for (size_t at = 0; at < format.size();) {
    if (format[at] == '$' && at + 1 < format.size() && format[at + 1] == '{') {
      result += "$${";
      at += 2;
      continue;
    }
    if (format[at] != '%') {
      result += format[at++];
      continue;
    }
    std::string_view rest = format.substr(at + 1);
    if (rest.starts_with('%')) {
      result += '%';
      at += 2;
      continue;
    }
    if (rest.starts_with('[')) {
      const size_t close = rest.find(']');
      if (close == std::string_view::npos) return std::nullopt;
      const auto value = sample_value(rest.substr(1, close - 1));
      if (!value) return std::nullopt;
      result += *value;
      at += close + 2;
      continue;
    }
    bool found = false;
    for (const auto& [theirs, ours] : short_names) {
      if (!rest.starts_with(theirs)) continue;
      result += "${" + std::string(ours) + "}";
      at += theirs.size() + 1;
      found = true;
      break;
    }
    if (!found) return std::nullopt;
  }
  return result;
}

std::optional<std::string> our_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const int width = address->v4 ? 32 : 128;
  std::optional<int> bits = width;
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    bits = length.find('.') != std::string_view::npos ? bits_of_mask(length) : number(length);
  }
  if (!bits || *bits > width) return std::nullopt;
  // HAProxy does not mind bits beyond the length, we do.
  config::Network network{.address = *address, .bits = *bits};
  for (size_t i = 0; i < network.address.bytes.size(); ++i) {
    const int kept = std::clamp(*bits - static_cast<int>(i) * 8, 0, 8);
    network.address.bytes[i] &= static_cast<std::uint8_t>(0xFF00u >> kept);
  }
  return network.text();
}

std::pair<std::string, std::string> split_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

}  // namespace sp::import::haproxy
