#include "proxy/h2/request.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>

#include "http/url.h"
#include "proxy/answer.h"
#include "proxy/forward.h"
#include "proxy/h2/connection.h"
#include "proxy/h2/tunnel_end.h"
#include "proxy/held_writes.h"
#include "proxy/websocket_handshake.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "tls/stream.h"

namespace sp::proxy {

using codec::h2::ErrorCode;
using runtime::Task;

H2Request::H2Request(Worker& worker, ClientConnection& client, H2Connection& connection, HeadRoom& heads,
                     runtime::CancelToken& parent)
    : H2Channel(connection), heads_(heads), exchange_(worker, client, arena_, parent), body_(*this, Side::client) {
  exchange_.interim = this;
  exchange_.times.started = worker.loop().precise_now();
  parent.subscribe(on_cancel_);
}

H2Request::~H2Request() { heads_.give_back(head_octets_); }

// Many small fields take more memory than RFC 9113 counts for them.
bool H2Request::affords(std::uint64_t octets) {
  octets = std::max<std::uint64_t>(octets, exchange_.request.fields.arena().bytes_held());
  if (!heads_.take(octets)) return false;
  head_octets_ = octets;
  return true;
}

void H2Request::head_read(const Result<void>& fault, bool ended) {
  state_ = State::ready;
  head_fault_ = fault;
  exchange_.times.head = exchange_.worker.loop().precise_now();
  if (!fault) return;
  if (const http::Field* priority = exchange_.request.fields.find("priority")) {
    connection().codec.prioritize(*this, codec::h2::parse_priority(priority->value));
  }
  if (ended) return;
  const config::TimeoutsConfig& timeouts = exchange_.client.entry->policy->timeouts;
  body_.start(Pace(timeouts.body_idle, timeouts.min_rate.bytes_per_second), &exchange_.request_trailers);
  const bool tunnel = !exchange_.request.upgrade.empty() || exchange_.request.method == http::Method::connect;
  if (!tunnel) exchange_.body = &body_;
}

void H2Request::closed(ErrorCode error, bool by_peer) {
  if (state_ == State::reading) state_ = State::over;
  H2Channel::closed(error, by_peer);
}

Code H2Request::code_of(ErrorCode error, bool by_peer) const {
  if (by_peer) return Code::client_closed;
  return error == ErrorCode::internal_error ? Code::internal : Code::http2_error;
}

// Who watches is told, too: a tunnel, in which both may be waiting for the server.
void H2Request::cancelled(void* self, Code why) {
  auto& request = *static_cast<H2Request*>(self);
  request.abort(why);
  request.look_again();
}

Error H2Request::not_sent(const Error& error) const {
  Code code = error.code == Code::timeout ? Code::client_too_slow : error.code;
  if (code == Code::upstream_reset || code == Code::io_error || code == Code::end_of_stream) code = Code::client_closed;
  return {.code = code, .side = Side::client, .where = "client stream"};
}

Task<void> H2Request::serve() {
  runtime::HangupWatch watch{&Exchange::client_gone, &exchange_};
  watch_hangup(&watch);
  std::exception_ptr out_of_memory;
  try {
    if (fault() != Code::ok) {  // taken back with the octets that it came with
      exchange_.fail_with({.code = fault(), .side = Side::client, .where = "client stream"});
    } else {
      co_await respond();
    }
  } catch (const std::bad_alloc&) {  // an upload that goes on beside it has to end first
    out_of_memory = std::current_exception();
    connection().codec.reset(*this, ErrorCode::internal_error);
  }
  watch_hangup(nullptr);
  co_await leave_upstream(exchange_);
  if (!sent_all()) {
    connection().codec.release(*this, ErrorCode::internal_error);
  } else if (tunnel_ && !remote_ended()) {
    connection().codec.release(*this, ErrorCode::cancel);
  } else {
    connection().codec.forget(*this);
  }
  connection().send_soon();
  if (tunnel_) co_return;  // the tunnel has told
  if (out_of_memory) std::rethrow_exception(out_of_memory);
  exchange_.times.last_byte = exchange_.worker.loop().precise_now();
  exchange_.request_octets += body_.taken();
  exchange_.worker.observer().exchange_ended(exchange_);
}

// What has begun cannot be taken back: the stream is cut off, visibly.
void H2Request::give_up(const Error& error) {
  if (!exchange_.failure.failed()) exchange_.fail_with(error, error.where);
  connection().codec.reset(*this, error.side == Side::client ? ErrorCode::cancel : ErrorCode::internal_error);
}

// RFC 9113 section 9.1.1: a client may use a connection for every name that its certificate has. This one is for the
// name that was asked for in its handshake; for another one the certificate that was shown has to be good.
bool H2Request::is_misdirected() const {
  const tls::TlsStream* tls = exchange_.client.tls();
  const auto authority = http::split_authority(exchange_.request.authority);
  if (tls == nullptr || !authority) return false;
  const std::string_view asked = tls->info().sni;
  if (asked.empty() ? IpAddress::parse(authority->host).has_value() : http::iequals(asked, authority->host))
    return false;
  return !tls->covers(authority->host);
}

// RFC 8441 section 4: to who asks for a tunnel any 2xx says that it is there. A server of HTTP/1 can say 200 and mean
// that it does not know what an Upgrade is.
bool H2Request::looks_like_tunnel(const Response& response) const {
  return !exchange_.request.upgrade.empty() && !response.tunnel && response.head.status / 100 == 2;
}

Task<void> H2Request::respond() {
  if (head_fault_ && is_misdirected())
    head_fault_ = fail({.code = Code::misdirected, .side = Side::client, .where = ":authority"});
  Response& response = exchange_.response;
  Result<void> answered = head_fault_;
  if (answered) answered = co_await answer(exchange_);
  if (answered && looks_like_tunnel(response))
    answered = fail({.code = Code::unexpected_upgrade, .side = Side::upstream, .where = "no 101"});
  out_pace_ = Pace(exchange_.timeouts().body_idle, exchange_.timeouts().min_rate.bytes_per_second);
  for (int tries = 0; tries < 2; ++tries) {
    if (!answered) {
      const Error error = answered.error();
      if (!exchange_.failure.failed()) exchange_.fail_with(error, error.where);
      if (info(error.code).status == 0 || fault() != Code::ok || id() == 0 || broken()) co_return give_up(error);
      response = error_response(exchange_, error);
      exchange_.from_upstream = false;
    }
    auto written = response.tunnel ? co_await begin_tunnel(response) : co_await write_response(response);
    if (written) co_return;
    if (exchange_.status != 0) co_return give_up(written.error());
    answered = fail(written.error());
  }
  give_up(answered.error());
}

// Fails before anything was written (exchange.status is 0 then), or in the middle.
Task<Result<void>> H2Request::write_response(Response& response) {
  ByteView piece;
  if (response.body != nullptr) {
    SP_TRY(piece, response.body->buffered());
  }
  http::Fields& fields = response.head.fields;
  if (!fields.has(http::FieldId::date)) fields.add(http::FieldId::date, exchange_.worker.http_date());
  const http::Fields* trailers = response.body == nullptr ? nullptr : response.body->trailers();
  bool whole = response.body == nullptr || response.body->complete();
  const bool only_head = whole && piece.empty() && (trailers == nullptr || trailers->empty());
  SP_CHECK(connection().codec.respond(*this, response.head, only_head));
  connection().send_soon();
  exchange_.status = response.head.status;
  if (only_head) {
    sent_end();
    co_return Result<void>{};
  }
  for (;;) {
    if (whole) {
      if (trailers != nullptr && !trailers->empty()) end_with(trailers);
      end_with_next();
    }
    if (!piece.empty()) {
      std::array<iovec, 1> pieces{piece_of(piece)};
      auto sent = co_await write_all(*this, pieces, out_pace_);
      if (!sent) co_return fail(not_sent(sent.error()));
      exchange_.response_octets += piece.size();
      co_await share_.spend(runtime::FairShare::piece + piece.size());
    }
    if (whole) break;
    SP_TRY(piece, co_await response.body->read());
    whole = response.body->complete();
  }
  if (sent_all()) co_return Result<void>{};
  auto finished = co_await finish(out_pace_.deadline(exchange_.worker.loop().now()));
  if (!finished) co_return fail(not_sent(finished.error()));
  co_return Result<void>{};
}

// RFC 8441 section 5: what was an Upgrade for the server is a 200 for the client.
Task<Result<void>> H2Request::begin_tunnel(Response& response) {
  response.head.status = 200;
  response.head.upgrade = {};
  response.head.content_length.reset();
  response.head.body = http::BodySize::none();
  response.head.fields.remove(websocket_accept_field);
  if (!response.head.fields.has(http::FieldId::date))
    response.head.fields.add(http::FieldId::date, exchange_.worker.http_date());
  SP_CHECK(connection().codec.respond(*this, response.head, false));
  connection().send_soon();
  exchange_.status = response.head.status;
  std::string from_upstream(response.tunnel_begin);
  std::unique_ptr<Tunnel> tunnel = tunnel_of(exchange_);
  tunnel->client = std::make_unique<H2TunnelEnd>(*this, tunnel_over_);
  if (tunnel->inside != nullptr) tunnel->client = std::make_unique<HeldWrites>(std::move(tunnel->client));
  tunnel_ = true;
  keep_two_ways();
  watch_hangup(nullptr);
  exchange_.worker.tunnels().begin(std::move(tunnel), {}, std::move(from_upstream));
  (void)co_await tunnel_over_.wait();
  co_return Result<void>{};
}

Task<Result<void>> H2Request::send_interim(const http::ResponseHead& head) {
  // Two may meet: our own 100 and one of the server. The second has nothing to say.
  if (exchange_.status != 0 || (head.status == 100 && continued_)) co_return Result<void>{};
  continued_ = continued_ || head.status == 100;
  auto sent = connection().codec.respond(*this, head, false);
  connection().send_soon();
  co_return sent;
}

}  // namespace sp::proxy
