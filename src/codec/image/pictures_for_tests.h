// Pictures without a picture: the headers of each format, of any size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sp::codec::image {

using namespace std::string_literals;

inline std::string number(std::uint64_t value, int octets, bool little) {
  std::string text;
  for (int i = 0; i < octets; ++i) {
    const int shift = 8 * (little ? i : octets - 1 - i);
    text.push_back(shift < 64 ? static_cast<char>((value >> shift) & 0xff) : '\0');
  }
  return text;
}
inline std::string be(std::uint64_t value, int octets) { return number(value, octets, false); }
inline std::string le(std::uint64_t value, int octets) { return number(value, octets, true); }

inline std::string png_chunk(std::string_view type, std::string_view content) {
  return be(content.size(), 4) + std::string(type) + std::string(content) + "crc.";
}
inline std::string png(std::uint32_t width, std::uint32_t height, std::string_view before_content = {}) {
  return "\x89PNG\r\n\x1a\n"s + png_chunk("IHDR", be(width, 4) + be(height, 4) + "\x08\x06\0\0\0"s) +
         std::string(before_content) + png_chunk("IDAT", "content") + png_chunk("IEND", "");
}

inline std::string jpeg(std::uint32_t width, std::uint32_t height, std::string_view frame = "\xc0") {
  return "\xff\xd8\xff\xe0"s + be(7, 2) + "JFIF\0"s + "\xff\xff"s + std::string(frame) + be(11, 2) + "\x08"s +
         be(height, 2) + be(width, 2) + "\x01\x01\x11\0"s + "\xff\xda content";
}

inline std::string gif_frame(std::uint32_t left, std::uint32_t width, std::uint32_t height) {
  return "\x2c"s + le(left, 2) + le(0, 2) + le(width, 2) + le(height, 2) + "\x80"s + "\1\2\3\4\5\6"s + "\2"s +
         "\3abc\1d\0"s;
}
inline std::string gif(std::uint32_t width, std::uint32_t height, std::string_view frames) {
  return "GIF89a"s + le(width, 2) + le(height, 2) + "\0\0\0"s + "\x21\xf9\4abcd\0"s + std::string(frames) + "\x3b";
}

inline std::string riff_chunk(std::string_view type, std::string_view content) {
  return std::string(type) + le(content.size(), 4) + std::string(content) + (content.size() % 2 == 1 ? "\0"s : ""s);
}
inline std::string webp(std::string_view chunks) {
  return "RIFF"s + le(chunks.size() + 4, 4) + "WEBP" + std::string(chunks);
}
inline std::string webp_lossy(std::uint32_t width, std::uint32_t height) {
  return riff_chunk("VP8 ", "abc\x9d\x01\x2a"s + le(width, 2) + le(height, 2) + "x");
}
inline std::string webp_lossless(std::uint32_t width, std::uint32_t height) {
  return riff_chunk("VP8L", "\x2f"s + le((width - 1) | ((height - 1) << 14), 4));
}
inline std::string webp_canvas(std::uint32_t width, std::uint32_t height) {
  return riff_chunk("VP8X", "\2\0\0\0"s + le(width - 1, 3) + le(height - 1, 3));
}
inline std::string webp_frame(std::uint32_t width, std::uint32_t height) {
  return riff_chunk("ANMF", le(0, 6) + le(width - 1, 3) + le(height - 1, 3) + le(0, 4));
}

inline std::string box(std::string_view type, std::string_view content) {
  return be(content.size() + 8, 4) + std::string(type) + std::string(content);
}
inline std::string avif(std::uint32_t width, std::uint32_t height, std::string_view brands = "avifmif1") {
  return box("ftyp", "mif1\0\0\0\0"s + std::string(brands)) +
         box("meta", "\0\0\0\0"s + box("hdlr", "x") +
                         box("iprp", box("ipco", box("ispe", be(0, 4) + be(width, 4) + be(height, 4))))) +
         box("mdat", "content");
}

inline std::string bitmap(std::uint32_t width, std::int32_t height) {
  return le(40, 4) + le(width, 4) + le(static_cast<std::uint32_t>(height), 4) + le(0, 28);
}
inline std::string bmp(std::uint32_t width, std::int32_t height) { return "BM"s + le(0, 12) + bitmap(width, height); }

// With one icon in it, whose size the directory says to be 16x16.
inline std::string ico(std::string_view icon) {
  return "\0\0\1\0\1\0"s + "\x10\x10"s + le(0, 6) + le(icon.size(), 4) + le(22, 4) + std::string(icon);
}

}  // namespace sp::codec::image
