#include "codec/h1/response_reader.h"

#include <algorithm>

#include "codec/characters.h"
#include "codec/h1/field_section.h"

namespace sp::codec::h1 {
namespace {

using http::FieldId;
using http::Version;

auto refused(Code code, const char* where) { return fail(Error{.code = code, .side = Side::upstream, .where = where}); }

// Longer than this no reason phrase that anybody wants is; the rest of limits.head is for fields.
constexpr std::size_t status_line_limit = 8192;

// HTTP-version SP 3DIGIT [SP [reason]] (section 4).
Result<void> parse_status_line(std::string_view line, http::ResponseHead& head) {
  constexpr std::size_t shortest = 12;  // "HTTP/1.1 200"
  if (line.size() < shortest || !line.starts_with("HTTP/1.") || !is_digit(line[7]) || line[8] != ' ') {
    return refused(Code::bad_status_line, "status line: version");
  }
  head.version = line[7] == '0' ? Version::http10 : Version::http11;
  unsigned status = 0;
  for (char c : line.substr(9, 3)) {
    if (!is_digit(c)) return refused(Code::bad_status_line, "status line: status");
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  if (status < 100 || status > 599) return refused(Code::bad_status_line, "status line: status");
  head.status = static_cast<std::uint16_t>(status);
  head.reason = {};
  if (line.size() == shortest) return {};
  if (line[shortest] != ' ') return refused(Code::bad_status_line, "status line: status");
  head.reason = line.substr(shortest + 1);
  return {};
}

Result<void> parse_head(ByteView in, HeadLines& lines, http::Method asked, http::ResponseHead& head,
                        Persistence& persistence) {
  const Line first = *lines.next();
  auto line = parse_status_line(in.substr(first.begin, first.end - first.begin), head);
  if (!line) return line;

  ConnectionFields found;
  head.fields.clear();
  auto read = read_fields(in, lines, Underscores::keep, head.fields, found);
  if (!read) return refused(Code::bad_response_field, read.error().where);

  SP_TRY_PLAIN(const BodyLength length, response_body_length(found.framing, head.version, head.status, asked));
  head.body = body_size(length.framing);
  head.content_length = length.declared;
  head.upgrade = head.status == 101 ? upgrade_protocol(found, head.version) : std::string_view();
  persistence = {
      .keep_alive = persists(found.options, head.version) && length.framing.kind != Framing::Kind::until_close,
      .framing = length.framing};
  if (head.fields.has(FieldId::trailer) && length.framing.kind != Framing::Kind::chunked) {
    head.fields.remove(FieldId::trailer);
  }
  return {};
}

Error scan_error(HeadScan::Outcome outcome, const HeadScan& scan) {
  const bool in_status_line = scan.lines() == 0 || outcome == HeadScan::Outcome::line_too_long;
  Error error{.code = Code::response_fields_too_large, .side = Side::upstream, .where = "head"};
  if (outcome == HeadScan::Outcome::control) error.code = Code::bad_response_field;
  if (in_status_line) error.code = Code::bad_status_line;
  return error;
}

// Whether `in` begins as a status line does, as far as it goes: what does not is refused at once.
bool plausible(ByteView in) {
  const std::string_view prefix = "HTTP/1.";
  return in.substr(0, prefix.size()) == prefix.substr(0, in.size());
}

// What a server of HTTP/2 says first, whatever it is asked (RFC 9113 sections 3.4 and 6.5): the head of a SETTINGS
// frame of stream 0, with settings of six octets each. As far as `in` goes.
constexpr std::string_view http2_settings("\0\0?\4\0\0\0\0\0", 9);
bool begins_like_http2(ByteView in) {
  constexpr std::size_t length = 2;
  for (std::size_t i = 0; i < std::min(in.size(), http2_settings.size()); ++i) {
    if (i == length ? static_cast<unsigned char>(in[i]) % 6 != 0 : in[i] != http2_settings[i]) return false;
  }
  return true;
}

}  // namespace

Result<std::size_t> ResponseReader::read(ByteView in, http::Method asked, http::ResponseHead& head,
                                         Persistence& persistence) {
  using Outcome = HeadScan::Outcome;
  if (in.empty()) return 0;
  if (!plausible(in)) {
    if (!begins_like_http2(in)) return refused(Code::bad_status_line, "status line: not HTTP/1");
    if (in.size() < http2_settings.size()) return 0;
    return refused(Code::upstream_speaks_http2, "SETTINGS");
  }

  LineIndex index;
  const ScanLimits limits{std::min(limits_.head, status_line_limit), limits_.head, limits_.fields + 1};
  const Outcome outcome = scan_.scan(in, 0, limits, index);
  if (outcome == Outcome::more) return 0;
  if (outcome != Outcome::complete) return fail(scan_error(outcome, scan_));

  const std::size_t size = scan_.end();
  HeadLines lines(in.substr(0, size), 0, scan_.indexed(), index);
  auto parsed = parse_head(in.substr(0, size), lines, asked, head, persistence);
  if (!parsed) return fail(parsed.error());
  reset();
  return size;
}

}  // namespace sp::codec::h1
