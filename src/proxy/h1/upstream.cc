#include "proxy/h1/upstream.h"

#include <algorithm>

#include "proxy/exchange.h"
#include "proxy/outbound/use.h"
#include "proxy/server_pool.h"
#include "proxy/upstream_response.h"
#include "proxy/websocket_handshake.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {

using codec::h1::Framing;
using runtime::Task;

namespace {

// Something that must not be done twice leaves a kept connection in two segments, since then the server's kernel
// acknowledges it as soon as the server reads it: if the connection breaks, request_may_have_arrived() is sure.
bool in_two_segments(const Exchange& exchange) {
  return exchange.reused_connection && !http::idempotent(exchange.request.method);
}

bool switch_was_asked_for(const Exchange& exchange, const http::ResponseHead& head) {
  return !exchange.request.upgrade.empty() && http::iequals(exchange.request.upgrade, head.upgrade);
}

// A client that speaks HTTP/2 has no key for its WebSocket; that of another was taken if a server of HTTP/2 was asked
// before this one.
void add_websocket_key(Exchange& exchange) {
  if (!http::iequals(exchange.request.upgrade, "websocket")) return;
  const bool has_one = exchange.request.version != http::Version::http2;
  if (exchange.websocket_key.empty()) {
    if (has_one) return;
    exchange.websocket_key = make_websocket_key(exchange.worker.random(), exchange.arena);
  }
  exchange.request.fields.set(websocket_key_field, exchange.websocket_key);
  if (has_one) exchange.websocket_key = {};
}

bool key_is_answered(const Exchange& exchange, const http::ResponseHead& head) {
  if (exchange.websocket_key.empty() || exchange.request.version != http::Version::http2) return true;
  const http::Field* accept = head.fields.find(websocket_accept_field);
  return accept != nullptr && accept->value == websocket_accept(exchange.websocket_key, exchange.arena);
}

}  // namespace

void H1Upstream::lease(runtime::CancelToken& token) {
  ++requests_;
  sent_before_ = stream_->sent();
  answered = false;
  may_send.clear();
  token.subscribe(on_cancel_);
}

// ---- the request ----

// Makes one chunk of the parts, where the content is chunked; says how many pieces it has put there: at most two more
// than parts.
std::size_t H1Upstream::put_content(std::span<const ByteView> parts, std::span<iovec> pieces) {
  std::size_t size = 0, count = 0;
  for (ByteView part : parts) size += part.size();
  if (size == 0) return 0;
  if (chunked_) {
    codec::h1::OutBuffer out(chunk_head_);
    codec::h1::write_chunk_head(size, out);
    pieces[count++] = piece_of(out.view());
  }
  for (ByteView part : parts) {
    if (!part.empty()) pieces[count++] = piece_of(part);
  }
  if (chunked_) pieces[count++] = piece_of(codec::h1::chunk_end);
  return count;
}

Task<Result<void>> H1Upstream::write_in_two_segments(std::span<iovec> pieces, runtime::Duration idle) {
  iovec& end = pieces.back();
  std::array<iovec, 1> last{iovec{static_cast<char*>(end.iov_base) + --end.iov_len, 1}};
  SP_CHECK(co_await write_all(*stream_, pieces, idle));
  auto sent = co_await write_all(*stream_, last, idle);
  co_return sent;
}

// The head and the first content leave in one write.
Task<Result<void>> H1Upstream::send_request(Exchange& exchange) {
  if (!exchange.request.upgrade.empty()) add_websocket_key(exchange);
  codec::h1::RequestContext context{
      .target = exchange.upstream_target, .host = exchange.upstream_authority, .keep_alive = true};
  if (exchange.outbound != nullptr) context.credentials = exchange.outbound->credentials;
  std::size_t room = head_octets(exchange.request.fields) + context.target.size() + context.host.size() +
                     context.credentials.size() + 256;
  char* const memory = exchange.arena.chars(room);
  codec::h1::OutBuffer out({memory, room});
  SP_TRY(codec::h1::Written written, codec::h1::write_request_head(exchange.request, context, out));

  chunked_ = written.framing.kind == Framing::Kind::chunked;
  Upload& upload = exchange.upload;
  SP_CHECK(upload.prepare(exchange));
  std::array<iovec, 6> pieces;
  std::size_t count = 0;
  pieces[count++] = piece_of(out.view());
  if (!upload.complete()) count += put_content(upload.first_parts(), std::span(pieces).subspan(count));
  std::span all(pieces.data(), count);
  const runtime::Duration idle = exchange.timeouts().body_idle;
  Result<void> sent;
  if (in_two_segments(exchange)) {
    sent = co_await write_in_two_segments(all, idle);
  } else {
    sent = co_await write_all(*stream_, all, idle);
  }
  exchange.arena.take_back(memory, room);
  // A server may have answered and closed before it took everything: its answer counts.
  if (!sent && sent.error().code != Code::upstream_reset) {
    Code code = sent.error().code == Code::timeout ? Code::request_write_timeout : sent.error().code;
    co_return fail({.code = code, .side = side_of_failure(code), .where = "sending the request"});
  }
  upload.first_parts_sent(!chunked_);
  if (!upload.complete()) exchange.scope.spawn(upload.run(exchange));
  co_return Result<void>{};
}

