#include "codec/h1/request_reader.h"

#include <algorithm>

#include "codec/characters.h"
#include "codec/cookie_crumbs.h"
#include "codec/h1/field_section.h"
#include "codec/target.h"

namespace sp::codec::h1 {
namespace {

using http::FieldId;
using http::Version;

constexpr std::size_t max_empty_lines = 4;
constexpr std::size_t max_method = 32;

auto refused(Code code, const char* where) { return fail(Error{.code = code, .side = Side::client, .where = where}); }

// Where the request line begins: behind the CRLF pairs at the front, at most max_empty_lines of them.
std::size_t behind_empty_lines(ByteView in) {
  std::size_t at = 0;
  while (at < 2 * max_empty_lines && in.substr(at).starts_with("\r\n")) at += 2;
  return at;
}

// HTTP-version (section 2.3). Minor versions from 1 are spoken to as 1.1.
Code parse_version(std::string_view text, Version& version) {
  if (!text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7])) {
    return Code::bad_request_line;
  }
  if (text[5] != '1') return Code::bad_version;
  version = text[7] == '0' ? Version::http10 : Version::http11;
  return Code::ok;
}

// method SP target SP version (section 3); `target` gets its authority.
Result<void> parse_request_line(ByteView in, const Line& line, http::RequestHead& head,
                                std::optional<Authority>& target) {
  constexpr std::size_t version_size = 8;
  head.method_text = in.substr(line.begin, line.name_end - line.begin);
  if (line.name_end == line.end) return refused(Code::bad_request_line, "request line: one word");
  if (head.method_text.empty() || head.method_text.size() > max_method || in[line.name_end] != ' ') {
    return refused(Code::bad_method, "request line: method");
  }
  head.method = http::method_of(head.method_text);
  const ByteView rest = in.substr(line.name_end + 1, line.end - line.name_end - 1);
  if (rest.size() < version_size + 2 || rest[rest.size() - version_size - 1] != ' ') {
    return refused(Code::bad_request_line, "request line: not three parts");
  }
  const Code code = parse_version(rest.substr(rest.size() - version_size), head.version);
  if (code != Code::ok) return refused(code, "request line: version");
  const ByteView text = rest.substr(0, rest.size() - version_size - 1);
  auto parsed = parse_target(text, head);
  if (!parsed) {
    if (text.contains(' ')) return refused(Code::bad_request_line, "request line: more than three parts");
    return fail(parsed.error());
  }
  target = *parsed;
  return {};
}

// Section 3.2: Host, and its agreement with the target.
Result<void> settle_authority(const ConnectionFields& found, const std::optional<Authority>& target,
                              HostBesideTarget beside_target, http::RequestHead& head) {
  if (found.hosts > 1) return refused(Code::bad_host, "Host: more than one");
  if (head.version == Version::http10) {
    if (found.host.empty()) return {};
  } else if (found.hosts == 0) {
    return refused(Code::missing_host, "Host");
  }
  const std::optional<Authority> host = parse_authority(found.host);
  if (!host) return refused(Code::bad_host, "Host: malformed");
  if (!target) {
    head.authority = host->text;
    return {};
  }
  if (beside_target == HostBesideTarget::ignored) return {};
  // A CONNECT client may leave the port out of Host. Elsewhere a missing port is the scheme's.
  std::uint16_t default_port = http::iequals(head.scheme, "https") ? 443 : 80;
  if (head.method == http::Method::connect) default_port = *target->port;
  if (!same_authority(*host, *target, default_port)) return refused(Code::host_mismatch, "Host");
  return {};
}

// Expect and Upgrade: what is asked of this connection besides an answer. `head.body` is known.
Result<void> settle_requests(const ConnectionFields& found, http::RequestHead& head) {
  const bool content = head.body.kind == http::BodySize::Kind::unknown || head.body.bytes > 0;
  head.expects_continue = false;
  if (found.expects > 0) {
    if (found.expects > 1 || !http::iequals(found.expect, "100-continue")) {
      return refused(Code::unsupported_expectation, "Expect");
    }
    head.expects_continue = content && head.version == Version::http11;
  }
  head.upgrade = upgrade_protocol(found, head.version);
  if (content && head.method == http::Method::connect) return refused(Code::upgrade_with_body, "CONNECT");
  if (content && !head.upgrade.empty()) {
    // Octets behind the head would be content to one reader and the tunnel's to another. Protocols that may be ignored
    // are.
    if (http::iequals(head.upgrade, "websocket")) return refused(Code::upgrade_with_body, "Upgrade");
    head.upgrade = {};
  }
  return {};
}

