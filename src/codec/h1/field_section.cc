#include "codec/h1/field_section.h"

namespace sp::codec::h1 {
namespace {

using http::FieldId;

auto refused(Code code, const char* where) { return fail(Error{.code = code, .side = Side::client, .where = where}); }

bool is_white(char c) { return c == ' ' || c == '\t'; }
// Neither white nor a control character.
bool is_visible(char c) { return static_cast<unsigned char>(c) > ' '; }

void take(std::string_view value, std::string_view& first, std::uint32_t& count) {
  if (count++ == 0) first = value;
}

// TE (RFC 9110 section 10.1.4) is a list; only this member concerns a proxy.
bool lists_trailers(std::string_view te) {
  while (!te.empty()) {
    const std::size_t comma = std::min(te.find(','), te.size());
    if (http::iequals(http::trim(te.substr(0, comma)), "trailers")) return true;
    te.remove_prefix(std::min(comma + 1, te.size()));
  }
  return false;
}

// The fields that take_connection_field() looks at.
constexpr bool concerns_connection(FieldId id) {
  constexpr auto bit = [](FieldId one) { return std::uint64_t{1} << static_cast<unsigned>(one); };
  constexpr std::uint64_t ids =
      bit(FieldId::host) | bit(FieldId::content_length) | bit(FieldId::transfer_encoding) | bit(FieldId::expect) |
      bit(FieldId::upgrade) | bit(FieldId::connection) | bit(FieldId::te) | bit(FieldId::cookie) |
      bit(FieldId::http2_settings) | bit(FieldId::keep_alive) | bit(FieldId::proxy) | bit(FieldId::proxy_authenticate) |
      bit(FieldId::proxy_authentication_info) | bit(FieldId::proxy_authorization) | bit(FieldId::proxy_connection);
  return (ids & bit(id)) != 0;
}

// Takes a field that belongs to the connection. False: the field is end-to-end. `ok` becomes false where it is
// malformed.
bool take_connection_field(const http::Field& field, ConnectionFields& found, bool& ok) {
  switch (field.id) {
    case FieldId::host: take(field.value, found.host, found.hosts); return true;
    case FieldId::content_length: take(field.value, found.framing.length, found.framing.lengths); return true;
    case FieldId::transfer_encoding: take(field.value, found.framing.coding, found.framing.codings); return true;
    case FieldId::expect: take(field.value, found.expect, found.expects); return true;
    case FieldId::upgrade: take(field.value, found.upgrade, found.upgrades); return true;
    case FieldId::connection: ok = found.options.add(field.value); return true;
    case FieldId::te: found.accepts_trailers = found.accepts_trailers || lists_trailers(field.value); return true;
    case FieldId::cookie: ++found.cookies; return false;
    case FieldId::http2_settings:
    case FieldId::keep_alive:
    case FieldId::proxy:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authentication_info:
    case FieldId::proxy_connection: return true;
    case FieldId::proxy_authorization: take(field.value, found.credentials, found.credentials_count); return true;
    default: return false;
  }
}

}  // namespace

Code parse_field_line(ByteView octets, const Line& line, http::Field& field) {
  const char* const begin = octets.data() + line.begin;
  const char* const colon = octets.data() + line.name_end;
  if (*colon != ':' || colon == begin) [[unlikely]] {
    return *begin == ' ' || *begin == '\t' ? Code::bad_field_value : Code::bad_field_name;
  }
  field.name = {begin, static_cast<std::size_t>(colon - begin)};
  field.id = http::field_id(field.name);
  const char* value = colon + 1;
  const char* end = octets.data() + line.end;
  // The usual spelling: one space, then something that is not white at both ends.
  field.whole_line = *value == ' ' && is_visible(value[1]) && is_visible(end[-1]);
  if (field.whole_line) [[likely]] {
    ++value;
  } else {
    // The CR at the end stops the one, the first character that is not white the other.
    while (is_white(*value)) ++value;
    while (value != end && is_white(end[-1])) --end;
  }
  field.value = {value, static_cast<std::size_t>(end - value)};
  return Code::ok;
}

Result<void> read_fields(ByteView head, HeadLines& lines, Underscores underscores, http::Fields& fields,
                         ConnectionFields& found) {
  while (const Line* line = lines.next()) {
    http::Field field;
    const Code code = parse_field_line(head, *line, field);
    if (code != Code::ok) return refused(code, "field line");
    if (field.id == FieldId::other) {
      if (underscores == Underscores::drop && field.name.contains('_')) continue;
    } else if (concerns_connection(field.id)) {
      bool ok = true;
      const bool taken = take_connection_field(field, found, ok);
      if (!ok) return refused(Code::bad_connection_field, "Connection");
      if (taken) continue;
    }
    fields.add(field);
  }
  found.options.strip(fields);
  return {};
}

bool persists(const ConnectionOptions& options, http::Version version) {
  return !options.close() && (version == http::Version::http11 || options.keep_alive());
}

std::string_view upgrade_protocol(const ConnectionFields& found, http::Version version) {
  if (found.upgrades != 1 || !found.options.upgrade() || version != http::Version::http11) return {};
  const std::size_t slash = found.upgrade.find('/');
  const std::string_view name = found.upgrade.substr(0, slash);
  const bool versioned = slash != std::string_view::npos;
  if (!http::is_token(name) || (versioned && !http::is_token(found.upgrade.substr(slash + 1)))) return {};
  // A tunnel that speaks HTTP/2 would carry requests past every rule of this proxy.
  return http::iequals(name, "h2c") ? std::string_view() : found.upgrade;
}

http::BodySize body_size(const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::none: return http::BodySize::none();
    case Framing::Kind::length: return http::BodySize::known(framing.length);
    case Framing::Kind::chunked:
    case Framing::Kind::until_close: return http::BodySize::unknown();
  }
  return http::BodySize::none();
}

}  // namespace sp::codec::h1
