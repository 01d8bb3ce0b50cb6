#include "proxy/h2/upstream_stream.h"

#include <array>
#include <new>
#include <utility>

#include "proxy/exchange.h"
#include "proxy/upstream_response.h"
#include "proxy/websocket_handshake.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {

using codec::h2::ErrorCode;
using runtime::Task;

// ---- the stream ----

H2UpstreamStream::H2UpstreamStream(std::shared_ptr<H2Upstream> shared, Exchange& exchange)
    : H2Channel(shared->connection()),
      shared_(std::move(shared)),
      exchange_(&exchange),
      head_size_(H2Upstream::head_size(exchange)) {
  shared_->enter(*this);
}

H2UpstreamStream::~H2UpstreamStream() {
  if (id() != 0) connection().codec.release(*this, ErrorCode::cancel);
  shared_->leave(*this);
}

http::ResponseHead* H2UpstreamStream::response_head() {
  if (exchange_ == nullptr) return nullptr;
  if (reading_ == nullptr) {
    Arena& arena = exchange_->arena;
    reading_ = new (arena.allocate(sizeof(Head), alignof(Head))) Head(arena);
  }
  return &reading_->head;
}

http::Fields* H2UpstreamStream::trailers() { return exchange_ == nullptr ? nullptr : &exchange_->response_trailers; }

void H2UpstreamStream::detach() {
  connection().codec.drop_head(*this);
  exchange_ = nullptr;
}

// They are kept until the client has taken those before.
bool H2UpstreamStream::affords_interim(const http::ResponseHead& head) {
  interim_octets_ += head_octets(head.fields);
  return ++interim_ <= most_interim && interim_octets_ <= most_interim_octets;
}

void H2UpstreamStream::head_read(const Result<void>& fault, bool ended) {
  if (!fault) {
    if (head_fault_.code == Code::ok) head_fault_ = fault.error();
  } else if (reading_->head.interim() && !affords_interim(reading_->head)) {
    head_fault_ = {.code = Code::too_many_interim, .side = Side::upstream, .where = "1xx"};
    connection().codec.reset(*this, ErrorCode::enhance_your_calm);
  } else {
    reading_->ended = ended;
    *last_ = std::exchange(reading_, nullptr);
    last_ = &(*last_)->next;
  }
  arrived.set();
}

H2UpstreamStream::Head* H2UpstreamStream::take_head() {
  Head* head = first_;
  if (head == nullptr) return nullptr;
  first_ = head->next;
  if (first_ == nullptr) last_ = &first_;
  return head;
}

void H2UpstreamStream::closed(ErrorCode error, bool by_peer) {
  arrived.set();
  H2Channel::closed(error, by_peer);
}

Code H2UpstreamStream::code_of(ErrorCode error, bool) const {
  switch (error) {
    case ErrorCode::refused_stream: return Code::upstream_stream_refused;
    case ErrorCode::no_error: return Code::upstream_closed;
    default: return Code::upstream_reset;
  }
}

// ---- the exchange's side of it ----

H2UpstreamConnection::H2UpstreamConnection(std::shared_ptr<H2Upstream> shared, Exchange& exchange)
    : stream_(std::make_unique<H2UpstreamStream>(std::move(shared), exchange)),
      body_(*stream_, Side::upstream),
      used_before_(stream_->shared().served() > 1) {}

void H2UpstreamConnection::lease(runtime::CancelToken& token) { token.subscribe(on_cancel_); }

namespace {

// The key of a WebSocket is for HTTP/1: the answer to it is made here.
void take_websocket_key(Exchange& exchange) {
  const http::Field* key = exchange.request.fields.find(websocket_key_field);
  if (key == nullptr) return;
  exchange.websocket_key = key->value;
  exchange.request.fields.remove(websocket_key_field);
}

}  // namespace

