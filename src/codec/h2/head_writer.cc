#include "codec/h2/head_writer.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "codec/characters.h"
#include "codec/has_control.h"
#include "codec/host.h"
#include "codec/target.h"
#include "codec/trailer_names.h"

namespace sp::codec::h2 {
namespace {

using http::FieldId;

bool is_writable(const http::Field& field) {
  if (field.whole_line) return true;  // our reader has judged it
  return is_name(field.name) && !has_control(field.value);
}

// Fields of one connection of HTTP/1, and those that are made from members of the model.
bool belongs_to_connection(FieldId id) {
  switch (id) {
    case FieldId::connection:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
    case FieldId::te:
    case FieldId::host:
    case FieldId::content_length:
    case FieldId::http2_settings: return true;
    default: return false;
  }
}

// What must not stand in a table by which somebody could guess it (RFC 7541 section 7.1).
bool is_secret(FieldId id) {
  return id == FieldId::authorization || id == FieldId::proxy_authorization || id == FieldId::set_cookie;
}

}  // namespace

void HeadWriter::add(std::string_view name, std::string_view value, std::uint8_t flags) {
  const auto octets = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  const nghttp2_nv line{octets(name), octets(value), name.size(), value.size(), flags};
  if (more_.empty() && size_ < few_.size()) {
    few_[size_++] = line;
    return;
  }
  if (more_.empty()) more_.assign(few_.begin(), few_.end());
  more_.push_back(line);
  size_ = more_.size();
}

std::size_t HeadWriter::most_octets() const {
  constexpr std::size_t new_table_sizes = 12, lengths = 12;
  std::size_t octets = new_table_sizes;
  for (const nghttp2_nv& line : std::span(data(), size_)) octets += line.namelen + line.valuelen + lengths;
  return octets;
}

void HeadWriter::add_number(std::string_view name, std::uint64_t value) {
  const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
  add(name, {digits_.data(), static_cast<std::size_t>(end - digits_.data())});
}

bool HeadWriter::add_fields(const http::Fields& fields) {
  for (const http::Field& field : fields) {
    if (belongs_to_connection(field.id) || !is_writable(field)) return false;
    add(field.name, field.whole_line ? field.value : http::trim(field.value),
        is_secret(field.id) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
  }
  return true;
}

bool HeadWriter::add_request(const http::RequestHead& head, std::string_view scheme, std::string_view authority,
                             std::string_view target) {
  const bool tunnel = !head.upgrade.empty();
  const bool asterisk = target == "*" && head.method == http::Method::options;
  if (!is_target_text(target) || !(target.front() == '/' || asterisk)) return false;
  if (tunnel ? !is_name(head.upgrade) : !is_name(head.method_text) || head.method == http::Method::connect)
    return false;
  if (!parse_authority(authority)) return false;
  add(":method", tunnel ? "CONNECT" : head.method_text);
  if (tunnel) add(":protocol", head.upgrade);
  add(":scheme", scheme);
  add(":authority", authority);
  add(":path", target);
  if (!add_fields(head.fields)) return false;
  if (head.accepts_trailers) add("te", "trailers");
  if (head.expects_continue) add("expect", "100-continue");
  if (head.body.kind == http::BodySize::Kind::known) add_number("content-length", head.body.bytes);
  return true;
}

bool HeadWriter::add_response(const http::ResponseHead& head) {
  if (head.status < 100 || head.status > 999 || head.status == 101) return false;  // section 8.6
  static constexpr std::size_t digits = 3;
  std::uint16_t status = head.status;
  char* const text = digits_.data() + digits_.size() - digits;
  for (std::size_t i = digits; i > 0; --i, status /= 10) text[i - 1] = static_cast<char>('0' + status % 10);
  add(":status", {text, digits});
  if (!add_fields(head.fields)) return false;
  if (head.interim()) return true;
  if (head.body.kind == http::BodySize::Kind::known) {
    add_number("content-length", head.body.bytes);
  } else if (head.content_length) {
    add_number("content-length", *head.content_length);
  }
  return true;
}

bool HeadWriter::add_trailers(const http::Fields& trailers) {
  for (const http::Field& field : trailers) {
    if (!is_writable(field) || !allowed_in_trailer(field.name)) return false;
    add(field.name, http::trim(field.value));
  }
  return true;
}

}  // namespace sp::codec::h2
