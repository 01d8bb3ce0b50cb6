// The readers of each format. Each is given all octets, whose signature was seen.
#pragma once

#include <optional>

#include "codec/image/facts.h"

namespace sp::codec::image {

// Frames as they are found: of the largest, and of all together.
struct Frames {
  std::uint64_t largest = 0, all = 0;
  void add(std::uint64_t width, std::uint64_t height, std::uint64_t count = 1);
  // Nothing where no frame was found, or one of no size.
  std::optional<Facts> as(Format format) const;
};

std::optional<Facts> read_png(ByteView octets);
std::optional<Facts> read_jpeg(ByteView octets);
std::optional<Facts> read_gif(ByteView octets);
std::optional<Facts> read_webp(ByteView octets);
std::optional<Facts> read_avif(ByteView octets);
std::optional<Facts> read_bmp(ByteView octets);
std::optional<Facts> read_ico(ByteView octets);

// A bitmap without its file header, as icons hold them, too. Nothing where it is none.
struct BitmapSize {
  std::uint64_t width = 0, height = 0;
};
std::optional<BitmapSize> read_bitmap_header(ByteView octets);

}  // namespace sp::codec::image
