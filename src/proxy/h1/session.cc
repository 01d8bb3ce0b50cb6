#include "proxy/h1/session.h"

#include <array>
#include <exception>
#include <new>

#include "proxy/answer.h"
#include "proxy/forward.h"
#include "proxy/h1/splice_body.h"
#include "proxy/linger.h"
#include "proxy/proxy_header.h"
#include "proxy/upstream_connection.h"
#include "proxy/websocket_handshake.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {

using codec::h1::Framing;
using runtime::Task;
using runtime::TimePoint;

namespace {

// Content that nobody wanted is read and dropped up to here, so that the connection can go on; beyond it is closed.
constexpr std::uint64_t worth_draining = std::uint64_t{64} * 1024;

}  // namespace

H1Session::H1Session(Worker& worker, ClientConnection& client, runtime::CancelToken& parent)
    : worker_(worker),
      client_(client),
      stream_(*client.stream),
      reader_(client.entry->limits),
      body_(in_, client.entry->limits, Side::client),
      token_(parent) {
  token_.subscribe(on_cancel_);
}

H1Session::~H1Session() = default;

Task<H1Session::Ending> H1Session::run() {
  const config::TimeoutsConfig& timeouts = client_.entry->policy->timeouts;
  // A connection that was parked goes on with the deadline that it had: what woke it need not be a request.
  TimePoint& deadline = client_.wait.deadline;
  if (deadline == runtime::never) deadline = worker_.loop().now() + timeouts.client_head;
  for (;;) {
    while (in_.empty()) {
      if (worker_.draining()) co_return Ending::over;
      if (stream_.try_read({}).status == runtime::IoStatus::would_block) {
        give_back_memory();
        auto readable = stream_.readable(deadline);
        waiting_ = &readable;
        worker_.idle(*this);
        auto ready = co_await readable;
        worker_.busy(*this);
        if (!ready) co_return parking_ ? Ending::idle : Ending::over;
      }
      if (!take_octets()) co_return Ending::over;
    }
    After after = co_await serve_one();
    body_.finish();
    arena_.reset();
    if (after == After::linger) co_await linger();
    if (after == After::tunnel) co_return Ending::tunnel;
    if (after != After::next) co_return Ending::over;
    co_await share_.spend(runtime::FairShare::request);
    deadline = worker_.loop().now() + timeouts.keep_alive;
  }
}

// An idle connection holds no buffers.
void H1Session::give_back_memory() {
  in_.release();
  arena_.release();
  stream_.release_buffers();
}

// Readable is a promise to try, not of octets: a connection that has not said anything stays idle. False at its end.
bool H1Session::take_octets() {
  runtime::IoResult read = stream_.try_read(in_.room());
  if (read.status == runtime::IoStatus::done) in_.filled(read.bytes);
  return read.status == runtime::IoStatus::done || read.status == runtime::IoStatus::would_block;
}

void H1Session::park() {
  parking_ = true;
  waiting_->interrupt(Code::cancelled);
}

Error H1Session::client_error(Code code) const {
  if (code == Code::upstream_reset || code == Code::io_error || code == Code::end_of_stream) code = Code::client_closed;
  const char* detail = code == Code::head_timeout ? "its end did not come within timeouts.client_head" : "";
  return {.code = code, .side = Side::client, .where = detail};
}

// Of content.
Error H1Session::not_sent(const Error& error) const {
  return client_error(error.code == Code::timeout ? Code::client_too_slow : error.code);
}

// The head, if all of it is here.
Result<bool> H1Session::take_head(Exchange& exchange) {
  SP_TRY_PLAIN(std::size_t octets, reader_.read(in_.view(), exchange.request, persistence_));
  in_.consume(octets);
  return octets != 0;
}

Task<Result<void>> H1Session::read_head(Exchange& exchange) {
  TimePoint deadline = worker_.loop().now() + client_.entry->policy->timeouts.client_head;
  for (bool complete = false; !complete;) {
    in_.make_room(in_.view().size() + 1);
    auto got = co_await stream_.read(in_.room(), deadline);
    if (!got) co_return fail(client_error(got.error().code == Code::timeout ? Code::head_timeout : got.error().code));
    if (*got == 0) co_return fail(client_error(Code::client_closed));
    in_.filled(*got);
    SP_TRY(complete, take_head(exchange));
  }
  exchange.times.head = worker_.loop().precise_now();
  co_return Result<void>{};
}

