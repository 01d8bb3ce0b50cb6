#include "policy/path.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sp::policy {
namespace {

// What one octet of a path is.
enum class Octet : std::uint8_t {
  plain,  // may stand as it is: unreserved, sub-delims, ':' and '@'
  slash,
  percent,
  encode,  // not permitted in a path, but harmless: is percent-encoded
  refuse,  // control characters, '?', '#': a codec lets none of them through
  backslash,
};

constexpr bool is_unreserved(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

constexpr std::array<Octet, 256> octets = [] {
  std::array<Octet, 256> table{};
  table.fill(Octet::encode);
  for (int c = 0; c < 256; ++c) {
    if (c < 0x20 || c == 0x7f) table[static_cast<std::size_t>(c)] = Octet::refuse;
    if (is_unreserved(static_cast<unsigned char>(c))) table[static_cast<std::size_t>(c)] = Octet::plain;
  }
  for (char c : std::string_view("!$&'()*+,;=:@")) table[static_cast<unsigned char>(c)] = Octet::plain;
  for (char c : std::string_view(" ?#")) table[static_cast<unsigned char>(c)] = Octet::refuse;
  table['/'] = Octet::slash;
  table['%'] = Octet::percent;
  table['\\'] = Octet::backslash;
  return table;
}();

Octet octet(char c) { return octets[static_cast<unsigned char>(c)]; }

// Whether text[at] needs a closer look, given what stands before it.
bool suspicious(std::string_view text, std::size_t at) {
  Octet kind = octet(text[at]);
  bool starts_segment = text[at - 1] == '/' && (text[at] == '.' || text[at] == '/');
  return starts_segment || (kind != Octet::plain && kind != Octet::slash);
}

#ifdef __SSE2__
// The same for text[at .. at+15] at once: not zero when one of them needs a closer look. The comparisons are of signed
// bytes, so that everything above 0x7f is "less than '!'".
int suspicious16(const char* text) {
  __m128i now = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  __m128i before = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text - 1));
  auto all = [](char c) { return _mm_set1_epi8(c); };
  auto is = [&](char c) { return _mm_cmpeq_epi8(now, all(c)); };
  auto between = [&](char low, char high) {  // exclusive
    return _mm_and_si128(_mm_cmpgt_epi8(now, all(low)), _mm_cmplt_epi8(now, all(high)));
  };
  __m128i bad = _mm_cmplt_epi8(now, all('!'));
  bad = _mm_or_si128(bad, between('!', '$'));  // " #
  bad = _mm_or_si128(bad, is('%'));
  bad = _mm_or_si128(bad, _mm_andnot_si128(is('='), between(';', '@')));              // < > ?
  bad = _mm_or_si128(bad, _mm_andnot_si128(is('_'), between('Z', 'a')));              // [ \ ] ^ `
  bad = _mm_or_si128(bad, _mm_andnot_si128(is('~'), _mm_cmpgt_epi8(now, all('z'))));  // { | } DEL
  __m128i segment = _mm_and_si128(_mm_cmpeq_epi8(before, all('/')), _mm_or_si128(is('/'), is('.')));
  return _mm_movemask_epi8(_mm_or_si128(bad, segment));
}
#endif

