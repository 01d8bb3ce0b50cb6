#include "proxy/local_response.h"

#include <fmt/format.h>

#include <new>

#include "http/html.h"
#include "proxy/answer.h"
#include "proxy/image/answer.h"
#include "proxy/outbound/use.h"

namespace sp::proxy {

using http::FieldId;

namespace {

// TRACE and CONNECT are not among them.
constexpr std::string_view methods_here = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view methods_of_images = "GET, HEAD";

bool prefers_json(const http::Fields& fields) {
  const http::Field* accept = fields.find(FieldId::accept);
  if (accept == nullptr) return false;
  auto json = accept->value.find("json");
  auto html = accept->value.find("html");
  return json != std::string_view::npos && (html == std::string_view::npos || json < html);
}

// What the operator has written for who is refused by a rule of a way out.
std::string_view reason_of(const Exchange& exchange) {
  if (exchange.outbound == nullptr || exchange.failure.error.code != Code::destination_refused) return {};
  const policy::OutboundRule* rule = exchange.outbound->rule();
  return rule == nullptr ? std::string_view() : std::string_view(rule->reason);
}

std::string_view html_page(Exchange& exchange, const CodeInfo& row) {
  std::string_view phrase = http::reason_phrase(row.status);
  std::string reason = http::escaped_html(reason_of(exchange));
  if (!reason.empty()) reason = fmt::format("<p>{}</p>\n", reason);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0} {1}</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<style>body{{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34em;padding:0 1em;color:#222}}"
      "h1{{font-size:1.4em}}small{{color:#666}}</style></head>\n"
      "<body><h1>{0} {1}</h1>\n<p>This page could not be shown: {2}.</p>\n{5}"
      "<p><small>Code <code>{3}</code>, request <code>{4}</code>. The operator finds it under this number in the "
      "log.</small></p>\n"
      "</body></html>\n",
      row.status, phrase, http::escaped_html(row.what), row.name, exchange.request_id(), reason);
  return exchange.arena.copy(page);
}

std::string_view json_page(Exchange& exchange, const CodeInfo& row) {
  // Nothing in it comes from outside: the texts are those of the table of codes.
  return exchange.arena.copy(fmt::format("{{\"status\":{},\"error\":\"{}\",\"message\":\"{}\",\"request\":\"{}\"}}\n",
                                         row.status, row.name, row.what, exchange.request_id()));
}

// The client reads the fields of gRPC: of another content type, and of a status but 200, it says only that.
bool speaks_grpc(const http::RequestHead& request) {
  const http::Field* type = request.fields.find(FieldId::content_type);
  return request.version == http::Version::http2 && type != nullptr && type->value.starts_with("application/grpc");
}

// As gRPC maps the status of a proxy (http-grpc-status-mapping.md), and finer where we know more.
std::string_view grpc_status(std::uint16_t status) {
  switch (status) {
    case 403: return "7";  // PERMISSION_DENIED
    case 404:
    case 405:
    case 421:
    case 501: return "12";  // UNIMPLEMENTED
    case 408:
    case 504: return "4";  // DEADLINE_EXCEEDED
    case 413:
    case 414:
    case 431: return "8";  // RESOURCE_EXHAUSTED
    case 429:
    case 502:
    case 503: return "14";  // UNAVAILABLE
    default: return "13";   // INTERNAL
  }
}

// A field's value: '%' begins an escape there. The rest of our texts needs none.
std::string grpc_message(const CodeInfo& row, std::string_view request_id) {
  std::string text = fmt::format("{} ({}, request {})", row.what, row.name, request_id);
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) text.insert(at + 1, "25");
  return text;
}

// A head that is a trailer as well ("Trailers-Only").
Response grpc_response(Exchange& exchange, const CodeInfo& row) {
  std::string_view type = exchange.request.fields.find(FieldId::content_type)->value;
  Response response = text_response(exchange, 200, {}, {});
  response.head.content_length.reset();
  exchange.grpc_status = grpc_status(row.status);
  response.head.fields.add(FieldId::content_type, type);
  response.head.fields.add("grpc-status", exchange.grpc_status);
  response.head.fields.add("grpc-message", exchange.arena.copy(grpc_message(row, exchange.request_id())));
  return response;
}

bool shows_images(const Exchange& exchange) {
  return exchange.route() != nullptr && std::holds_alternative<policy::ImageTarget>(exchange.route()->target);
}

// For people, or for programs that ask for JSON.
Response page_response(Exchange& exchange, const CodeInfo& row) {
  bool json = prefers_json(exchange.request.fields);
  std::string_view page = json ? json_page(exchange, row) : html_page(exchange, row);
  Response response = text_response(exchange, row.status, json ? "application/json" : "text/html; charset=utf-8", page);
  if (row.status == 405)
    response.head.fields.add("Allow", row.code == Code::image_method ? methods_of_images : methods_here);
  if (shows_images(exchange)) add_image_defences(response.head.fields);
  if (row.status == 503) response.head.fields.add(FieldId::retry_after, "10");
  if (row.status == 429 && exchange.outbound != nullptr) {
    response.head.fields.add(FieldId::retry_after,
                             exchange.arena.copy(fmt::format("{}", exchange.outbound->retry_after.count())));
  }
  return response;
}

// Of what refuses a CONNECT most programs show the first line alone, and without this it reads as if the site had said
// it.
std::string_view tunnel_phrase(Exchange& exchange, const CodeInfo& row) {
  if (exchange.outbound == nullptr || exchange.request.method != http::Method::connect || row.status == 407) return {};
  const std::string_view reason = reason_of(exchange);
  return exchange.arena.concat(
      {http::reason_phrase(row.status), " (sallyport: ", row.name, reason.empty() ? "" : ": ", reason, ")"});
}

// RFC 9209 section 2.3.4: with what the next proxy has refused.
std::string_view received_status(Exchange& exchange) {
  if (exchange.outbound == nullptr || exchange.outbound->parent_status == 0) return {};
  return exchange.arena.copy(fmt::format("; received-status={}", exchange.outbound->parent_status));
}

}  // namespace

