// WebP and AVIF: formats of boxes in boxes.
#include "codec/image/formats.h"
#include "codec/image/octets.h"

namespace sp::codec::image {

// ---- WebP

namespace {

void add_lossy(ByteView content, Frames& found) {
  Octets in(content);
  in.skip(3);
  if (in.take(3) != "\x9d\x01\x2a") return;
  const std::uint32_t width = in.le16() & 0x3fff, height = in.le16() & 0x3fff;
  if (!in.failed()) found.add(width, height);
}

void add_lossless(ByteView content, Frames& found) {
  Octets in(content);
  if (in.u8() != 0x2f) return;
  const std::uint32_t bits = in.le32();
  if (!in.failed()) found.add((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1);
}

struct Canvas {
  std::uint64_t width = 0, height = 0;
};

// A frame of an animation is drawn on the canvas, whatever its own size is.
void add_frame(ByteView content, const Canvas& canvas, Frames& found) {
  Octets in(content);
  in.skip(6);
  const std::uint64_t width = in.le24() + std::uint64_t{1}, height = in.le24() + std::uint64_t{1};
  if (!in.failed()) found.add(std::max(width, canvas.width), std::max(height, canvas.height));
}

}  // namespace

std::optional<Facts> read_webp(ByteView octets) {
  Octets in(octets.substr(4));
  in.skip(4);
  if (in.take(4) != "WEBP") return std::nullopt;
  Frames found;
  Canvas canvas;
  while (in.size() >= 8) {
    const ByteView type = in.take(4);
    const std::uint32_t length = in.le32();
    // The last one may be cut off.
    const ByteView content = in.take(std::min<std::size_t>(length, in.size()));
    if (type == "VP8 ") add_lossy(content, found);
    if (type == "VP8L") add_lossless(content, found);
    if (type == "ANMF") add_frame(content, canvas, found);
    if (type == "VP8X") {
      Octets header(content);
      header.skip(4);
      canvas = {header.le24() + std::uint64_t{1}, header.le24() + std::uint64_t{1}};
      if (header.failed()) return std::nullopt;
    }
    if (length % 2 == 1 && !in.empty()) in.skip(1);
  }
  if (found.all == 0) return std::nullopt;
  if (canvas.width != 0) found.largest = std::max(found.largest, canvas.width * canvas.height);
  return found.as(Format::webp);
}

// ---- AVIF

namespace {

struct Box {
  ByteView type, content;
};

// False at the end, and where what stands there is no box.
bool next_box(Octets& in, Box& box) {
  if (in.size() < 8) return false;
  std::uint64_t length = in.be32();
  box.type = in.take(4);
  if (length == 0) {
    length = in.size();  // up to the end
  } else if (length == 1) {
    const std::uint64_t high = in.be32();
    length = (high << 32) | in.be32();
    if (in.failed() || length < 16) return false;
    length -= 16;
  } else if (length < 8) {
    return false;
  } else {
    length -= 8;
  }
  if (length > in.size()) return false;
  box.content = in.take(static_cast<std::size_t>(length));
  return true;
}

// The content of the first box of this type; empty: there is none.
ByteView find_box(ByteView among, std::string_view type) {
  Octets in(among);
  Box box;
  while (next_box(in, box)) {
    if (box.type == type) return box.content;
  }
  return {};
}

bool names_avif(ByteView brands) {
  for (Octets in(brands); in.size() >= 4;) {
    if (in.take(4) == "avif") return true;
  }
  return false;
}

}  // namespace

// Moving pictures (a `moov`) are none here.
std::optional<Facts> read_avif(ByteView octets) {
  Octets in(octets);
  Box box;
  if (!next_box(in, box) || !names_avif(box.content)) return std::nullopt;
  if (!find_box(octets, "moov").empty()) return std::nullopt;
  ByteView meta = find_box(octets, "meta");
  if (meta.size() < 4) return std::nullopt;
  Octets properties(find_box(find_box(meta.substr(4), "iprp"), "ipco"));
  Frames found;
  while (next_box(properties, box)) {
    if (box.type != "ispe") continue;
    Octets extent(box.content);
    extent.skip(4);
    const std::uint32_t width = extent.be32(), height = extent.be32();
    if (extent.failed()) return std::nullopt;
    found.add(width, height);
  }
  return found.as(Format::avif);
}

}  // namespace sp::codec::image
