#include "codec/trailer_names.h"

#include <array>

#include "http/fields.h"

namespace sp::codec {
namespace {

constexpr std::array<std::string_view, 7> forbidden_prefixes{
    "Content-", "If-", "Proxy-", "X-Forwarded", "X-Original-Forwarded", "Access-Control-", "Sec-"};
// What begins in the same way, but is made to stand there: digests of content that is known only at its end (RFC 9530
// section 2; RFC 1864), and what proxies say about it (RFC 9209 section 2).
constexpr std::array<std::string_view, 3> meant_for_trailers{"Content-Digest", "Content-MD5", "Proxy-Status"};
constexpr std::array<std::string_view, 43> forbidden{"Age",
                                                     "Authentication-Info",
                                                     "Authorization",
                                                     "Cache-Control",
                                                     "CF-Connecting-IP",
                                                     "Client-IP",
                                                     "Connection",
                                                     "Cookie",
                                                     "Cookie2",
                                                     "Date",
                                                     "Expect",
                                                     "Expires",
                                                     "Fastly-Client-IP",
                                                     "Forwarded",
                                                     "Host",
                                                     "HTTP2-Settings",
                                                     "Keep-Alive",
                                                     "Location",
                                                     "Max-Forwards",
                                                     "Origin",
                                                     "Pragma",
                                                     "Proxy",
                                                     "Range",
                                                     "Referer",
                                                     "Refresh",
                                                     "Retry-After",
                                                     "Set-Cookie",
                                                     "Set-Cookie2",
                                                     "Status",
                                                     "Strict-Transport-Security",
                                                     "TE",
                                                     "Trailer",
                                                     "Transfer-Encoding",
                                                     "True-Client-IP",
                                                     "Upgrade",
                                                     "Vary",
                                                     "Via",
                                                     "Warning",
                                                     "WWW-Authenticate",
                                                     "X-Client-Certificate",
                                                     "X-Client-IP",
                                                     "X-Cluster-Client-IP",
                                                     "X-Real-IP"};

}  // namespace

bool allowed_in_trailer(std::string_view name) {
  for (std::string_view other : meant_for_trailers) {
    if (http::iequals(name, other)) return true;
  }
  for (std::string_view prefix : forbidden_prefixes) {
    if (http::iequals(name.substr(0, prefix.size()), prefix)) return false;
  }
  for (std::string_view other : forbidden) {
    if (http::iequals(name, other)) return false;
  }
  return true;
}

}  // namespace sp::codec
