#include "codec/target.h"

#include <algorithm>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "codec/characters.h"

namespace sp::codec {
namespace {

auto refused(const char* where) { return fail(Error{.code = Code::bad_target, .side = Side::client, .where = where}); }

// What is found in 16 or fewer characters, one bit for each.
struct TargetMasks {
  unsigned refused;  // outside visible ASCII, or '#'
  unsigned percent;
};

TargetMasks classify_short(const char* at, std::size_t n) {
  TargetMasks masks{};
  for (std::size_t i = 0; i < n; ++i) {
    masks.percent |= static_cast<unsigned>(at[i] == '%') << i;
    masks.refused |= static_cast<unsigned>(at[i] != '%' && !has_class(at[i], class_target)) << i;
  }
  return masks;
}

#if defined(__SSE2__)  // part of every x86-64
TargetMasks classify16(const char* at) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const auto is = [&](char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); };
  const __m128i invisible = _mm_cmplt_epi8(v, _mm_set1_epi8(0x21));  // signed: octets from 0x80, too
  const __m128i refused = _mm_or_si128(invisible, _mm_or_si128(is('#'), is(0x7f)));
  return {static_cast<unsigned>(_mm_movemask_epi8(refused)), static_cast<unsigned>(_mm_movemask_epi8(is('%')))};
}
#else
TargetMasks classify16(const char* at) { return classify_short(at, 16); }
#endif

enum class Percent : std::uint8_t { checked, any };

// Visible ASCII without '#', and, where it is checked, '%' only before two hexadecimal digits.
template <Percent percent>
bool is_valid(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto accepts = [&](const char* at, TargetMasks masks) {
    if (masks.refused != 0) return false;
    if constexpr (percent == Percent::any) return true;
    for (; masks.percent != 0; masks.percent &= masks.percent - 1) {
      if (!is_percent_encoded(at + std::countr_zero(masks.percent), end)) return false;
    }
    return true;
  };
  if (text.size() < 16) return accepts(begin, classify_short(begin, text.size()));
  for (const char* at = begin; end - at > 16; at += 16) {
    if (!accepts(at, classify16(at))) return false;
  }
  return accepts(end - 16, classify16(end - 16));
}

// path[?query].
bool parse_path(std::string_view text, http::RequestHead& head) {
  const std::size_t question = text.find('?');
  head.has_query = question != std::string_view::npos;
  head.path = {text.data(), head.has_query ? question : text.size()};
  if (head.has_query) head.query = {text.data() + question + 1, text.size() - question - 1};
  return is_valid<Percent::checked>(text);
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

bool is_target_text(std::string_view text) { return !text.empty() && is_valid<Percent::any>(text); }

}  // namespace sp::codec