Task<Result<void>> H1Upstream::send_content(Exchange& exchange, ByteView piece, bool) {
  std::array<iovec, 3> pieces;
  const std::size_t count = put_content(std::array{piece}, pieces);
  auto sent = co_await write_all(*stream_, std::span(pieces.data(), count), exchange.timeouts().body_idle);
  co_return sent;
}

Task<Result<void>> H1Upstream::finish_content(Exchange& exchange, const http::Fields* trailers) {
  if (!chunked_) co_return Result<void>{};
  std::size_t room = 64 + (trailers != nullptr ? head_octets(*trailers) : 0);
  codec::h1::OutBuffer out({exchange.arena.chars(room), room});
  auto last = trailers != nullptr ? codec::h1::write_last_chunk(*trailers, out) : Result<std::size_t>{0};
  if (!last || out.size() == 0) out.append(codec::h1::last_chunk);
  std::array<iovec, 1> pieces{piece_of(out.view())};
  auto sent = co_await write_all(*stream_, pieces, exchange.timeouts().body_idle);
  co_return sent;
}

void H1Upstream::cut(Code why) {
  stream_->reset_on_close();
  stream_->abort(why);
}

// ---- the response ----

// Not an error, if only time has passed and there is more of it.
Result<void> H1Upstream::nothing_came(const Exchange& exchange, Code why) {
  if (why != Code::timeout) return fail(no_response(exchange, why));
  if (exchange.worker.loop().now() < response_deadline(exchange)) return {};
  return fail(no_response(exchange, Code::response_head_timeout));
}

// What came of reading more of the response's head.
Result<void> H1Upstream::received(Exchange& exchange, const Result<std::size_t>& got) {
  if (!got) return nothing_came(exchange, got.error().code);
  if (*got == 0) return fail(no_response(exchange, Code::upstream_closed));
  in_.filled(*got);
  answered = true;
  return {};
}

Task<Result<void>> H1Upstream::receive_response(Exchange& exchange) {
  Response& response = exchange.response;
  response = Response(exchange.arena);
  http::ResponseHead& head = response.head;  // its fields take the same room for each response
  for (int interim = 0;;) {
    codec::h1::Persistence persistence;
    std::size_t octets = 0;
    if (!in_.empty()) {
      SP_TRY(octets, reader_.read(in_.view(), exchange.request.method, head, persistence));
    }
    if (octets == 0) {
      // Nobody holds a buffer while the server thinks: many may wait, and one that was used a moment ago is in the
      // cache.
      if (in_.empty()) {
        auto ready = co_await stream_->readable(response_deadline(exchange));
        if (!ready) {
          SP_CHECK(nothing_came(exchange, ready.error().code));
          continue;
        }
      }
      in_.make_room(in_.view().size() + 1);
      SP_CHECK(received(exchange, co_await stream_->read(in_.room(), response_deadline(exchange))));
      continue;
    }
    in_.consume(octets);
    if (head.interim()) {
      if (++interim > most_interim)
        co_return fail({.code = Code::too_many_interim, .side = Side::upstream, .where = "1xx"});
      SP_CHECK(co_await pass_interim(exchange, head));
      continue;
    }
    note_final_response(exchange);
    if (head.status == 101) {
      keep_alive_ = false;
      if (!switch_was_asked_for(exchange, head) || !key_is_answered(exchange, head))
        co_return fail({.code = Code::unexpected_upgrade, .side = Side::upstream, .where = "101"});
      response.tunnel = true;
      response.tunnel_begin = in_.view();
      co_return Result<void>{};
    }
    keep_alive_ = persistence.keep_alive;
    body_.start(*stream_, persistence.framing,
                {.pace = Pace(exchange.timeouts().body_idle, 0), .trailers = &exchange.response_trailers});
    if (persistence.framing.kind != Framing::Kind::none) response.body = &body_;
    co_return Result<void>{};
  }
}

// ---- the end ----

UpstreamConnection::Detached H1Upstream::detach() {
  end_lease();
  return {std::move(context_), std::move(stream_)};
}

void H1Upstream::leave(Exchange& exchange) {
  end_lease();
  const bool clean = exchange.from_upstream && exchange.upload.complete() && keep_alive_ && body_.complete();
  body_.finish();
  UpstreamState& state = *exchange.occupancy.state();
  if (!clean || !in_.empty() || exchange.worker.draining() || state.retired) return exchange.connection.reset();
  const runtime::TimePoint until = exchange.worker.loop().now() + exchange.timeouts().keep_alive;
  auto* self = static_cast<H1Upstream*>(exchange.connection.release());
  state.pools[exchange.occupancy.server()]->keep(std::unique_ptr<H1Upstream>(self), until);
}

// Nothing came from the server since its last response: no end, no octets. TLS may have had something to say to itself
// (a session ticket): reading deals with that.
bool H1Upstream::silent() {
  if (stream_->try_read({}).status == runtime::IoStatus::would_block) return true;
  char unexpected;
  return stream_->try_read({&unexpected, 1}).status == runtime::IoStatus::would_block;
}

// A kept connection became readable (the server closed it, or sent what nobody asked for) or was kept for long enough.
void H1Upstream::idle_ended(runtime::IoWait& wait, Code why) {
  H1Upstream& connection = static_cast<IdleWait&>(wait).connection;
  if (why == Code::ok && connection.silent()) return connection.stream_->arm(runtime::Direction::read, wait);
  auto gone = connection.pool_->remove(connection);
}

}  // namespace sp::proxy