Result<void> parse_head(ByteView in, HeadLines& lines, const Limits& limits, http::RequestHead& head,
                        Persistence& persistence) {
  std::optional<Authority> target;
  auto line = parse_request_line(in, *lines.next(), head, target);
  if (!line) return line;

  ConnectionFields found;
  head.fields.clear();
  auto read = read_fields(in, lines, limits.underscores, head.fields, found);
  if (!read) return read;
  auto settled = settle_authority(found, target, limits.host_beside_target, head);
  if (!settled) return settled;

  SP_TRY_PLAIN(const BodyLength length, request_body_length(found.framing, head.version));
  head.body = body_size(length.framing);
  persistence = {.keep_alive = persists(found.options, head.version), .framing = length.framing};
  auto asked = settle_requests(found, head);
  if (!asked) return asked;

  head.credentials = found.credentials_count == 1 ? found.credentials : std::string_view();
  head.accepts_trailers = found.accepts_trailers && head.version == Version::http11;
  if (head.fields.has(FieldId::trailer) && length.framing.kind != Framing::Kind::chunked) {
    head.fields.remove(FieldId::trailer);
  }
  if (found.cookies > 1) join_cookies(head.fields);
  return {};
}

// What the request line said is told in the log when the rest never comes; the caller moves its octets meanwhile.
void keep_line(http::RequestHead& head) {
  Arena& arena = head.fields.arena();
  for (std::string_view* text : {&head.method_text, &head.scheme, &head.authority, &head.path, &head.query}) {
    *text = arena.copy(*text);
  }
}

// The error of a head whose scan ended with `outcome`.
Error scan_error(HeadScan::Outcome outcome, const HeadScan& scan, ByteView line) {
  Error error{.side = Side::client, .where = "head"};
  switch (outcome) {
    case HeadScan::Outcome::control:
      error.code = scan.lines() == 0        ? Code::bad_request_line
                   : scan.control_in_name() ? Code::bad_field_name
                                            : Code::bad_field_value;
      break;
    case HeadScan::Outcome::line_too_long:
      error.code = line.substr(0, max_method + 1).contains(' ') ? Code::target_too_long : Code::bad_request_line;
      break;
    case HeadScan::Outcome::too_long: error.code = Code::fields_too_large; break;
    case HeadScan::Outcome::too_many_lines: error.code = Code::too_many_fields; break;
    case HeadScan::Outcome::more:
    case HeadScan::Outcome::complete: break;
  }
  return error;
}

}  // namespace

Result<std::size_t> RequestReader::read(ByteView in, http::RequestHead& head, Persistence& persistence) {
  using Outcome = HeadScan::Outcome;
  const std::size_t from = behind_empty_lines(in);
  const ByteView rest = in.substr(from);
  if (rest.empty() || rest == "\r") return 0;

  LineIndex index;
  const Outcome outcome = scan_.scan(in, from, {limits_.request_line, limits_.head, limits_.fields + 1}, index);
  if (outcome == Outcome::more) {
    // A request line that is wrong is refused at once: an HTTP/0.9 client, say, sends nothing more.
    if (scan_.lines() == 0 || line_checked_) return 0;
    line_checked_ = true;
    HeadLines lines(in.substr(0, scan_.end()), from, false, index);
    std::optional<Authority> target;
    auto line = parse_request_line(in, *lines.next(), head, target);
    if (!line) return fail(line.error());
    keep_line(head);
    return 0;
  }
  if (outcome != Outcome::complete) return fail(scan_error(outcome, scan_, rest));
  if (scan_.lines() == 0) return refused(Code::bad_request_line, "head: empty lines");

  const std::size_t size = scan_.end();
  HeadLines lines(in.substr(0, size), from, scan_.indexed(), index);
  auto parsed = parse_head(in.substr(0, size), lines, limits_, head, persistence);
  if (!parsed) return fail(parsed.error());
  reset();
  return size;
}

}  // namespace sp::codec::h1