// Where a request that is none is a header of the PROXY protocol, from somebody who may not send one. Behind TLS nobody
// may.
bool H1Session::begins_with_strange_header() const {
  return client_.requests == 0 && client_.proxy_header == nullptr && client_.tls() == nullptr &&
         begins_with_proxy_header(in_.view());
}

void H1Session::begin_body(Exchange& exchange) {
  continued_ = false;
  if (persistence_.framing.kind == Framing::Kind::none) {
    body_.start(stream_, persistence_.framing, {});
    return;
  }
  const config::TimeoutsConfig& timeouts = client_.entry->policy->timeouts;
  body_.start(
      stream_, persistence_.framing,
      {.pace = Pace(timeouts.body_idle, timeouts.min_rate.bytes_per_second), .trailers = &exchange.request_trailers});
  exchange.body = &body_;
}

Task<H1Session::After> H1Session::serve_one() {
  Exchange exchange(worker_, client_, arena_, token_);
  exchange.interim = this;
  exchange.times.started = exchange.times.head = worker_.loop().now();
  Result<void> head;
  auto taken = take_head(exchange);
  if (!taken) {
    head = fail(taken.error());
  } else if (!*taken) {
    head = co_await read_head(exchange);
  }
  if (!head && begins_with_strange_header()) head = fail(strange_header(client_));
  if (!head && head.error().code == Code::client_closed && !reader_.begun()) co_return After::close;
  ++client_.requests;
  if (!head) {
    After after = co_await refuse_head(exchange, head.error());
    worker_.observer().exchange_ended(exchange);
    co_return after;
  }
  begin_body(exchange);
  runtime::HangupWatch watch{&Exchange::client_gone, &exchange};
  stream_.watch_hangup(&watch);
  After after = After::close;
  std::exception_ptr out_of_memory;
  try {
    after = co_await respond(exchange);
  } catch (const std::bad_alloc&) {  // an upload that goes on beside it has to end first
    out_of_memory = std::current_exception();
    stream_.reset_on_close();  // what has gone out of a response is not to look whole
  }
  stream_.watch_hangup(nullptr);
  co_await leave_upstream(exchange);
  if (out_of_memory) std::rethrow_exception(out_of_memory);
  if (after == After::tunnel) co_return after;
  exchange.times.last_byte = worker_.loop().precise_now();
  exchange.request_octets += body_.taken();
  worker_.observer().exchange_ended(exchange);
  co_return after;
}

// A head that is not understood, or not complete in time: said, if it can be said, and the connection ends.
Task<H1Session::After> H1Session::refuse_head(Exchange& exchange, Error error) {
  exchange.fail_with(error, error.where);
  persistence_ = {};
  if (info(error.code).status == 0) co_return After::close;
  exchange.response = error_response(exchange, error);
  auto written = co_await write_response(exchange);
  co_return written ? After::linger : After::close;
}

Task<H1Session::After> H1Session::respond(Exchange& exchange) {
  auto answered = co_await answer(exchange);
  out_pace_ = Pace(exchange.timeouts().body_idle, exchange.timeouts().min_rate.bytes_per_second);
  for (int tries = 0; tries < 2; ++tries) {
    if (!answered) {
      Error error = answered.error();
      if (!exchange.failure.failed()) exchange.fail_with(error, error.where);
      if (info(error.code).status == 0) {
        stream_.reset_on_close();
        co_return After::close;
      }
      exchange.response = error_response(exchange, error);
      exchange.from_upstream = false;
    }
    if (exchange.response.tunnel) {
      After after = co_await switch_protocols(exchange, exchange.response);
      co_return after;
    }
    auto after = co_await write_response(exchange);
    if (after) co_return *after;
    if (!exchange.failure.failed()) exchange.fail_with(after.error(), after.error().where);
    if (exchange.status != 0) co_return After::close;  // it had begun: all that is left is to cut it off
    answered = fail(after.error());
  }
  co_return After::close;
}

// What a client sends behind the head of a CONNECT is for the tunnel, and some do not wait for it to be there. Where
// there is none it must not be read as requests: others may have written it. A 407 is answered by the same connection,
// by clients that have waited.
bool H1Session::may_follow_refused_tunnel(const Exchange& exchange) const {
  return exchange.response.head.status == 407 && in_.empty();
}

