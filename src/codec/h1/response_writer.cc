#include <array>

#include "codec/h1/head_text.h"
#include "codec/h1/writer.h"

namespace sp::codec::h1 {
namespace {

using http::BodySize;
using http::Method;
using http::Version;

bool is_tunnel(const http::ResponseHead& head, Method asked) {
  return head.status == 101 || (asked == Method::connect && head.status >= 200 && head.status < 300);
}

// The framing fields of a final response that is not a tunnel.
Framing write_framing(const http::ResponseHead& head, const ResponseContext& context, HeadText& text) {
  if (head.status == 204) return {};
  if (context.asked == Method::head || head.status == 304) {
    // What a GET would have given, where it is known; no content follows.
    if (head.content_length) {
      text.field("Content-Length", *head.content_length);
    } else if (head.body.kind == BodySize::Kind::known) {
      text.field("Content-Length", head.body.bytes);
    }
    return {};
  }
  if (head.body.kind != BodySize::Kind::unknown) {
    text.field("Content-Length", head.body.bytes);
    return {Framing::Kind::length, head.body.bytes};
  }
  if (context.client_version == Version::http10) return {Framing::Kind::until_close, 0};
  text.field("Transfer-Encoding", "chunked");
  return {Framing::Kind::chunked, 0};
}

void write_status_line(const http::ResponseHead& head, HeadText& text, OutBuffer& out) {
  const unsigned status = head.status;
  const auto digit = [](unsigned n) { return static_cast<char>('0' + n % 10); };
  const std::array<char, 13> front{
      'H', 'T', 'T', 'P', '/', '1', '.', '1', ' ', digit(status / 100), digit(status / 10), digit(status), ' '};
  out.append({front.data(), front.size()});
  out.append(head.reason.empty() ? http::reason_phrase(head.status) : head.reason);
  out.append("\r\n");
  text.count_line();
}

}  // namespace

Result<Written> write_response_head(const http::ResponseHead& head, const ResponseContext& context, OutBuffer& out) {
  HeadText text(out);
  if (head.status < 100 || head.status > 599) return text.give_up(Code::internal, "response: status");
  if (head.status < 200 && context.client_version == Version::http10) {
    return text.give_up(Code::internal, "response: HTTP/1.0 knows no 1xx");
  }

  Written written{.keep_alive = context.keep_alive};
  write_status_line(head, text, out);
  if (is_tunnel(head, context.asked)) {
    written.keep_alive = false;
    if (head.status == 101) {
      text.field("Upgrade", head.upgrade);
      text.field("Connection", "Upgrade");
    }
  } else if (!head.interim()) {
    written.framing = write_framing(head, context, text);
    if (written.framing.kind == Framing::Kind::until_close) written.keep_alive = false;
    if (!written.keep_alive) {
      text.field("Connection", "close");
    } else if (context.client_version == Version::http10) {
      text.field("Connection", "keep-alive");
    }
  }
  const bool chunked = written.framing.kind == Framing::Kind::chunked;
  if (!text.fields(head.fields, chunked ? HeadText::Trailer::keep : HeadText::Trailer::drop)) {
    return text.give_up(Code::internal, "response: a field of the connection");
  }
  SP_TRY_PLAIN(written.octets, text.finish(Code::response_fields_too_large));
  return written;
}

}  // namespace sp::codec::h1
