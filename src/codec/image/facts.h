// What kind of picture some octets are, and how large it says that it is: read from its headers, and nothing decoded.
// What is none of these kinds, or contradicts itself, is no picture here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sp::codec::image {

enum class Format : std::uint8_t { png, jpeg, gif, webp, avif, bmp, ico, svg };
// "image/png"
std::string_view media_type(Format format);

struct Facts {
  Format format = Format::png;
  std::uint64_t frame_pixels = 0;  // of its largest frame; of SVG 0: it has none
  std::uint64_t all_pixels = 0;    // of all frames together
};

// Nothing where it is no picture. That an SVG is harmless, svg.h says.
std::optional<Facts> read_facts(ByteView octets);

}  // namespace sp::codec::image