// Whether another request can follow, as far as is known when the response's head is written.
bool H1Session::stays_open(const Exchange& exchange) const {
  if (!persistence_.keep_alive || worker_.draining() || !worker_.current(client_.snapshot())) return false;
  if (exchange.request.method == http::Method::connect && !may_follow_refused_tunnel(exchange)) return false;
  if (body_.complete()) return true;
  // Content that was not read: a client that waits for a 100 may or may not send it.
  return !exchange.upload.started() && !exchange.request.expects_continue && body_.remaining() <= worth_draining;
}

// Fails before anything was written (exchange.status is 0 then), or in the middle.
Task<Result<H1Session::After>> H1Session::write_response(Exchange& exchange) {
  Response& response = exchange.response;
  ByteView first;
  if (response.body != nullptr) {
    SP_TRY(first, response.body->buffered());
  }
  http::Fields& fields = response.head.fields;
  if (!fields.has(http::FieldId::date)) fields.add(http::FieldId::date, worker_.http_date());
  codec::h1::ResponseContext context{
      .client_version = exchange.request.version, .asked = exchange.request.method, .keep_alive = stays_open(exchange)};
  std::size_t room = head_octets(fields) + response.head.reason.size() + 512;
  codec::h1::OutBuffer out({arena_.chars(room), room});
  SP_TRY(codec::h1::Written written, codec::h1::write_response_head(response.head, context, out));
  bool chunked = written.framing.kind == Framing::Kind::chunked;
  bool whole = response.body == nullptr || response.body->complete();
  const http::Fields* trailers = response.body == nullptr ? nullptr : response.body->trailers();
  bool plain_end = whole && chunked && (trailers == nullptr || trailers->empty());

  std::array<char, codec::h1::chunk_head_max> chunk_head;
  codec::h1::OutBuffer size(chunk_head);
  std::array<iovec, 5> pieces;
  std::size_t count = 0;
  pieces[count++] = piece_of(out.view());
  if (!first.empty()) {
    if (chunked && codec::h1::write_chunk_head(first.size(), size) != 0) pieces[count++] = piece_of(size.view());
    pieces[count++] = piece_of(first);
    if (chunked) pieces[count++] = piece_of(codec::h1::chunk_end);
  }
  if (plain_end) pieces[count++] = piece_of(codec::h1::last_chunk);
  if (sending_interim_) {
    SP_CHECK(co_await interim_sent_.wait());
  }
  exchange.status = response.head.status;
  const std::uint64_t before = stream_.sent();
  auto sent = co_await write_all(stream_, std::span(pieces.data(), count), out_pace_);
  if (!sent) {
    if (stream_.sent() == before) exchange.status = 0;  // not an octet of it
    co_return fail(not_sent(sent.error()));
  }
  exchange.response_octets = first.size();
  if (!whole) {
    auto streamed = co_await stream_body(exchange, *response.body, chunked);
    if (!streamed) {
      // A message that is cut off must not look whole: without a length the end of the connection would be its end.
      if (written.framing.kind == Framing::Kind::until_close || streamed.error().side == Side::client)
        stream_.reset_on_close();
      co_return fail(streamed.error());
    }
  }
  if (chunked && !plain_end) {
    SP_CHECK(co_await write_last_chunk(trailers));
  }
  if (!written.keep_alive) co_return After::linger;
  while (!body_.complete() && !exchange.upload.started()) {
    SP_CHECK(co_await body_.read());
  }
  co_return body_.complete() ? After::next : After::linger;
}

Task<Result<void>> H1Session::stream_body(Exchange& exchange, BodySource& body, bool chunked) {
  if (!chunked && worth_splicing(body, stream_)) {
    auto spliced = co_await splice_body(body, stream_, out_pace_, share_, exchange.response_octets);
    if (!spliced) co_return fail(spliced.error().side == Side::local ? not_sent(spliced.error()) : spliced.error());
  }
  std::array<char, codec::h1::chunk_head_max> chunk_head;
  while (!body.complete()) {
    SP_TRY(ByteView piece, co_await body.read());
    if (piece.empty()) continue;
    codec::h1::OutBuffer size(chunk_head);
    std::array<iovec, 3> pieces;
    std::size_t count = 0;
    if (chunked && codec::h1::write_chunk_head(piece.size(), size) != 0) pieces[count++] = piece_of(size.view());
    pieces[count++] = piece_of(piece);
    if (chunked) pieces[count++] = piece_of(codec::h1::chunk_end);
    auto sent = co_await write_all(stream_, std::span(pieces.data(), count), out_pace_);
    if (!sent) co_return fail(not_sent(sent.error()));
    exchange.response_octets += piece.size();
    co_await share_.spend(runtime::FairShare::piece + piece.size());
  }
  co_return Result<void>{};
}

