#include "codec/icap/request.h"

#include <fmt/format.h>

#include <iterator>

#include "codec/has_control.h"

namespace sp::codec::icap {
namespace {

// Fields were read by our own readers: no name or value in them ends a line.
void append_fields(std::string& out, const http::Fields& fields) {
  for (const http::Field& field : fields) {
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
}

std::string host_of(const Service& service) {
  return fmt::format(fmt::runtime(service.host.contains(':') ? "[{}]:{}" : "{}:{}"), service.host, service.port);
}

}  // namespace

std::string request_octets(const Service& service, const Shown& shown) {
  const bool response = shown.what == Shown::What::response;
  const std::string host = host_of(service);
  std::string out = fmt::format("{} icap://{}{} ICAP/1.0\r\nHost: {}\r\nAllow: 204\r\n",
                                response ? "RESPMOD" : "REQMOD", host, service.path, host);
  auto to = std::back_inserter(out);
  if (!shown.client.empty()) fmt::format_to(to, "X-Client-IP: {}\r\n", shown.client);
  if (!shown.user.empty() && !has_control(shown.user)) fmt::format_to(to, "X-Client-Username: {}\r\n", shown.user);
  const std::size_t body_at = shown.request_head.size() + shown.response_head.size();
  fmt::format_to(to, "Encapsulated: req-hdr=0");
  if (response) fmt::format_to(to, ", res-hdr={}", shown.request_head.size());
  const std::string_view body = !shown.has_body ? "null-body" : response ? "res-body" : "req-body";
  fmt::format_to(to, ", {}={}\r\n\r\n{}{}", body, body_at, shown.request_head, shown.response_head);
  return out;
}

std::string chunk_head(std::size_t size) { return fmt::format("{:x}\r\n", size); }

std::string http_request_head(const http::RequestHead& request) {
  const std::string_view scheme = request.scheme.empty() ? std::string_view("https") : request.scheme;
  const std::string_view path = request.path == "*" ? std::string_view() : request.path;
  std::string out =
      fmt::format("{} {}://{}{}{}{} HTTP/1.1\r\nHost: {}\r\n", request.method_text, scheme, request.authority, path,
                  request.has_query ? "?" : "", request.query, request.authority);
  append_fields(out, request.fields);
  return out += "\r\n";
}

std::string http_response_head(const http::ResponseHead& response) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, http::reason_phrase(response.status));
  append_fields(out, response.fields);
  return out += "\r\n";
}

}  // namespace sp::codec::icap
