#include "proxy/forward.h"

#include <algorithm>

#include "codec/h1/writer.h"
#include "proxy/connector.h"
#include "proxy/exchange_variables.h"
#include "proxy/finish_fields.h"
#include "proxy/upload.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {
namespace {

using runtime::Task;
using runtime::TimePoint;

// How many 1xx responses one request may get.
constexpr int most_interim = 32;

AdmissionContext context_of(const Exchange& exchange) {
  return {exchange.client.snapshot(), *exchange.client.entry, exchange.client.hop()};
}

// The servers that this request has met.
class Tried {
 public:
  std::span<const std::size_t> list() const { return {servers_.data(), count_}; }
  void add(std::size_t server) {
    if (count_ < servers_.size()) servers_[count_++] = server;
  }

 private:
  std::array<std::size_t, 16> servers_{};
  std::size_t count_ = 0;
};

// A kept connection may turn out to have been closed as the request came, and then everything is sent once more. What
// is too much for that gets a connection of its own, and what is waited for as well.
bool can_be_kept_for_another_try(const Exchange& exchange) {
  if (exchange.body == nullptr || exchange.body->complete()) return true;
  if (exchange.request.expects_continue) return false;
  const http::BodySize& size = exchange.request.body;
  return size.kind != http::BodySize::Kind::known || size.bytes <= Upload::most_kept;
}

// A kept connection for this request, if there is one that it may use.
bool take_kept(Exchange& exchange, ServerPool& pool) {
  if (!can_be_kept_for_another_try(exchange)) {
    pool.drop_oldest();
    return false;
  }
  exchange.connection = pool.take(sni_for(*exchange.upstream, *exchange.server, exchange.upstream_authority));
  return exchange.connection != nullptr;
}

Task<Result<void>> connect(Exchange& exchange) {
  ConnectFailure failure;
  auto connected = co_await connect_server(exchange.worker, *exchange.client.contexts, *exchange.upstream,
                                           *exchange.server, exchange.upstream_authority, exchange.timeouts(),
                                           exchange.client.entry->limits, exchange.scope.token(), failure);
  if (!connected) {
    exchange.fail_with(connected.error(), failure.detail, failure.remedy);
    co_return fail(connected.error());
  }
  exchange.connection = *std::move(connected);
  exchange.connection->context = exchange.client.contexts;
  co_return Result<void>{};
}

void lease(Exchange& exchange) {
  exchange.server_address = exchange.arena.copy(exchange.connection->address_text);
  exchange.times.connected = exchange.worker.loop().precise_now();
  if (exchange.reused_connection) exchange.times.connecting = exchange.times.connected;
  exchange.connection->lease(exchange.scope.token());
}

// Something that must not be done twice leaves a kept connection in two segments, since then the server's kernel
// acknowledges it as soon as the server reads it: if the connection breaks, request_may_have_arrived() is sure.
bool in_two_segments(const Exchange& exchange) {
  return exchange.reused_connection && !http::idempotent(exchange.request.method);
}

Task<Result<void>> write_in_two_segments(Exchange& exchange, std::span<iovec> pieces) {
  runtime::Stream& stream = *exchange.connection->stream;
  runtime::Duration idle = exchange.timeouts().body_idle;
  iovec& end = pieces.back();
  std::array<iovec, 1> last{iovec{static_cast<char*>(end.iov_base) + --end.iov_len, 1}};
  SP_CHECK(co_await write_all(stream, pieces, idle));
  auto sent = co_await write_all(stream, last, idle);
  co_return sent;
}

// The head, and with it as much of the content as is there: one write. Starts the upload of the rest.
Task<Result<void>> send_request(Exchange& exchange) {
  codec::h1::RequestContext context{
      .target = exchange.upstream_target, .host = exchange.upstream_authority, .keep_alive = true};
  std::size_t room = head_octets(exchange.request.fields) + context.target.size() + context.host.size() + 256;
  codec::h1::OutBuffer out({exchange.arena.chars(room), room});
  SP_TRY(codec::h1::Written written, codec::h1::write_request_head(exchange.request, context, out));

  Upload& upload = exchange.upload;
  SP_CHECK(upload.prepare(exchange, written.framing));
  std::array<iovec, 6> pieces;
  std::size_t count = 0;
  pieces[count++] = piece_of(out.view());
  count += upload.first_pieces(std::span(pieces).subspan(count));
  std::span all(pieces.data(), count);
  Result<void> sent;
  if (in_two_segments(exchange)) {
    sent = co_await write_in_two_segments(exchange, all);
  } else {
    sent = co_await write_all(*exchange.connection->stream, all, exchange.timeouts().body_idle);
  }
  // A server may have answered and closed before it took everything: its answer counts.
  if (!sent && sent.error().code != Code::upstream_reset) {
    Code code = sent.error().code == Code::timeout ? Code::request_write_timeout : sent.error().code;
    co_return fail({.code = code, .side = Side::upstream, .where = "sending the request"});
  }
  upload.first_pieces_sent();
  if (!upload.complete()) exchange.scope.spawn(upload.run(exchange));
  co_return Result<void>{};
}

Error response_error(const Exchange& exchange, Code code) {
  if (exchange.upload.failure.code != Code::ok) return exchange.upload.failure;  // it cut the connection: that is why
  if (code == Code::client_closed || code == Code::cancelled || code == Code::shutting_down) {
    return {.code = code, .side = Side::client, .where = "waiting for the response"};
  }
  return {.code = code, .side = Side::upstream, .where = "waiting for the response"};
}

// Time counts only once the request has been sent.
TimePoint response_deadline(const Exchange& exchange) {
  TimePoint from = exchange.upload.over() ? exchange.upload.ended : exchange.worker.loop().now();
  return from + exchange.timeouts().response_head;
}

// What came of reading more of the response's head; nothing, if only time has passed and there is more of it.
Result<void> received(Exchange& exchange, const Result<std::size_t>& got) {
  if (!got) {
    Code code = got.error().code;
    if (code != Code::timeout) return fail(response_error(exchange, code));
    if (exchange.worker.loop().now() < response_deadline(exchange)) return {};
    return fail(response_error(exchange, Code::response_head_timeout));
  }
  if (*got == 0) return fail(response_error(exchange, Code::upstream_closed));
  exchange.connection->in.filled(*got);
  exchange.connection->answered = true;
  return {};
}

// A 1xx: 100 lets the upload begin, all of them are told to a client that can hear them.
Task<Result<void>> pass_interim(Exchange& exchange, const http::ResponseHead& head) {
  if (head.status == 100) exchange.connection->may_send.set();
  if (head.status == 100 && !exchange.request.expects_continue) co_return Result<void>{};
  if (exchange.request.version == http::Version::http10 || exchange.interim == nullptr) co_return Result<void>{};
  auto sent = co_await exchange.interim->send_interim(head);
  co_return sent;
}

bool switch_was_asked_for(const Exchange& exchange, const http::ResponseHead& head) {
  return !exchange.request.upgrade.empty() && http::iequals(exchange.request.upgrade, head.upgrade);
}

Task<Result<Response>> receive_response(Exchange& exchange) {
  UpstreamConnection& connection = *exchange.connection;
  for (int interim = 0;;) {
    http::ResponseHead head(exchange.arena);
    codec::h1::Persistence persistence;
    std::size_t octets = 0;
    if (!connection.in.empty()) {
      SP_TRY(octets, connection.reader.read(connection.in.view(), exchange.request.method, head, persistence));
    }
    if (octets == 0) {
      connection.in.make_room(connection.in.view().size() + 1);
      SP_CHECK(received(exchange, co_await connection.stream->read(connection.in.room(), response_deadline(exchange))));
      continue;
    }
    connection.in.consume(octets);
    if (head.interim()) {
      if (++interim > most_interim)
        co_return fail({.code = Code::too_many_interim, .side = Side::upstream, .where = "1xx"});
      SP_CHECK(co_await pass_interim(exchange, head));
      continue;
    }
    exchange.times.first_byte = std::max(exchange.worker.loop().now(), exchange.times.connected);
    Response response{.head = head};
    if (head.status == 101) {
      connection.keep_alive = false;
      if (!switch_was_asked_for(exchange, head))
        co_return fail({.code = Code::unexpected_upgrade, .side = Side::upstream, .where = "101"});
      response.tunnel = connection.stream.get();
      response.tunnel_begin = connection.in.view();
      co_return response;
    }
    // Answered without a word about the content: it is not wanted. A 100 of ours would now fall into the response.
    if (exchange.upload.waits_to_be_wanted() && !connection.may_send.is_set()) {
      connection.stream->reset_on_close();  // it may wait for the content nevertheless
      exchange.upload_token.cancel();
    }
    connection.keep_alive = persistence.keep_alive;
    connection.body.start(*connection.stream, persistence.framing,
                          {.pace = Pace(exchange.timeouts().body_idle, 0), .trailers = &exchange.response_trailers});
    if (persistence.framing.kind != codec::h1::Framing::Kind::none) response.body = &connection.body;
    co_return response;
  }
}

enum class Again : std::uint8_t { no, same_server, other_server };

// May the request be sent once more, and where? Never when something of a response was seen, or when its content is
// gone; if it must not be done twice, only when no server can have seen it.
Again again(Exchange& exchange, const Error& error, bool connected) {
  if (error.side == Side::client || exchange.scope.token().cancelled()) return Again::no;
  if (!connected) return error.retry == Retry::safe ? Again::other_server : Again::no;
  if (exchange.connection->answered || !exchange.upload.replayable()) return Again::no;
  bool broken =
      error.code == Code::upstream_closed || error.code == Code::upstream_reset || error.code == Code::io_error;
  if (!broken) return Again::no;
  if (!http::idempotent(exchange.request.method) &&
      (!exchange.reused_connection || exchange.connection->request_may_have_arrived()))
    return Again::no;
  return exchange.reused_connection ? Again::same_server : Again::other_server;
}

// Passive marking: failures of the server count against it; what the client did says nothing about it.
void note_failure(Exchange& exchange, const Error& error) {
  policy::ServerHealth& health = exchange.occupancy.state()->servers[exchange.occupancy.server()].health;
  const policy::Upstream& upstream = *exchange.upstream;
  if (error.side != Side::upstream) return health.abandoned();
  if (exchange.reused_connection && !exchange.connection->answered)
    return health.abandoned();  // it was only closed under us
  bool marked = health.failed(exchange.worker.loop().now(), {upstream.fail_after, upstream.fail_for});
  if (marked && upstream.servers.size() > 1)
    exchange.worker.observer().event(Severity::warning, "server_marked_down", exchange.server->name);
}

Result<std::size_t> pick_server(Exchange& exchange, UpstreamState& state, Tried& tried) {
  auto picked = policy::pick(exchange.upstream->balance, state.servers, exchange.worker.loop().now(),
                             exchange.worker.random().next(), tried.list());
  if (picked) {
    tried.add(*picked);
    return *picked;
  }
  if (!exchange.failure.failed()) exchange.fail_with({.code = Code::no_server_available, .side = Side::upstream});
  return fail(exchange.failure.error);
}

// The request as this server is to see it, and the server counted as busy with it.
Result<void> turn_to_server(Exchange& exchange, UpstreamState& state, std::size_t index,
                            const ExchangeVariables& variables) {
  exchange.server = &exchange.upstream->servers[index];
  SP_TRY_PLAIN(UpstreamRequest mapped,
               map_upstream_request(exchange.admission, *exchange.server, variables, exchange.request, exchange.arena));
  exchange.upstream_target = mapped.target;
  exchange.upstream_authority = mapped.authority;
  ++exchange.attempts;
  exchange.occupancy.enter(state, index);
  return {};
}

void succeeded(Exchange& exchange, Response& response) {
  exchange.occupancy.state()->servers[exchange.occupancy.server()].health.succeeded();
  exchange.from_upstream = true;
  exchange.failure = {};
  finish_fields(exchange, response);
}

}  // namespace

