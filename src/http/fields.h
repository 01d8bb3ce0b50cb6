// The fields of a message (RFC 9110 section 5): names compared without case, order kept, nothing folded together.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace sp::http {

// Fields that the program itself reads or writes have a number, found once when the field is read.
enum class FieldId : std::uint8_t {
  other,
  accept,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_location,
  content_type,
  cookie,
  date,
  etag,
  expect,
  forwarded,
  host,
  http2_settings,
  keep_alive,
  location,
  max_forwards,
  origin,
  proxy,
  proxy_authenticate,
  proxy_authentication_info,
  proxy_authorization,
  proxy_connection,
  proxy_status,
  range,
  referer,
  refresh,
  retry_after,
  server,
  set_cookie,
  strict_transport_security,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_port,
  x_forwarded_proto,
  x_forwarded_server,
  x_real_ip,
  count_,
};
static_assert(static_cast<int>(FieldId::count_) <= 64, "Fields keeps one bit for each");

FieldId field_id(std::string_view name);
// The usual spelling: "Content-Length".
std::string_view field_name(FieldId id);

// ASCII only, without case.
bool iequals(std::string_view a, std::string_view b);
// A token of RFC 9110 section 5.6.2: at least one character, all of them tchar.
bool is_token(std::string_view text);
// A field value of RFC 9110 section 5.5, without white space at its ends: VCHAR, obs-text, SP, HTAB.
bool is_field_value(std::string_view text);
// Without SP and HTAB at both ends.
std::string_view trim(std::string_view text);

struct Field {
  std::string_view name;
  std::string_view value;
  FieldId id = FieldId::other;
  // Both are views into one line as it came: the name, ": ", the value, CRLF. The codec's, to copy lines together; a
  // field whose value is replaced loses it.
  bool whole_line = false;
};

// A list of fields whose memory is the arena's. Views in, views out: whoever adds a field sees to it that its text
// lives as long as the arena's content.
class Fields {
 public:
  explicit Fields(Arena& arena) : arena_(&arena) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field* begin() const { return data_; }
  const Field* end() const { return data_ + size_; }

  void add(Field field) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    data_[size_++] = field;
    seen_ |= bit(field.id);
  }
  void add(std::string_view name, std::string_view value) { add(Field{name, value, field_id(name)}); }
  void add(FieldId id, std::string_view value) { add(Field{field_name(id), value, id}); }

  // Whether a field of this (known) name is there: one test of a bit.
  bool has(FieldId id) const { return (seen_ & bit(id)) != 0; }
  // The first field of that name, or null.
  const Field* find(FieldId id) const;
  const Field* find(std::string_view name) const;
  std::size_t count(FieldId id) const;
  // Removes every field of that name; says how many there were.
  std::size_t remove(FieldId id);
  std::size_t remove(std::string_view name);
  // Removes every field for which `predicate` holds.
  template <class Predicate>
  void remove_if(Predicate predicate) {
    size_ = static_cast<std::uint32_t>(std::remove_if(data_, data_ + size_, predicate) - data_);
    rebuild_seen();
  }
  // One field of that name, with that value, in the place of the first or at the end.
  void set(std::string_view name, std::string_view value);
  void set(FieldId id, std::string_view value);
  // Replaces the value of the i-th field (for mapping Location, Set-Cookie, ... in place).
  void replace_value(std::size_t index, std::string_view value) {
    data_[index].value = value;
    data_[index].whole_line = false;
  }
  void clear() {
    size_ = 0;
    seen_ = 0;
  }

  Arena& arena() const { return *arena_; }

 private:
  static std::uint64_t bit(FieldId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }
  void grow();
  void rebuild_seen();

  Arena* arena_;
  Field* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint64_t seen_ = 0;
};

}  // namespace sp::http
