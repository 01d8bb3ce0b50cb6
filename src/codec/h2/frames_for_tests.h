// For the tests of this folder: frames of RFC 9113 section 6 as octets that are written by hand, HPACK of the simplest
// kind (RFC 7541 section 6.2.2, no table, no Huffman code), and frames as text that tables can hold.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp::codec::h2::frames {

using Lines = std::vector<std::pair<std::string, std::string>>;

inline Lines operator+(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

enum Type : std::uint8_t {
  type_data = 0,
  type_headers = 1,
  type_priority = 2,
  type_rst_stream = 3,
  type_settings = 4,
  type_push_promise = 5,
  type_ping = 6,
  type_goaway = 7,
  type_window_update = 8,
  type_continuation = 9,
  type_priority_update = 16,
};

enum Flag : std::uint8_t { end_stream = 1, ack = 1, end_headers = 4, padded = 8, with_priority = 32 };

enum Setting : std::uint16_t {
  header_table_size = 1,
  enable_push = 2,
  max_concurrent_streams = 3,
  initial_window_size = 4,
  max_frame_size = 5,
  max_header_list_size = 6,
  enable_connect_protocol = 8,
  no_rfc7540_priorities = 9,
};

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// In the order of the network.
inline std::string number(std::uint32_t value, int octets) {
  std::string text;
  for (int i = octets - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string frame(std::uint8_t type, unsigned flags, std::uint32_t id, std::string_view payload) {
  return number(static_cast<std::uint32_t>(payload.size()), 3) + number(type, 1) + number(flags, 1) + number(id, 4) +
         std::string(payload);
}

// An integer with a prefix of seven bits: RFC 7541 section 5.1.
inline std::string hpack_number(std::size_t value) {
  if (value < 127) return {static_cast<char>(value)};
  std::string text("\x7f");
  for (value -= 127; value >= 128; value /= 128) text += static_cast<char>(value % 128 + 128);
  return text + static_cast<char>(value);
}

inline std::string hpack(const Lines& lines) {
  std::string text;
  for (const auto& [name, value] : lines) {
    text += '\0';
    text.append(hpack_number(name.size())).append(name);
    text.append(hpack_number(value.size())).append(value);
  }
  return text;
}

inline std::string headers(std::uint32_t id, const Lines& lines, unsigned flags = end_headers | end_stream) {
  return frame(type_headers, flags, id, hpack(lines));
}
inline std::string data(std::uint32_t id, std::string_view content, unsigned flags = 0) {
  return frame(type_data, flags, id, content);
}
inline std::string padded_data(std::uint32_t id, std::string_view content, std::uint8_t padding, unsigned flags = 0) {
  return frame(type_data, flags | padded, id, number(padding, 1) + std::string(content) + std::string(padding, '\0'));
}
inline std::string settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& values = {}) {
  std::string payload;
  for (const auto& [id, value] : values) payload += number(id, 2) + number(value, 4);
  return frame(type_settings, 0, 0, payload);
}
inline std::string settings_ack() { return frame(type_settings, ack, 0, ""); }
inline std::string rst_stream(std::uint32_t id, std::uint32_t error) {
  return frame(type_rst_stream, 0, id, number(error, 4));
}
inline std::string window_update(std::uint32_t id, std::uint32_t octets) {
  return frame(type_window_update, 0, id, number(octets, 4));
}
inline std::string ping(std::string_view octets = "12345678") { return frame(type_ping, 0, 0, octets); }
inline std::string goaway(std::uint32_t last, std::uint32_t error) {
  return frame(type_goaway, 0, 0, number(last, 4) + number(error, 4));
}
inline std::string priority(std::uint32_t id, std::uint32_t other) {
  return frame(type_priority, 0, id, number(other, 4) + number(16, 1));
}
inline std::string continuation(std::uint32_t id, std::string_view block, unsigned flags = end_headers) {
  return frame(type_continuation, flags, id, block);
}
inline std::string priority_update(std::uint32_t id, std::string_view value) {
  return frame(type_priority_update, 0, 0, number(id, 4) + std::string(value));
}
inline std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// What one side sends, as text: "HEADERS 1 end [:status: 200]; DATA 1 5 end".
class Decoder {
 public:
  Decoder() {
    nghttp2_hd_inflater* made = nullptr;
    nghttp2_hd_inflate_new(&made);
    inflater_.reset(made);
  }

  // The frames are whole; "broken" where they are not.
  std::string describe(std::string_view octets) {
    std::string text;
    while (octets.size() >= 9) {
      const auto at = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(octets[i])}; };
      const std::size_t size = at(0) << 16 | at(1) << 8 | at(2);
      const std::uint32_t id = (at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8)) & 0x7fffffff;
      if (octets.size() < 9 + size) break;
      if (!text.empty()) text += "; ";
      text += one(static_cast<std::uint8_t>(at(3)), at(4), id, octets.substr(9, size));
      octets.remove_prefix(9 + size);
    }
    return octets.empty() ? text : text + "broken";
  }
  // The content of all DATA frames so far.
  std::string content;

 private:
  struct Delete {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };

  static std::uint32_t word(std::string_view octets, std::size_t at) {
    std::uint32_t value = 0;
    for (char c : octets.substr(at, 4)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  std::string one(std::uint8_t type, unsigned flags, std::uint32_t id, std::string_view payload) {
    const std::string of = " " + std::to_string(id), end = (flags & end_stream) != 0 ? " end" : "";
    switch (type) {
      case type_data: content += payload; return "DATA" + of + " " + std::to_string(payload.size()) + end;
      case type_headers: block_ = payload; return "HEADERS" + of + end + ((flags & end_headers) != 0 ? fields() : "");
      case type_continuation:
        block_ += payload;
        return "CONTINUATION" + of + ((flags & end_headers) != 0 ? fields() : "");
      case type_rst_stream: return "RST_STREAM" + of + " " + error(word(payload, 0));
      case type_settings: return (flags & ack) != 0 ? "SETTINGS ack" : "SETTINGS" + values(payload);
      case type_ping: return ((flags & ack) != 0 ? "PING ack " : "PING ") + std::string(payload);
      case type_goaway: return "GOAWAY " + std::to_string(word(payload, 0)) + " " + error(word(payload, 4));
      case type_window_update: return "WINDOW_UPDATE" + of + " " + std::to_string(word(payload, 0));
      default: return "frame " + std::to_string(type) + of;
    }
  }

  static std::string error(std::uint32_t code) { return nghttp2_http2_strerror(code); }

  static std::string values(std::string_view payload) {
    std::string text;
    for (std::size_t i = 0; i + 6 <= payload.size(); i += 6) {
      const std::uint32_t id = word(payload, i) >> 16;
      text += " " + std::to_string(id) + "=" + std::to_string(word(payload, i + 2));
    }
    return text;
  }

  std::string fields() {
    std::string text;
    const auto* in = reinterpret_cast<const std::uint8_t*>(block_.data());
    std::size_t left = block_.size();
    for (;;) {
      nghttp2_nv line;
      int flags = 0;
      const auto used = nghttp2_hd_inflate_hd2(inflater_.get(), &line, &flags, in, left, 1);
      if (used < 0) return " bad HPACK";
      in += used;
      left -= static_cast<std::size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        const auto view = [](const std::uint8_t* octets, std::size_t size) {
          return std::string(reinterpret_cast<const char*>(octets), size);
        };
        text += (text.empty() ? "" : ", ") + view(line.name, line.namelen) + ": " + view(line.value, line.valuelen);
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return " [" + text + "]";
  }

  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;
  std::string block_;
};

}  // namespace sp::codec::h2::frames
