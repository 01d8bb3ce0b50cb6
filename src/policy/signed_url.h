// URLs that an application has signed, so that only what it shows is fetched: those of atmos/camo, as Mattermost and
// others make them.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/url.h"

namespace sp::policy {

enum class SignedUrlFault : std::uint8_t {
  shape,      // neither DIGEST/HEX nor DIGEST?url=URL
  signature,  // not made with this key
};
std::string_view text(SignedUrlFault fault);

// What stands behind the path of the route, "DIGEST/HEX" or "DIGEST" with the query "url=URL", and was signed with
// `key`: the URL as the application wrote it. Digests are compared in constant time.
std::expected<std::string, SignedUrlFault> read_signed_url(std::string_view rest, std::string_view query,
                                                           std::string_view key);

// The URL of a page as a request can ask for it: its fragment is left out, what must be encoded is. Nothing where it
// leads neither to http nor to https, has user information, or no host that could be one.
std::optional<http::Url> fetchable_url(std::string_view text);

// Where a redirect leads (RFC 3986 section 5.2): `location` is a whole URL, or a part of one.
std::optional<http::Url> redirected_url(const http::Url& from, std::string_view location);

}  // namespace sp::policy