Task<Result<void>> H1Session::write_last_chunk(const http::Fields* trailers) {
  std::size_t room = 64 + (trailers == nullptr ? 0 : head_octets(*trailers));
  codec::h1::OutBuffer out({arena_.chars(room), room});
  if (trailers != nullptr && !trailers->empty()) {
    SP_CHECK(codec::h1::write_last_chunk(*trailers, out));
  } else {
    out.append(codec::h1::last_chunk);
  }
  std::array<iovec, 1> pieces{piece_of(out.view())};
  auto sent = co_await write_all(stream_, pieces, out_pace_);
  if (!sent) co_return fail(client_error(sent.error().code));
  co_return Result<void>{};
}

Task<Result<void>> H1Session::send_interim(const http::ResponseHead& head) {
  // Two may meet: our own 100 and one of the server. The second has nothing to say.
  if (sending_interim_ || (head.status == 100 && continued_)) co_return Result<void>{};
  continued_ = continued_ || head.status == 100;
  std::size_t room = head_octets(head.fields) + head.reason.size() + 64;
  char* const memory = arena_.chars(room);
  codec::h1::OutBuffer out({memory, room});
  SP_CHECK(codec::h1::write_response_head(head, {.client_version = http::Version::http11}, out));
  std::array<iovec, 1> pieces{piece_of(out.view())};
  sending_interim_ = true;
  interim_sent_.clear();
  auto sent = co_await write_all(stream_, pieces, out_pace_);
  sending_interim_ = false;
  interim_sent_.set();
  arena_.take_back(memory, room);
  if (!sent) co_return fail(client_error(sent.error().code));
  co_return Result<void>{};
}

namespace {

// From the answer to an extended CONNECT, which has no key to prove anything by.
void make_switch(Exchange& exchange, http::ResponseHead& head) {
  head.status = 101;
  head.upgrade = exchange.request.upgrade;
  head.body = http::BodySize::none();
  head.content_length.reset();
  if (exchange.websocket_key.empty()) return;
  head.fields.set(websocket_accept_field, websocket_accept(exchange.websocket_key, exchange.arena));
}

}  // namespace

Task<H1Session::After> H1Session::switch_protocols(Exchange& exchange, Response& response) {
  const bool connect = exchange.request.method == http::Method::connect;
  if (response.head.status != 101 && !connect) make_switch(exchange, response.head);
  codec::h1::ResponseContext context{
      .client_version = exchange.request.version, .asked = exchange.request.method, .keep_alive = true};
  std::size_t room = head_octets(response.head.fields) + response.head.reason.size() + 512;
  codec::h1::OutBuffer out({arena_.chars(room), room});
  if (!response.head.fields.has(http::FieldId::date))
    response.head.fields.add(http::FieldId::date, worker_.http_date());
  auto written = codec::h1::write_response_head(response.head, context, out);
  if (!written) co_return After::close;
  std::array<iovec, 1> pieces{piece_of(out.view())};
  exchange.status = response.head.status;
  auto sent = co_await write_all(stream_, pieces, out_pace_);
  if (!sent) co_return After::close;
  begin_tunnel(exchange, response);
  co_return After::tunnel;
}

// From here on there is no exchange any more, only what is to be told of it at the tunnel's end.
void H1Session::begin_tunnel(Exchange& exchange, const Response& response) {
  tunnel_start_.from_client = in_.view();
  tunnel_start_.from_upstream = response.tunnel_begin;
  tunnel_start_.tunnel = tunnel_of(exchange);
}

// The client may still be sending. Closing at once would reset the connection, and could take the response with it.
Task<void> H1Session::linger() {
  TimePoint deadline = worker_.loop().now() + linger_time;
  auto finished = co_await stream_.finish(deadline);
  if (!finished) co_return;
  // A client that asked for the end sends nothing more; others may have sent their next request already.
  if (body_.complete() && in_.empty() && !persistence_.keep_alive) co_return;
  in_.release();
  co_await drop_input(stream_, deadline);
}

}  // namespace sp::proxy