Task<Result<void>> H2UpstreamConnection::send_request(Exchange& exchange) {
  if (!exchange.request.upgrade.empty()) {
    // RFC 8441 section 3: not before the server has said that it knows it.
    const runtime::TimePoint deadline = exchange.worker.loop().now() + exchange.timeouts().connect;
    auto settled = co_await stream_->shared().settled().wait(deadline, &exchange.scope.token());
    if (!settled) {
      const Code why = settled.error().code;
      co_return fail(no_response(exchange, why == Code::timeout ? Code::connection_timeout : why));
    }
    if (stream_->fault() != Code::ok) co_return fail(broken(exchange));
    if (!stream_->shared().knows_tunnels())
      co_return fail({.code = Code::no_extended_connect, .side = Side::upstream, .where = "SETTINGS"});
    take_websocket_key(exchange);
  }
  Upload& upload = exchange.upload;
  SP_CHECK(upload.prepare(exchange));
  const bool ended = upload.complete() && exchange.request.upgrade.empty();
  codec::h2::Connection& codec = stream_->connection().codec;
  // A client of HTTP/1.0 need not say a name; here there is no request without one.
  const std::string_view authority =
      exchange.upstream_authority.empty() ? std::string_view(exchange.server->authority) : exchange.upstream_authority;
  SP_CHECK(codec.request(*stream_, exchange.request, exchange.server->url.scheme, authority, exchange.upstream_target,
                         ended));
  stream_->connection().send_soon();
  if (ended) stream_->sent_end();
  if (!upload.complete()) exchange.scope.spawn(upload.run(exchange));
  co_return Result<void>{};
}

Task<Result<void>> H2UpstreamConnection::send_content(Exchange& exchange, ByteView piece, bool last) {
  std::array<iovec, 1> pieces{piece_of(piece)};
  if (last) stream_->end_with_next();
  auto sent = co_await write_all(*stream_, pieces, exchange.timeouts().body_idle);
  co_return sent;
}

Task<Result<void>> H2UpstreamConnection::finish_content(Exchange& exchange, const http::Fields* trailers) {
  if (stream_->sent_all()) co_return Result<void>{};
  stream_->end_with(trailers);
  auto finished = co_await stream_->finish(exchange.worker.loop().now() + exchange.timeouts().body_idle);
  co_return finished;
}

void H2UpstreamConnection::cut(Code why) {
  if (stream_->id() != 0) stream_->connection().codec.reset(*stream_, ErrorCode::cancel);
  stream_->connection().send_soon();
  stream_->abort(why);
  stream_->arrived.set();
}

// What the server has not seen, or not looked at, can be sent again, whatever it is.
Error H2UpstreamConnection::broken(const Exchange& exchange) const {
  Error error = no_response(exchange, stream_->fault());
  if (stream_->unseen() || error.code == Code::upstream_stream_refused) error.retry = Retry::safe;
  return error;
}

Task<Result<void>> H2UpstreamConnection::receive_response(Exchange& exchange) {
  for (;;) {
    H2UpstreamStream::Head* next = stream_->take_head();
    if (next == nullptr) {
      if (stream_->head_fault().code != Code::ok) co_return fail(stream_->head_fault());
      if (stream_->fault() != Code::ok) co_return fail(broken(exchange));
      stream_->arrived.clear();
      auto arrived = co_await stream_->arrived.wait(response_deadline(exchange));
      if (arrived || exchange.worker.loop().now() < response_deadline(exchange)) continue;
      // Perhaps nobody is there any more: others are not to wait for the same.
      stream_->shared().drain();
      co_return fail(no_response(exchange, Code::response_head_timeout));
    }
    answered = true;
    if (next->head.interim()) {
      SP_CHECK(co_await pass_interim(exchange, next->head));
      continue;
    }
    note_final_response(exchange);
    Response& response = exchange.response;
    response = Response(exchange.arena);
    response.head = next->head;
    if (!exchange.request.upgrade.empty() && next->head.status >= 200 && next->head.status < 300) {
      response.tunnel = true;
      co_return Result<void>{};
    }
    body_.start(Pace(exchange.timeouts().body_idle, 0), &exchange.response_trailers);
    if (!next->ended && next->head.body.kind != http::BodySize::Kind::none) response.body = &body_;
    co_return Result<void>{};
  }
}

UpstreamConnection::Detached H2UpstreamConnection::detach() {
  end_lease();
  stream_->detach();
  return {nullptr, std::move(stream_)};
}

void H2UpstreamConnection::leave(Exchange& exchange) {
  end_lease();
  // Both sides have ended it. A tunnel that was refused has no upload that would have ended ours.
  if (body_.complete() && stream_->sent_all()) stream_->connection().codec.forget(*stream_);
  exchange.connection.reset();
}

}  // namespace sp::proxy
