// PNG, JPEG, GIF, BMP and icons.
#include <cstdlib>

#include "codec/image/formats.h"
#include "codec/image/octets.h"

namespace sp::codec::image {

// ---- PNG (and APNG, whose frames are counted in a chunk before the first content)

std::optional<Facts> read_png(ByteView octets) {
  Octets in(octets.substr(8));
  const std::uint32_t header = in.be32();
  if (header != 13 || in.take(4) != "IHDR") return std::nullopt;
  const std::uint32_t width = in.be32(), height = in.be32();
  in.skip(5 + 4);
  std::uint32_t frames = 1;
  while (!in.failed()) {
    const std::uint32_t length = in.be32();
    const ByteView type = in.take(4);
    if (type == "IDAT" || in.failed()) break;
    Octets content(in.take(length));
    if (type == "acTL") frames = std::max(frames, content.be32());
    in.skip(4);
  }
  if (in.failed() || width == 0 || height == 0) return std::nullopt;
  Frames found;
  found.add(width, height, frames);
  return found.as(Format::png);
}

// ---- JPEG

namespace {

constexpr std::uint32_t start_of_scan = 0xda, end_of_image = 0xd9;

bool stands_alone(std::uint32_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7); }
bool begins_frame(std::uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

}  // namespace

std::optional<Facts> read_jpeg(ByteView octets) {
  Octets in(octets.substr(2));
  while (!in.failed()) {
    if (in.u8() != 0xff) return std::nullopt;
    std::uint32_t marker = in.u8();
    while (marker == 0xff && !in.failed()) marker = in.u8();  // fill
    if (stands_alone(marker)) continue;
    if (marker == start_of_scan || marker == end_of_image || marker == 0) return std::nullopt;
    const std::uint32_t length = in.be16();
    if (length < 2) return std::nullopt;
    Octets segment(in.take(length - 2));
    if (!begins_frame(marker)) continue;
    segment.skip(1);
    const std::uint32_t height = segment.be16(), width = segment.be16();
    // A height of 0 is said behind the content: nobody can tell how much that is.
    if (segment.failed() || height == 0 || width == 0) return std::nullopt;
    Frames found;
    found.add(width, height);
    return found.as(Format::jpeg);
  }
  return std::nullopt;
}

// ---- GIF

namespace {

std::size_t color_table(std::uint32_t flags) { return (flags & 0x80) != 0 ? 3u << ((flags & 7) + 1) : 0; }

void skip_blocks(Octets& in) {
  for (std::uint32_t size = in.u8(); size != 0 && !in.failed(); size = in.u8()) in.skip(size);
}

}  // namespace

// What is cut off is still a picture up to there: browsers show it.
std::optional<Facts> read_gif(ByteView octets) {
  Octets in(octets.substr(6));
  const std::uint32_t width = in.le16(), height = in.le16(), flags = in.u8();
  in.skip(2 + color_table(flags));
  Frames found;
  while (!in.failed()) {
    const std::uint32_t kind = in.u8();
    if (kind == 0x21) {
      in.skip(1);
      skip_blocks(in);
    } else if (kind == 0x2c) {
      const std::uint32_t left = in.le16(), top = in.le16(), frame_width = in.le16(), frame_height = in.le16();
      const std::uint32_t local = in.u8();
      if (in.failed()) break;
      found.add(std::max(width, left + frame_width), std::max(height, top + frame_height));
      in.skip(color_table(local) + 1);
      skip_blocks(in);
    } else {
      break;
    }
  }
  return found.as(Format::gif);
}

// ---- BMP and icons

std::optional<BitmapSize> read_bitmap_header(ByteView octets) {
  Octets in(octets);
  const std::uint32_t size = in.le32();
  BitmapSize found;
  if (size == 12) {
    found.width = in.le16();
    found.height = in.le16();
  } else if (size >= 40 && size <= 124) {
    const auto width = static_cast<std::int32_t>(in.le32());
    const auto height = static_cast<std::int64_t>(static_cast<std::int32_t>(in.le32()));  // negative: from the top
    if (width <= 0 || height == 0) return std::nullopt;
    found.width = static_cast<std::uint64_t>(width);
    found.height = static_cast<std::uint64_t>(std::abs(height));
  }
  if (in.failed() || found.width == 0 || found.height == 0) return std::nullopt;
  return found;
}

std::optional<Facts> read_bmp(ByteView octets) {
  if (octets.size() < 14) return std::nullopt;
  const auto size = read_bitmap_header(octets.substr(14));
  if (!size) return std::nullopt;
  Frames found;
  found.add(size->width, size->height);
  return found.as(Format::bmp);
}

namespace {

// What the directory says of the size is for choosing; what is drawn is what stands there.
bool add_icon(ByteView icon, Frames& found) {
  if (icon.starts_with("\x89PNG\r\n\x1a\n")) {
    const auto png = read_png(icon);
    if (png) found.add(png->frame_pixels, 1, png->all_pixels / png->frame_pixels);
    return png.has_value();
  }
  const auto size = read_bitmap_header(icon);
  if (size) found.add(size->width, size->height);
  return size.has_value();
}

}  // namespace

std::optional<Facts> read_ico(ByteView octets) {
  constexpr std::uint32_t most_icons = 64;
  Octets in(octets.substr(4));
  const std::uint32_t count = in.le16();
  if (count == 0 || count > most_icons) return std::nullopt;
  Frames found;
  for (std::uint32_t i = 0; i < count; ++i) {
    in.skip(8);
    const std::uint32_t size = in.le32(), offset = in.le32();
    if (in.failed() || offset > octets.size() || size > octets.size() - offset) return std::nullopt;
    if (!add_icon(octets.substr(offset, size), found)) return std::nullopt;
  }
  return found.as(Format::ico);
}

}  // namespace sp::codec::image
