// A URL is refused, or is the same after being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sp::http;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto url = parse_url(text)) {
    auto again = parse_url(url->text());
    if (!again || again->text() != url->text() || again->host != url->host || again->path != url->path) std::abort();
    if (!url->is_unix() && !split_authority(url->authority())) std::abort();
    if (url->text().find_first_of("\r\n \t") != std::string::npos) std::abort();
  }
  static_cast<void>(parse_url(text, UrlUse::listen));
  static_cast<void>(parse_url(text, UrlUse::target));
  if (auto authority = split_authority(text)) {
    if (authority->host.empty() || authority->host.find_first_of("/@[]\r\n \t") != std::string_view::npos) std::abort();
  }
  return 0;
}
