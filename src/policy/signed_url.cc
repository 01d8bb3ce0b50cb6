#include "policy/signed_url.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <climits>

#include "policy/a_label.h"
#include "policy/destination_host.h"

namespace sp::policy {
namespace {

constexpr std::size_t digest_size = 20;
using Digest = std::array<unsigned char, digest_size>;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The octet that two digits say; -1: they are none.
int hex_octet(std::string_view two) {
  if (two.size() < 2) return -1;
  const int high = hex_digit(two[0]), low = hex_digit(two[1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  std::string octets;
  octets.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int octet = hex_octet(text.substr(i, 2));
    if (octet < 0) return std::nullopt;
    octets.push_back(static_cast<char>(octet));
  }
  return octets;
}

// As forms are encoded (application/x-www-form-urlencoded).
std::optional<std::string> decode_form(std::string_view text) {
  std::string octets;
  octets.reserve(text.size());
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() != '%') {
      octets.push_back(text.front() == '+' ? ' ' : text.front());
      continue;
    }
    const int octet = hex_octet(text.substr(1));
    if (octet < 0) return std::nullopt;
    octets.push_back(static_cast<char>(octet));
    text.remove_prefix(2);
  }
  return octets;
}

// The one parameter `url`; nothing where there is none, or where two of them could each be meant.
std::optional<std::string> url_parameter(std::string_view query) {
  std::optional<std::string_view> found;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    if (!parameter.starts_with("url=")) continue;
    if (found) return std::nullopt;
    found = parameter.substr(4);
  }
  if (!found || found->empty()) return std::nullopt;
  return decode_form(*found);
}

bool is_signed(std::string_view url, const std::string& digest, std::string_view key) {
  Digest right{};
  unsigned size = 0;
  if (key.size() > INT_MAX) return false;
  const auto* made = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(url.data()), url.size(), right.data(), &size);
  return made != nullptr && size == right.size() && CRYPTO_memcmp(digest.data(), right.data(), right.size()) == 0;
}

// ---- what a page has, as a request may

bool is_plain(char c) {
  constexpr std::string_view others = "-._~!$&'()*+,;=:@/?";
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || others.contains(c);
}

std::string encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_plain(c) || (c == '%' && hex_octet(text.substr(i + 1)) >= 0)) {
      result.push_back(c);
    } else {
      const auto octet = static_cast<unsigned char>(c);
      result.append({'%', digits[octet >> 4], digits[octet & 15]});
    }
  }
  return result;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}
bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// With international names as DNS has them.
std::optional<std::string> plain_authority(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  const std::size_t colon = text.rfind(':');
  auto host = to_a_labels(text.substr(0, colon));
  if (!host) return std::nullopt;
  return colon == std::string_view::npos ? *host : *host + std::string(text.substr(colon));
}

// RFC 3986 section 5.2.4, of a path that begins with a slash.
std::string without_dot_segments(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/.." || segment == "/.") {
      if (segment == "/..") result.resize(std::min(result.rfind('/'), result.size()));
      if (path.empty()) result.push_back('/');
    } else {
      result += segment;
    }
  }
  return result;
}

}  // namespace

std::string_view text(SignedUrlFault fault) {
  return fault == SignedUrlFault::shape ? "it is neither DIGEST/URL-IN-HEX nor DIGEST?url=URL"
                                        : "the digest is not that of the URL under this key";
}

std::expected<std::string, SignedUrlFault> read_signed_url(std::string_view rest, std::string_view query,
                                                           std::string_view key) {
  const std::size_t slash = rest.find('/');
  const auto digest = decode_hex(rest.substr(0, slash));
  if (!digest || digest->size() != digest_size) return std::unexpected(SignedUrlFault::shape);
  auto url = slash == std::string_view::npos ? url_parameter(query) : decode_hex(rest.substr(slash + 1));
  if (!url) return std::unexpected(SignedUrlFault::shape);
  if (!is_signed(*url, *digest, key)) return std::unexpected(SignedUrlFault::signature);
  return *std::move(url);
}

std::optional<http::Url> fetchable_url(std::string_view text) {
  if (has_control(text)) return std::nullopt;
  text = text.substr(0, text.find('#'));
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(text.find_first_of("/?", begin), text.size());
  const auto authority = plain_authority(text.substr(begin, end - begin));
  if (!authority) return std::nullopt;
  auto url = http::parse_url(std::string(text.substr(0, begin)) + *authority + encoded(text.substr(end)));
  if (!url || (url->scheme != "http" && url->scheme != "https") || url->is_unix()) return std::nullopt;
  if (!read_host(url->host)) return std::nullopt;
  if (url->path.empty()) url->path = "/";
  return url;
}

std::optional<http::Url> redirected_url(const http::Url& from, std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (location.find("://") < location.find_first_of("/?")) return fetchable_url(location);
  if (location.starts_with("//")) return fetchable_url(from.scheme + ":" + std::string(location));
  const std::string_view path = location.substr(0, location.find('?'));
  const std::string_view query = location.substr(path.size());
  std::string whole = from.path;
  if (path.starts_with('/')) {
    whole = path;
  } else if (!path.empty()) {
    whole = from.path.substr(0, from.path.rfind('/') + 1) + std::string(path);
  }
  std::string target = from.origin() + without_dot_segments(whole);
  if (!query.empty()) target += query;
  return fetchable_url(target);
}

}  // namespace sp::policy
