#include "http/fields.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sp::http {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(FieldId::count_)> names{
    "",
    "Accept",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Location",
    "Content-Type",
    "Cookie",
    "Date",
    "ETag",
    "Expect",
    "Forwarded",
    "Host",
    "HTTP2-Settings",
    "Keep-Alive",
    "Location",
    "Max-Forwards",
    "Origin",
    "Proxy",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Proxy-Status",
    "Range",
    "Referer",
    "Refresh",
    "Retry-After",
    "Server",
    "Set-Cookie",
    "Strict-Transport-Security",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Real-IP",
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Four characters as a number, letters without case; what it makes of other characters does not matter, since a
// comparison follows.
constexpr std::uint32_t four(const char* text) {
  const auto at = [&](int i) { return std::uint32_t{static_cast<unsigned char>(text[i])}; };
  return (at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24) | 0x20202020;
}

// A hash over the length and the first and last four characters that the known names do not collide on: so that one
// comparison decides. The table is built by the compiler, which also refuses a set of names that collides.
constexpr std::size_t slots = 512;
constexpr std::size_t slot_of(std::string_view name) {
  const char* const text = name.data();
  const std::size_t n = name.size();
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (n >= 4) {
    first = four(text);
    last = four(text + n - 4);
  } else {
    first = static_cast<unsigned char>(text[0] | 0x20) | static_cast<std::uint32_t>(text[n - 1] | 0x20) << 8;
  }
  return (first * 0x7311d8a3 + last * 0x78e51061 + static_cast<std::uint32_t>(n << 24)) >> 23;
}

struct Table {
  std::array<std::uint8_t, slots> ids{};
  bool collides = false;
};
constexpr Table table = [] {
  Table t;
  for (std::size_t id = 1; id < names.size(); ++id) {
    std::uint8_t& slot = t.ids[slot_of(names[id])];
    if (slot != 0) t.collides = true;
    slot = static_cast<std::uint8_t>(id);
  }
  return t;
}();
static_assert(!table.collides, "choose other factors in slot_of()");

constexpr std::array<bool, 256> tchar = [] {
  std::array<bool, 256> set{};
  for (unsigned char c = 0; c < 128; ++c) {
    set[c] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) set[static_cast<unsigned char>(c)] = true;
  return set;
}();

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Whether eight characters each are equal but for the case of ASCII letters.
bool same_letters(std::uint64_t x, std::uint64_t y) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const std::uint64_t differ = x ^ y;
  if (differ == 0) return true;
  if ((differ & ~(ones * 0x20)) != 0) return false;
  // Characters that differ in this one bit must be letters: 'a' <= (c | 0x20) <= 'z', found in the top bit of each.
  const std::uint64_t low = (x | ones * 0x20) & ones * 0x7f;
  const std::uint64_t from_a = low + ones * (0x80 - 'a');
  const std::uint64_t past_z = low + ones * (0x7f - 'z');
  const std::uint64_t letter = from_a & ~past_z & ~x;
  return ((differ << 2) & ~letter) == 0;
}

// Whether both are the same, by at most four comparisons that overlap; false for texts too long or short for them.
// Names nearly always come in the usual spelling.
bool same_spelling(const char* a, const char* b, std::size_t n) {
  const auto same8 = [&](std::size_t at) { return load<std::uint64_t>(a + at) == load<std::uint64_t>(b + at); };
  const auto same4 = [&](std::size_t at) { return load<std::uint32_t>(a + at) == load<std::uint32_t>(b + at); };
  if (n > 16) return n <= 32 && same8(0) && same8(8) && same8(n - 16) && same8(n - 8);
  if (n >= 8) return same8(0) && same8(n - 8);
  return n >= 4 && same4(0) && same4(n - 4);
}

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.empty()) return FieldId::other;
  const std::uint8_t id = table.ids[slot_of(name)];
  if (id == 0) return FieldId::other;
  const std::string_view known = names[id];
  if (known.size() != name.size()) return FieldId::other;
  return same_spelling(known.begin(), name.begin(), name.size()) || iequals(known, name) ? static_cast<FieldId>(id)
                                                                                         : FieldId::other;
}

std::string_view field_name(FieldId id) { return names[static_cast<std::size_t>(id)]; }

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const char* x = a.data();
  const char* y = b.data();
  std::size_t n = a.size();
  if (n >= 8) {
    for (; n > 8; n -= 8, x += 8, y += 8) {
      if (!same_letters(load<std::uint64_t>(x), load<std::uint64_t>(y))) return false;
      if (n < 16) x -= 16 - n, y -= 16 - n, n = 16;  // the last eight overlap those before
    }
    return same_letters(load<std::uint64_t>(x), load<std::uint64_t>(y));
  }
  if (n >= 4) {
    const auto both = [&](const char* p) {
      return std::uint64_t{load<std::uint32_t>(p)} << 32 | load<std::uint32_t>(p + n - 4);
    };
    return same_letters(both(x), both(y));
  }
  for (; n > 0; --n) {
    if (lower(*x++) != lower(*y++)) return false;
  }
  return true;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return tchar[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || u == '\t';
  });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

const Field* Fields::find(FieldId id) const {
  if (!has(id)) return nullptr;
  for (const Field& field : *this) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* Fields::find(std::string_view name) const {
  FieldId id = field_id(name);
  if (id != FieldId::other) return find(id);
  for (const Field& field : *this) {
    if (field.id == FieldId::other && iequals(field.name, name)) return &field;
  }
  return nullptr;
}

std::size_t Fields::count(FieldId id) const {
  if (!has(id)) return 0;
  return static_cast<std::size_t>(std::count_if(begin(), end(), [&](const Field& f) { return f.id == id; }));
}

std::size_t Fields::remove(FieldId id) {
  if (!has(id)) return 0;
  Field* last = std::remove_if(data_, data_ + size_, [&](const Field& f) { return f.id == id; });
  auto removed = static_cast<std::size_t>(data_ + size_ - last);
  size_ -= static_cast<std::uint32_t>(removed);
  if (id == FieldId::other)
    rebuild_seen();
  else
    seen_ &= ~bit(id);
  return removed;
}

std::size_t Fields::remove(std::string_view name) {
  FieldId id = field_id(name);
  if (id != FieldId::other) return remove(id);
  Field* last = std::remove_if(data_, data_ + size_,
                               [&](const Field& f) { return f.id == FieldId::other && iequals(f.name, name); });
  auto removed = static_cast<std::size_t>(data_ + size_ - last);
  size_ -= static_cast<std::uint32_t>(removed);
  return removed;
}

void Fields::set(std::string_view name, std::string_view value) {
  const Field* first = find(name);
  if (first == nullptr) return add(name, value);
  auto index = static_cast<std::size_t>(first - data_);
  replace_value(index, value);
  FieldId id = data_[index].id;
  Field* rest = data_ + index + 1;
  Field* last = std::remove_if(rest, data_ + size_, [&](const Field& f) {
    return f.id == id && (id != FieldId::other || iequals(f.name, name));
  });
  size_ = static_cast<std::uint32_t>(last - data_);
}

void Fields::set(FieldId id, std::string_view value) { set(field_name(id), value); }

void Fields::grow() {
  std::uint32_t capacity = capacity_ == 0 ? 12 : capacity_ * 2;
  auto* data = arena_->array<Field>(capacity);
  std::copy(data_, data_ + size_, data);
  data_ = data;
  capacity_ = capacity;
}

void Fields::rebuild_seen() {
  seen_ = 0;
  for (const Field& field : *this) seen_ |= bit(field.id);
}

}  // namespace sp::http