Response text_response(Exchange& exchange, std::uint16_t status, std::string_view content_type, std::string_view text) {
  Response response(exchange.arena);
  response.local = true;
  response.head.status = status;
  response.head.fields.add(FieldId::server, "sallyport");
  bool has_content = status != 204 && status != 304 && status >= 200;
  if (!has_content) return response;
  if (!text.empty()) response.head.fields.add(FieldId::content_type, content_type);
  response.head.content_length = text.size();
  bool content_follows = exchange.request.method != http::Method::head && !text.empty();
  if (content_follows) {
    response.head.body = http::BodySize::known(text.size());
    response.body = exchange.local_body.emplace(text);
  }
  return response;
}

Response redirect_response(Exchange& exchange, std::uint16_t status, std::string_view location) {
  std::string link = http::escaped_html(location);
  std::string_view text = exchange.arena.concat(
      {"<!DOCTYPE html>\n<title>Moved</title>\n<p>The page is at <a href=\"", link, "\">", link, "</a>.</p>\n"});
  Response response = text_response(exchange, status, "text/html; charset=utf-8", text);
  response.head.fields.add(FieldId::location, location);
  return response;
}

Response options_response(Exchange& exchange) {
  Response response = text_response(exchange, 200, {}, {});
  response.head.fields.add("Allow", methods_here);
  return response;
}

Response error_response(Exchange& exchange, const Error& error) {
  const CodeInfo& row = info(error.code);
  const bool grpc = speaks_grpc(exchange.request);
  Response response = grpc ? grpc_response(exchange, row) : page_response(exchange, row);
  response.head.reason = tunnel_phrase(exchange, row);
  response.head.fields.add(FieldId::cache_control, "no-store");
  if (!row.proxy_status.empty()) {
    response.head.fields.add(FieldId::proxy_status,
                             exchange.arena.concat({"sallyport; error=", row.proxy_status, received_status(exchange)}));
  }
  // RFC 9110 section 11.7.1.
  if (row.status == 407) {
    response.head.fields.add(FieldId::proxy_authenticate, "Basic realm=\"Sallyport\", charset=\"UTF-8\"");
  }
  return response;
}

}  // namespace sp::proxy