void LeavingUpstream::stop_upload() {
  if (exchange_.connection == nullptr || !exchange_.upload.active()) return;
  // The response is complete, or there will be none: what is left of the upload has no reader.
  exchange_.connection->stream->reset_on_close();
  exchange_.connection->stream->abort(Code::cancelled);
  exchange_.upload_token.cancel();
  if (exchange_.body != nullptr) exchange_.body->interrupt();
}

void LeavingUpstream::give_back_connection() {
  if (exchange_.connection == nullptr) return exchange_.occupancy.leave();
  UpstreamConnection& connection = *exchange_.connection;
  connection.end_lease();
  bool clean =
      exchange_.from_upstream && exchange_.upload.complete() && connection.keep_alive && connection.body.complete();
  connection.body.finish();
  UpstreamState& state = *exchange_.occupancy.state();
  if (clean && connection.in.empty() && !exchange_.worker.draining() && !state.retired) {
    runtime::TimePoint until = exchange_.worker.loop().now() + exchange_.timeouts().keep_alive;
    state.pools[exchange_.occupancy.server()]->keep(std::move(exchange_.connection), until);
  } else {
    exchange_.connection.reset();
  }
  exchange_.occupancy.leave();
}

Task<Result<Response>> forward(Exchange& exchange) {
  exchange.upstream = exchange.route()->forward()->upstream;
  UpstreamState& state = exchange.client.contexts->state_of(*exchange.upstream, exchange.worker.upstreams());
  ExchangeVariables variables(exchange);
  edit_request_fields(context_of(exchange), exchange.admission, variables, exchange.request, exchange.arena);
  Tried tried;
  std::size_t index = 0;
  for (Again next = Again::other_server;;) {
    if (next == Again::other_server) {
      SP_TRY(index, pick_server(exchange, state, tried));
    }
    SP_CHECK(turn_to_server(exchange, state, index, variables));
    exchange.reused_connection = next == Again::other_server && take_kept(exchange, *state.pools[index]);
    Result<void> done;
    if (!exchange.reused_connection) {
      exchange.times.connecting = exchange.worker.loop().precise_now();
      done = co_await connect(exchange);
    }
    const bool connected = done.has_value();
    if (connected) {
      lease(exchange);
      done = co_await send_request(exchange);
    }
    if (done) {
      auto response = co_await receive_response(exchange);
      if (response) {
        succeeded(exchange, *response);
        co_return response;
      }
      done = fail(response.error());
    }
    const Error error = done.error();
    next = again(exchange, error, connected);
    if (connected) exchange.fail_with(error);
    note_failure(exchange, error);
    co_await leave_upstream(exchange);
    // Another try for want of a kept connection is none of those that `retries` counts.
    if (next == Again::other_server && exchange.attempts > exchange.upstream->retries) next = Again::no;
    if (next == Again::no) co_return fail(error);
  }
}

}  // namespace sp::proxy
