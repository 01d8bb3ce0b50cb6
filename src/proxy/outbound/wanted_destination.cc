#include "proxy/outbound/wanted_destination.h"

#include "http/url.h"
#include "policy/path.h"

namespace sp::proxy {

using http::Method;

std::expected<WantedDestination, UnwantedRequest> wanted_destination(const http::RequestHead& request, Arena& arena) {
  using Kind = policy::OutboundRequest::Kind;
  const auto unwanted = [](Code code, std::string_view detail = {}) {
    return std::unexpected(UnwantedRequest{code, detail});
  };
  const bool tunnel = request.method == Method::connect;
  if (request.method == Method::trace) return unwanted(Code::trace_refused);
  if (!tunnel && request.scheme.empty()) return unwanted(Code::not_for_a_proxy);
  if (!tunnel && !http::iequals(request.scheme, "http"))
    return unwanted(Code::not_for_a_proxy, "only http:// URLs are asked for without CONNECT");
  const auto authority = http::split_authority(request.authority);
  if (!authority) return unwanted(Code::destination_malformed);
  WantedDestination wanted{.host = authority->host,
                           .port = authority->port != 0 ? authority->port : std::uint16_t{80},
                           .kind = tunnel ? Kind::tunnel : Kind::plain,
                           .method = request.method_text,
                           .path = {}};
  if (tunnel || request.form == http::TargetForm::asterisk) return wanted;
  auto path = policy::normalize_path(request.path, arena);
  if (!path) return unwanted(path.error().code, path.error().where);
  wanted.path = path->text;
  return wanted;
}

}  // namespace sp::proxy
