#include "codec/h1/head_text.h"
#include "codec/h1/writer.h"
#include "codec/host.h"
#include "codec/target.h"

namespace sp::codec::h1 {
namespace {

using http::BodySize;
using http::Method;

// RFC 9110 section 8.6: a server may want to hear that nothing follows.
bool usually_has_content(Method method) {
  return method == Method::post || method == Method::put || method == Method::patch;
}

Framing write_framing(const http::RequestHead& head, HeadText& text) {
  switch (head.body.kind) {
    case BodySize::Kind::known:
      text.field("Content-Length", head.body.bytes);
      return {Framing::Kind::length, head.body.bytes};
    case BodySize::Kind::unknown: text.field("Transfer-Encoding", "chunked"); return {Framing::Kind::chunked, 0};
    case BodySize::Kind::none: break;
  }
  if (!usually_has_content(head.method)) return {};
  text.field("Content-Length", "0");
  return {Framing::Kind::length, 0};
}

// Connection, and the fields that it names.
void write_connection(const http::RequestHead& head, bool keep_alive, HeadText& text) {
  if (head.accepts_trailers) text.field("TE", "trailers");
  if (!head.upgrade.empty()) {
    text.field("Upgrade", head.upgrade);
    text.field("Connection", head.accepts_trailers ? "Upgrade, TE" : "Upgrade");
  } else if (!keep_alive) {
    text.field("Connection", head.accepts_trailers ? "close, TE" : "close");
  } else if (head.accepts_trailers) {
    text.field("Connection", "TE");
  }
}

}  // namespace

Result<Written> write_request_head(const http::RequestHead& head, const RequestContext& context, OutBuffer& out) {
  HeadText text(out);
  const std::string_view host = context.host.empty() ? head.authority : context.host;
  if (!is_name(head.method_text)) return text.give_up(Code::internal, "request: method");
  if (!is_target_text(context.target)) return text.give_up(Code::internal, "request: target");
  // head.authority was judged by the reader that made the head.
  const bool judged = host.data() == head.authority.data() && host.size() == head.authority.size();
  if (!judged && !parse_authority(host)) return text.give_up(Code::internal, "request: Host");

  out.append(head.method_text);
  out.append(' ');
  out.append(context.target);
  out.append(" HTTP/1.1\r\n");
  text.count_line();
  text.field("Host", host);
  if (!context.credentials.empty()) text.field("Proxy-Authorization", context.credentials);
  const bool chunked = head.body.kind == BodySize::Kind::unknown;
  if (!text.fields(head.fields, chunked ? HeadText::Trailer::keep : HeadText::Trailer::drop)) {
    return text.give_up(Code::internal, "request: a field of the connection");
  }
  if (head.expects_continue) text.field("Expect", "100-continue");
  const Framing framing = write_framing(head, text);
  write_connection(head, context.keep_alive, text);
  SP_TRY_PLAIN(const std::size_t octets, text.finish(Code::fields_too_large));
  return Written{octets, framing, context.keep_alive && head.upgrade.empty()};
}

}  // namespace sp::codec::h1
