#include "codec/image/facts.h"

#include <algorithm>
#include <array>
#include <limits>

#include "codec/image/formats.h"
#include "codec/image/svg.h"

namespace sp::codec::image {

using namespace std::string_view_literals;

namespace {

// No format has more than 32 bits for a side, so that only sums and counts can grow beyond 64.
std::uint64_t capped_product(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return b != 0 && a > most / b ? most : a * b;
}
std::uint64_t capped_sum(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return a > most - b ? most : a + b;
}

struct Signature {
  std::string_view octets;
  std::optional<Facts> (*read)(ByteView octets);
};
constexpr std::array signatures{
    Signature{"\x89PNG\r\n\x1a\n"sv, read_png},
    Signature{"\xff\xd8\xff"sv, read_jpeg},
    Signature{"GIF87a"sv, read_gif},
    Signature{"GIF89a"sv, read_gif},
    Signature{"RIFF"sv, read_webp},
    Signature{"BM"sv, read_bmp},
    Signature{"\0\0\1\0"sv, read_ico},
};

}  // namespace

void Frames::add(std::uint64_t width, std::uint64_t height, std::uint64_t count) {
  const std::uint64_t pixels = capped_product(width, height);
  largest = std::max(largest, pixels);
  all = capped_sum(all, capped_product(pixels, count));
}

std::optional<Facts> Frames::as(Format format) const {
  if (all == 0) return std::nullopt;
  return Facts{.format = format, .frame_pixels = largest, .all_pixels = std::max(all, largest)};
}

std::string_view media_type(Format format) {
  switch (format) {
    case Format::png: return "image/png";
    case Format::jpeg: return "image/jpeg";
    case Format::gif: return "image/gif";
    case Format::webp: return "image/webp";
    case Format::avif: return "image/avif";
    case Format::bmp: return "image/bmp";
    case Format::ico: return "image/vnd.microsoft.icon";
    // The word here is stronger than what the document says of itself.
    case Format::svg: return "image/svg+xml; charset=utf-8";
  }
  return {};
}

std::optional<Facts> read_facts(ByteView octets) {
  for (const Signature& signature : signatures) {
    if (octets.starts_with(signature.octets)) return signature.read(octets);
  }
  if (octets.size() > 8 && octets.substr(4).starts_with("ftyp")) return read_avif(octets);
  if (begins_like_svg(octets)) return Facts{.format = Format::svg};
  return std::nullopt;
}

}  // namespace sp::codec::image
