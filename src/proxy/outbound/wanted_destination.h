// What a request to a forward proxy asks for: read from its head alone, for the data path and for `explain`.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "base/arena.h"
#include "base/code.h"
#include "http/message.h"
#include "policy/outbound_rules.h"

namespace sp::proxy {

struct WantedDestination {
  std::string_view host;  // as it was written; not judged yet
  std::uint16_t port = 0;
  policy::OutboundRequest::Kind kind = policy::OutboundRequest::Kind::plain;  // `plain` or `tunnel`
  std::string_view method;
  std::string_view path;  // of `plain`, in normal form
};

struct UnwantedRequest {
  Code code = Code::ok;
  std::string_view detail;
};

// What it returns lives in `arena`, or as long as the head. Errors: trace_refused, not_for_a_proxy,
// destination_malformed, those of normalize_path().
std::expected<WantedDestination, UnwantedRequest> wanted_destination(const http::RequestHead& request, Arena& arena);

}  // namespace sp::proxy