// Whether a path that begins with '/' is certainly in normal form. Some that are (/.well-known) are not recognised.
bool plainly_normal(std::string_view path) {
  std::size_t at = 1;
#ifdef __SSE2__
  if (path.size() >= 17) {
    for (; at + 16 <= path.size(); at += 16) {
      if (suspicious16(path.data() + at) != 0) return false;
    }
    return at == path.size() || suspicious16(path.data() + path.size() - 16) == 0;
  }
#endif
  for (; at < path.size(); ++at) {
    if (suspicious(path, at)) return false;
  }
  return true;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view upper_hex = "0123456789ABCDEF";

// "." or ".." alone, or with a parameter behind it, which some servers take off first.
enum class Dots : std::uint8_t { none, one, two, with_parameter };
Dots dots(std::string_view segment) {
  std::size_t count = segment.starts_with("..") ? 2 : segment.starts_with('.') ? 1 : 0;
  if (count == 0) return Dots::none;
  std::string_view rest = segment.substr(count);
  if (rest.empty()) return count == 1 ? Dots::one : Dots::two;
  return rest.front() == ';' || rest.starts_with("%3B") ? Dots::with_parameter : Dots::none;
}

// Writes the normal form segment by segment. The output never has more than three octets for one of the input.
class Normalizer {
 public:
  Normalizer(std::string_view path, char* out, DotSegments dots) : path_(path), out_(out), dot_segments_(dots) {
    out_[size_++] = '/';
  }

  Result<NormalPath> run() {
    std::size_t at = 1;
    while (at < path_.size()) {
      std::size_t end = std::min(path_.find('/', at), path_.size());
      std::size_t start = size_;
      if (auto written = write_segment(path_.substr(at, end - at)); !written) return fail(written.error());
      if (auto kept = keep(start, end < path_.size()); !kept) return fail(kept.error());
      at = end + 1;
    }
    return NormalPath{{out_, size_}, encoded_slash_};
  }

 private:
  void put(char c) { out_[size_++] = c; }
  void put_encoded(unsigned char c) {
    put('%');
    put(upper_hex[c >> 4]);
    put(upper_hex[c & 15]);
  }

  Result<void> write_segment(std::string_view segment) {
    for (std::size_t i = 0; i < segment.size(); ++i) {
      switch (octet(segment[i])) {
        case Octet::plain: put(segment[i]); break;
        case Octet::encode: put_encoded(static_cast<unsigned char>(segment[i])); break;
        case Octet::backslash: return fail(Code::ambiguous_path, "a backslash in the path");
        case Octet::percent:
          if (auto written = write_encoding(segment.substr(i)); !written) return written;
          i += 2;
          break;
        case Octet::slash:
        case Octet::refuse: return fail(Code::bad_target, "a character that no path may hold");
      }
    }
    return {};
  }

  // `text` begins with '%'.
  Result<void> write_encoding(std::string_view text) {
    int high = text.size() < 3 ? -1 : hex_value(text[1]);
    int low = text.size() < 3 ? -1 : hex_value(text[2]);
    if (high < 0 || low < 0) return fail(Code::bad_target, "a percent sign without two hexadecimal digits");
    auto c = static_cast<unsigned char>(high * 16 + low);
    if (c < 0x20 || c == 0x7f) return fail(Code::ambiguous_path, "an encoded control character in the path");
    if (c == '\\') return fail(Code::ambiguous_path, "an encoded backslash in the path");
    if (is_unreserved(c)) {
      put(static_cast<char>(c));
      return {};
    }
    if (c == '/') encoded_slash_ = true;
    put_encoded(c);
    return {};
  }

  // Decides what becomes of the segment that was written from `start` on. The output ends with a slash before and
  // after, or without one when this was the last segment.
  Result<void> keep(std::size_t start, bool more) {
    std::string_view segment(out_ + start, size_ - start);
    if (segment.empty()) return {};
    Dots found = dots(segment);
    if (found != Dots::none && dot_segments_ == DotSegments::refuse)
      return fail(Code::ambiguous_path, "a value with dot segments");
    switch (found) {
      case Dots::one: size_ = start; return {};
      case Dots::two: return remove_last(start);
      case Dots::with_parameter: return fail(Code::ambiguous_path, "a dot segment with a parameter");
      case Dots::none: break;
    }
    if (encoded_slash_ && !harmless_slashes(segment)) {
      return fail(Code::ambiguous_path, "a dot segment beside an encoded slash");
    }
    if (more) put('/');
    return {};
  }

  Result<void> remove_last(std::size_t start) {
    if (start == 1) return fail(Code::ambiguous_path, "dot segments that lead above the root");
    std::size_t end = start - 2;  // the last character of the segment before, whose slash is at start - 1
    while (out_[end] != '/') --end;
    size_ = end + 1;
    return {};
  }

  // With each %2F taken for a slash, is there no dot segment?
  static bool harmless_slashes(std::string_view segment) {
    for (;;) {
      std::size_t slash = segment.find("%2F");
      if (dots(segment.substr(0, slash)) != Dots::none) return false;
      if (slash == std::string_view::npos) return true;
      segment.remove_prefix(slash + 3);
    }
  }

  std::string_view path_;
  char* out_;
  DotSegments dot_segments_;
  std::size_t size_ = 0;
  bool encoded_slash_ = false;
};

}  // namespace

bool has_dot_segments(std::string_view path) {
  if (!path.contains("/.") && !path.contains("/%2")) return false;
  Arena arena{Arena::small_block};
  return !normalize_path(path, arena, DotSegments::refuse);
}

bool can_be_read_loosely(std::string_view normal) { return normal.contains(';') || normal.contains("%2F"); }

std::string loosest_path(std::string_view normal) {
  std::string loose;
  bool dropped = false;  // a parameter: up to the next slash
  for (std::size_t i = 0; i < normal.size(); ++i) {
    const bool encoded = normal.substr(i, 3) == "%2F";
    const char c = encoded ? '/' : normal[i];
    if (encoded) i += 2;
    if (c == ';') dropped = true;
    if (c == '/') dropped = false;
    if (!dropped && !(c == '/' && loose.ends_with('/'))) loose += c;
  }
  return loose;
}

Result<NormalPath> normalize_path(std::string_view path, Arena& arena, DotSegments dots) {
  if (path == "*") return NormalPath{path};
  if (!path.starts_with('/')) return fail(Code::bad_target, "a path that does not begin with a slash");
  if (plainly_normal(path)) return NormalPath{path};
  auto normal = Normalizer(path, arena.chars(path.size() * 3), dots).run();
  if (normal && normal->text == path) normal->text = path;
  return normal;
}

}  // namespace sp::policy
