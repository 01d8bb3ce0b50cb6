#include "codec/h2/head_reader.h"

#include <algorithm>

#include "codec/characters.h"
#include "codec/content_length.h"
#include "codec/cookie_crumbs.h"
#include "codec/has_control.h"
#include "codec/host.h"
#include "codec/target.h"
#include "codec/trailer_names.h"

namespace sp::codec::h2 {
namespace {

using http::FieldId;

constexpr std::size_t max_method = 32;
// SETTINGS_MAX_HEADER_LIST_SIZE counts so much for each line, besides its octets (RFC 9113 section 6.5.2).
constexpr std::size_t line_overhead = 32;

// RFC 9113 section 8.2.1, and the narrower grammar of RFC 9110: a token without capitals.
bool is_lower_name(std::string_view name) {
  return is_name(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_value(std::string_view value) {
  if (has_control(value)) return false;
  constexpr auto white = [](char c) { return c == ' ' || c == '\t'; };
  return value.empty() || (!white(value.front()) && !white(value.back()));
}

std::optional<std::uint16_t> parse_status(std::string_view text) {
  if (text.size() != 3 || !std::ranges::all_of(text, is_digit) || text.front() < '1' || text.front() > '5')
    return std::nullopt;
  return static_cast<std::uint16_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
}

}  // namespace

void HeadReader::begin(Kind kind, http::Fields& fields) {
  kind_ = kind;
  fields_ = &fields;
  fields.clear();
  pseudo_ = {};
  host_ = length_ = expect_ = credentials_ = std::nullopt;
  octets_ = 0;
  lines_ = cookies_ = credentials_count_ = 0;
  accepts_trailers_ = fields_begun_ = false;
  error_ = {.code = Code::ok};
}

void HeadReader::fault(Code code, const char* where) {
  if (error_.code != Code::ok) return;
  error_ = {.code = code, .side = kind_ == Kind::response ? Side::upstream : Side::client, .where = where};
}

bool HeadReader::malformed(Code code) {
  switch (code) {
    case Code::missing_host:
    case Code::target_too_long:
    case Code::unsupported_expectation:
    case Code::fields_too_large:
    case Code::too_many_fields: return false;
    default: return true;
  }
}

void HeadReader::add(std::string_view name, std::string_view value, bool lasting_name) {
  octets_ += name.size() + value.size() + line_overhead;
  if (!name.starts_with(':')) ++lines_;
  if (octets_ > (kind_ == Kind::trailers ? limits_.trailers : limits_.head)) {
    return fault(kind_ == Kind::response ? Code::response_fields_too_large : Code::fields_too_large, "fields");
  }
  if (lines_ > (kind_ == Kind::trailers ? limits_.trailer_fields : limits_.fields)) {
    return fault(kind_ == Kind::response ? Code::response_fields_too_large : Code::too_many_fields, "fields");
  }
  if (error_.code != Code::ok) return;
  if (!is_value(value)) return fault(Code::bad_field_value, "field value");
  if (name.starts_with(':')) return add_pseudo(name, value);
  // What lasts stands in the table of RFC 7541: it is a name.
  if (!lasting_name && !is_lower_name(name)) return fault(Code::bad_field_name, "field name");
  add_field(name, value, lasting_name);
}

void HeadReader::add_pseudo(std::string_view name, std::string_view value) {
  if (fields_begun_ || kind_ == Kind::trailers) return fault(Code::bad_pseudo_field, "pseudo-field behind a field");
  std::optional<std::string_view>* place = nullptr;
  if (kind_ == Kind::response) {
    if (name == ":status") place = &pseudo_.status;
  } else if (name == ":method") {
    place = &pseudo_.method;
  } else if (name == ":scheme") {
    place = &pseudo_.scheme;
  } else if (name == ":authority") {
    place = &pseudo_.authority;
  } else if (name == ":path") {
    place = &pseudo_.path;
  } else if (name == ":protocol") {
    place = &pseudo_.protocol;
  }
  if (place == nullptr) return fault(Code::bad_pseudo_field, "unknown pseudo-field");
  if (*place) return fault(Code::bad_pseudo_field, "pseudo-field given twice");
  *place = fields_->arena().copy(value);
}

// Section 8.2.2: what belongs to one connection of HTTP/1 is not in a message of HTTP/2. True: the field is not for the
// model.
bool HeadReader::belongs_to_connection(const http::Field& field) {
  switch (field.id) {
    case FieldId::connection:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::transfer_encoding:
    case FieldId::upgrade: fault(Code::bad_connection_field, "field of a connection"); return true;
    case FieldId::te:
      if (field.value != "trailers") fault(Code::bad_connection_field, "TE");
      accepts_trailers_ = true;
      return true;
    case FieldId::host:
      if (host_) fault(Code::bad_host, "Host: more than one");
      host_ = fields_->arena().copy(field.value);
      return true;
    case FieldId::content_length:
      if (length_) fault(Code::bad_content_length, "Content-Length: more than one");
      length_ = fields_->arena().copy(field.value);
      return true;
    case FieldId::expect:
      if (expect_) fault(Code::unsupported_expectation, "Expect");
      expect_ = fields_->arena().copy(field.value);
      return true;
    case FieldId::http2_settings:
    case FieldId::proxy:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authentication_info: return true;
    case FieldId::proxy_authorization:
      if (credentials_count_++ == 0) credentials_ = fields_->arena().copy(field.value);
      return true;
    default: return false;
  }
}

void HeadReader::add_field(std::string_view name, std::string_view value, bool lasting_name) {
  fields_begun_ = true;
  http::Field field{name, value, http::field_id(name)};
  if (kind_ == Kind::trailers) {
    if (limits_.underscores == Underscores::drop && name.contains('_')) return;
    if (!allowed_in_trailer(name)) return fault(Code::bad_trailer, "a field that is not allowed in trailers");
  } else if (field.id == FieldId::other) {
    if (kind_ == Kind::request && limits_.underscores == Underscores::drop && name.contains('_')) return;
  } else if (belongs_to_connection(field)) {
    return;
  }
  if (field.id == FieldId::cookie) ++cookies_;
  Arena& arena = fields_->arena();
  if (!lasting_name) field.name = arena.copy(name);
  field.value = arena.copy(value);
  fields_->add(field);
}

Result<void> HeadReader::outcome() const {
  if (error_.code != Code::ok) return fail(error_);
  return {};
}

// Section 8.3.1.
void HeadReader::settle_request_line(http::RequestHead& head) {
  head.method_text = pseudo_.method.value_or("");
  head.method = http::method_of(head.method_text);
  if (!is_name(head.method_text) || head.method_text.size() > max_method) fault(Code::bad_method, ":method");
  const bool tunnel = pseudo_.protocol.has_value();
  if (head.method == http::Method::connect && !tunnel) {
    // Section 8.5: an authority and nothing else.
    if (pseudo_.scheme || pseudo_.path || !pseudo_.authority) fault(Code::bad_pseudo_field, "CONNECT");
    head.form = http::TargetForm::authority;
    return;
  }
  if (tunnel) {
    // RFC 8441 section 4. In the model a tunnel is asked for by GET, as in HTTP/1.1.
    if (head.method != http::Method::connect) fault(Code::bad_pseudo_field, ":protocol");
    if (!http::is_token(*pseudo_.protocol)) fault(Code::bad_pseudo_field, ":protocol");
    head.method = http::Method::get;
    head.method_text = "GET";
    head.upgrade = *pseudo_.protocol;
  }
  if (!pseudo_.scheme || !pseudo_.path) return fault(Code::bad_pseudo_field, "pseudo-field missing");
  if (!http::iequals(*pseudo_.scheme, "https") && !http::iequals(*pseudo_.scheme, "http")) {
    return fault(Code::bad_target, ":scheme");
  }
  settle_target(head);
  head.scheme = *pseudo_.scheme;  // (a target of its own has none)
}

void HeadReader::settle_target(http::RequestHead& head) {
  if (*pseudo_.path == "*" && head.method == http::Method::options) {
    head.form = http::TargetForm::asterisk;
    head.path = "*";
    return;
  }
  if (!pseudo_.path->starts_with('/')) return fault(Code::bad_target, ":path");
  if (pseudo_.path->size() > limits_.request_line) return fault(Code::target_too_long, ":path");
  auto target = parse_target(*pseudo_.path, head);
  if (!target) fault(target.error().code, ":path");
}

void HeadReader::settle_authority(http::RequestHead& head) {
  std::optional<Authority> authority;
  for (const auto& text : {pseudo_.authority, host_}) {
    if (!text) continue;
    const std::optional<Authority> one = parse_authority(*text);
    if (!one) return fault(Code::bad_host, "authority: malformed");
    const std::uint16_t port = http::iequals(pseudo_.scheme.value_or("https"), "http") ? 80 : 443;
    if (authority && !same_authority(*authority, *one, port)) return fault(Code::host_mismatch, "Host");
    if (!authority) authority = one;
  }
  if (!authority) return fault(Code::missing_host, ":authority");
  if (head.form == http::TargetForm::authority && authority->port.value_or(0) == 0) {
    return fault(Code::bad_target, "CONNECT wants host:port");
  }
  head.authority = authority->text;
}

void HeadReader::settle_content(http::RequestHead& head, bool ended) {
  head.body = ended ? http::BodySize::none() : http::BodySize::unknown();
  if (length_) {
    const auto length = parse_content_length(*length_);
    if (!length || (ended && *length != 0)) return fault(Code::bad_content_length, "Content-Length");
    if (!ended) head.body = http::BodySize::known(*length);
  }
  head.expects_continue = false;
  if (expect_) {
    if (!http::iequals(*expect_, "100-continue")) return fault(Code::unsupported_expectation, "Expect");
    head.expects_continue = !ended;
  }
  if (!head.upgrade.empty()) {
    // What follows is the tunnel's.
    if (ended || length_) return fault(Code::upgrade_with_body, ":protocol");
    head.body = http::BodySize::none();
    head.expects_continue = false;
  }
}

Result<void> HeadReader::finish(http::RequestHead& head, bool ended) {
  head.version = http::Version::http2;
  head.scheme = head.authority = head.path = head.query = head.upgrade = {};
  head.form = http::TargetForm::origin;
  head.has_query = false;
  settle_request_line(head);
  settle_authority(head);
  settle_content(head, ended);
  head.accepts_trailers = accepts_trailers_;
  head.credentials = credentials_count_ == 1 ? *credentials_ : std::string_view();
  if (cookies_ > 1 && error_.code == Code::ok) join_cookies(head.fields);
  return outcome();
}

Result<void> HeadReader::finish(http::ResponseHead& head, http::Method asked, bool ended) {
  const auto refused = [](Code code, const char* where) {
    return fail(Error{.code = code, .side = Side::upstream, .where = where});
  };
  if (error_.code == Code::response_fields_too_large) return outcome();
  if (error_.code != Code::ok) return refused(Code::bad_response_field, error_.where);
  const auto status = parse_status(pseudo_.status.value_or(""));
  if (!status) return refused(Code::bad_status_line, ":status");
  if (*status == 101) return refused(Code::unexpected_upgrade, "101");  // section 8.6
  head.status = *status;
  head.version = http::Version::http2;
  head.reason = {};
  head.content_length.reset();
  if (length_) {
    head.content_length = parse_content_length(*length_);
    if (!head.content_length) return refused(Code::bad_response_framing, "Content-Length");
  }
  const bool without = head.interim() || asked == http::Method::head || *status == 204 || *status == 304;
  if (head.interim() && (ended || length_)) return refused(Code::bad_response_framing, "interim response");
  if (ended && !without && head.content_length.value_or(0) != 0) {
    return refused(Code::bad_response_framing, "Content-Length without content");
  }
  head.body = ended || without      ? http::BodySize::none()
              : head.content_length ? http::BodySize::known(*head.content_length)
                                    : http::BodySize::unknown();
  return {};
}

Result<void> HeadReader::finish_trailers() { return outcome(); }

}  // namespace sp::codec::h2
