#include "http/basic_credentials.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>

#include "http/fields.h"

namespace sp::http {
namespace {

constexpr std::size_t most_octets = 512 + 1;  // with the colon
constexpr std::size_t most_base64 = (most_octets + 2) / 3 * 4;

unsigned char* octets_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

std::string encode_base64(std::string_view octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
  EVP_EncodeBlock(octets_of(text), octets_of(octets), static_cast<int>(octets.size()));
  text.pop_back();
  return text;
}

// OpenSSL passes over spaces, and looks neither at the bits nor at the padding that nobody needs: what is encoded again
// and gives the same text has none of these.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() > most_base64 || text.size() % 4 != 0) return std::nullopt;
  std::string octets(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(octets_of(octets), octets_of(text), static_cast<int>(text.size())) < 0) return std::nullopt;
  octets.resize(octets.size() - static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  std::string again = encode_base64(octets);
  const bool same = again == text;
  wipe(again);
  if (!same) return std::nullopt;
  return octets;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::optional<BasicCredentials> split(std::string_view octets) {
  const std::size_t colon = octets.find(':');
  if (colon == 0 || colon == std::string_view::npos || octets.size() > most_octets) return std::nullopt;
  if (std::ranges::any_of(octets, is_control)) return std::nullopt;
  return BasicCredentials{std::string(octets.substr(0, colon)), std::string(octets.substr(colon + 1))};
}

}  // namespace

std::optional<BasicCredentials> parse_basic_credentials(std::string_view value) {
  constexpr std::string_view scheme = "Basic ";
  if (!iequals(value.substr(0, scheme.size()), scheme)) return std::nullopt;
  value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ', scheme.size())));
  auto octets = decode_base64(value);
  if (!octets) return std::nullopt;
  auto credentials = split(*octets);
  wipe(*octets);
  return credentials;
}

std::string basic_credentials(std::string_view user, std::string_view password) {
  std::string octets = std::string(user) + ":" + std::string(password);
  std::string value = "Basic " + encode_base64(octets);
  wipe(octets);
  return value;
}

}  // namespace sp::http
