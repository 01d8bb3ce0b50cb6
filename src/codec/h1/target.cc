#include "codec/h1/target.h"

#include <algorithm>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "codec/h1/characters.h"

namespace sp::codec::h1 {
namespace {

auto refused(const char* where) { return fail(Error{.code = Code::bad_target, .side = Side::client, .where = where}); }

// The first character from `at` that is not plain: outside visible ASCII, '#', '%' or `stop`.
const char* skip_plain(const char* at, const char* end, char stop) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto is = [&](char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); };
    const __m128i visible = _mm_cmpgt_epi8(v, _mm_set1_epi8(0x20));  // signed: octets from 0x80 are below
    const __m128i special = _mm_or_si128(_mm_or_si128(is('#'), is('%')), _mm_or_si128(is(0x7f), is(stop)));
    const int plain = _mm_movemask_epi8(_mm_andnot_si128(special, visible));
    if (plain != 0xffff) return at + std::countr_one(static_cast<unsigned>(plain));
  }
#endif
  while (at != end && has_class(*at, class_target) && *at != stop) ++at;
  return at;
}

// The end of the valid characters from `at`; `stop` ends them too.
const char* skip_valid(const char* at, const char* end, char stop) {
  for (;;) {
    at = skip_plain(at, end, stop);
    if (at == end || *at != '%' || !is_percent_encoded(at, end)) return at;
    at += 3;
  }
}

// path[?query], the path not empty.
bool parse_path(std::string_view text, http::RequestHead& head) {
  const char* const end = text.data() + text.size();
  const char* const path_end = skip_valid(text.data(), end, '?');
  head.path = {text.data(), static_cast<std::size_t>(path_end - text.data())};
  head.has_query = path_end != end;
  if (!head.has_query) return true;
  if (*path_end != '?') return false;
  head.query = {path_end + 1, static_cast<std::size_t>(end - path_end - 1)};
  return skip_valid(path_end + 1, end, '#') == end;
}

Result<std::optional<Authority>> parse_absolute(std::string_view text, http::RequestHead& head) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  head.form = http::TargetForm::absolute;
  head.scheme = text.substr(0, colon);
  const bool known = http::iequals(head.scheme, "http") || http::iequals(head.scheme, "https");
  if (!known || !text.substr(colon).starts_with("://")) return refused("target: neither a path nor an http URI");
  text.remove_prefix(colon + 3);

  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  const std::optional<Authority> authority = parse_authority(text.substr(0, authority_end));
  if (!authority) return refused("target: authority");
  head.authority = authority->text;
  text.remove_prefix(authority_end);

  if (text.empty() && head.method == http::Method::options) {
    head.form = http::TargetForm::asterisk;
    head.path = "*";
    return authority;
  }
  const bool empty_path = text.empty() || text.front() == '?';
  if (!parse_path(text, head)) return refused("target: characters");
  if (empty_path) head.path = "/";
  return authority;
}

}  // namespace

Result<std::optional<Authority>> parse_target(std::string_view text, http::RequestHead& head) {
  head.form = http::TargetForm::origin;
  head.scheme = head.authority = head.path = head.query = {};
  head.has_query = false;
  if (head.method == http::Method::connect) {
    const std::optional<Authority> authority = parse_authority(text);
    if (!authority || authority->port.value_or(0) == 0) return refused("target: CONNECT wants host:port");
    head.form = http::TargetForm::authority;
    head.authority = authority->text;
    return authority;
  }
  if (text.starts_with('/')) {
    if (!parse_path(text, head)) return refused("target: characters");
    return std::optional<Authority>();
  }
  if (text == "*") {
    if (head.method != http::Method::options) return refused("target: '*' is for OPTIONS");
    head.form = http::TargetForm::asterisk;
    head.path = text;
    return std::optional<Authority>();
  }
  return parse_absolute(text, head);
}

bool is_target_text(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); !text.empty(); ++at) {
    at = skip_plain(at, end, '#');
    if (at == end) return true;
    if (*at != '%') return false;
  }
  return false;
}

}  // namespace sp::codec::h1
