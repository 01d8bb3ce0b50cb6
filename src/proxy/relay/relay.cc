#include "proxy/relay/relay.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/tls_hello/reader.h"
#include "proxy/connection.h"
#include "proxy/exchange_variables.h"
#include "proxy/proxy_header.h"
#include "proxy/relay/mail_session.h"
#include "proxy/relay/relay_session.h"
#include "proxy/secure_client.h"
#include "proxy/server_choice.h"
#include "proxy/tunnels.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

RelaySession::RelaySession(Worker& the_worker, std::unique_ptr<ClientConnection> connection,
                           runtime::CancelToken& parent)
    : worker(the_worker),
      client(std::move(connection)),
      relay(*client->entry->policy->relay),
      exchange(worker, *client, arena, parent) {
  exchange.relay = true;
  exchange.times.started = client->accepted;
}

std::string_view RelaySession::server_name() const {
  const tls::TlsStream* tls = client->tls();
  return tls != nullptr ? tls->info().sni : exchange.server_name;
}

Result<void> choose_target(RelaySession& session, std::span<const std::string_view> protocols) {
  const policy::RelayChoice choice = session.relay.choose(
      {.port = session.client->local.port, .server_name = session.server_name(), .protocols = protocols});
  session.exchange.relay_target = choice.target;
  if (choice.target == nullptr) {
    session.exchange.fail_with({.code = Code::no_target, .side = Side::client}, session.server_name());
    return fail(session.exchange.failure.error);
  }
  session.exchange.upstream = choice.target->upstream;
  return {};
}

Task<Result<ServerStream>> reach_server(RelaySession& session, std::string_view proxy_header) {
  Exchange& exchange = session.exchange;
  UpstreamState& state = exchange.client.contexts->state_of(*exchange.upstream, exchange.worker.upstreams());
  const ServerRequest request{.host = session.server_name(),
                              .versions = Versions::any,
                              .port = exchange.client.local.port,
                              .proxy_header = proxy_header};
  Tried tried;
  Trial trial;
  for (;;) {
    SP_TRY(const std::size_t index, pick_server(exchange, state, tried));
    trial.begin(state.servers[index].health);
    turn_to(exchange, state, index);
    exchange.times.connecting = exchange.worker.loop().precise_now();
    ConnectFailure failure;
    auto made =
        co_await connect_server(exchange.worker, *exchange.client.contexts, *exchange.upstream, *exchange.server,
                                request, exchange.timeouts(), exchange.scope.token(), failure);
    trial.over();
    if (made) {
      note_success(exchange);
      exchange.failure = {};
      exchange.times.connected = exchange.worker.loop().precise_now();
      exchange.server_address = exchange.arena.copy(made->address);
      co_return made;
    }
    exchange.fail_with(made.error(), failure.detail, failure.remedy);
    note_failure(exchange, made.error(), tried);
    exchange.occupancy.leave();
    if (exchange.scope.token().cancelled() || exchange.attempts > exchange.upstream->retries)
      co_return fail(made.error());
  }
}

namespace {

// Of SMTP, POP3, IMAP, submission and ManageSieve.
bool server_speaks_first(std::uint16_t port) {
  constexpr std::array<std::uint16_t, 5> ports{25, 110, 143, 587, 4190};
  return std::ranges::find(ports, port) != ports.end();
}

// Null where nobody can be mistaken about a header, or nothing of that could be seen.
std::unique_ptr<FirstExchange> watched(const RelaySession& session) {
  const policy::AddressSet& proxies = session.client->entry->policy->proxies;
  const FirstExchange::Rules rules{.header_sent = session.exchange.upstream->send_proxy.on(),
                                   .server_speaks_first = server_speaks_first(session.client->local.port),
                                   .client_may_not_send = !proxies.empty() && session.client->proxy_header == nullptr};
  if (!rules.header_sent && !rules.server_speaks_first && !rules.client_may_not_send) return nullptr;
  return std::make_unique<FirstExchange>(rules);
}

}  // namespace

void join(RelaySession& session, ServerStream server, std::string from_upstream) {
  auto tunnel = tunnel_to(session.exchange, std::move(server.stream));
  tunnel->from_client = session.exchange.request_octets;
  tunnel->from_upstream = session.exchange.response_octets;
  tunnel->first = std::move(session.first);
  session.worker.tunnels().begin(std::move(tunnel), std::string(session.received.view()), std::move(from_upstream));
}

void session_over(RelaySession& session) {
  session.exchange.times.last_byte = session.worker.loop().precise_now();
  session.worker.observer().exchange_ended(session.exchange);
}

void give_up(RelaySession& session, const Error& error) {
  Exchange& exchange = session.exchange;
  // A word alone says where in the program it was.
  const std::string_view where = error.where;
  const bool tells = where.contains(' ') || error.code == Code::proxy_header_unlisted;
  if (!exchange.failure.failed()) exchange.fail_with(error, tells ? where : std::string_view());
  exchange.times.last_byte = session.worker.loop().precise_now();
  session.worker.observer().exchange_ended(exchange);
}

namespace {

Error of_client(Error error) {
  error.side = Side::client;
  if (error.code == Code::timeout) error.code = Code::head_timeout;
  return error;
}

Result<void> may_enter(RelaySession& session) {
  const IpAddress& address = session.client->peer.address;
  const policy::Decision access =
      policy::decide(session.relay.access, address, ExchangeVariables(session.exchange), session.arena);
  if (access.allowed) return {};
  session.exchange.fail_with({.code = Code::denied, .side = Side::client}, access.reason(address));
  return fail(session.exchange.failure.error);
}

// What was read of a client whose TLS may pass through.
struct Hello {
  codec::tls_hello::Reader reader;
  codec::tls_hello::Hello value;
  bool is_tls = false;

  std::vector<std::string_view> protocols() const { return {value.protocols.begin(), value.protocols.end()}; }
};

// Reads until the ClientHello is complete. A client that does not speak TLS is none of those who ask for a name.
Task<Result<void>> read_hello(RelaySession& session, Hello& hello) {
  const runtime::TimePoint deadline = session.worker.loop().now() + session.client->entry->policy->timeouts.client_head;
  runtime::AbortOnCancel abort(*session.client->stream, session.worker.before_requests());
  for (;;) {
    auto read = hello.reader.read(session.received.view());
    if (!read && read.error().code == Code::client_hello_missing) co_return Result<void>{};
    if (!read) co_return fail(read.error());
    if (*read) {
      hello.value = **std::move(read);
      hello.is_tls = true;
      co_return Result<void>{};
    }
    session.received.make_room(session.received.view().size() + 1);
    auto got = co_await session.client->stream->read(session.received.room(), deadline);
    if (!got) co_return fail(of_client(got.error()));
    if (*got == 0) co_return fail({.code = Code::client_closed, .side = Side::client, .where = "ClientHello"});
    session.received.filled(*got);
  }
}

// Who may not send a header of the PROXY protocol is not to have one passed on as if it were ours.
Result<void> refuse_strange_header(const RelaySession& session) {
  const policy::AddressSet& proxies = session.client->entry->policy->proxies;
  const bool listed = session.client->must_introduce_itself() || session.client->proxy_header != nullptr;
  if (proxies.empty() || listed || !begins_with_proxy_header(session.received.view())) return {};
  return fail(strange_header(*session.client));
}

// The header and what the client has said by now leave together: most clients that speak first have done so. A server
// that speaks first is not kept waiting for it.
Result<void> begin_with(RelaySession& session, runtime::Stream& server, std::string_view header) {
  Buffer& received = session.received;
  if (received.empty()) {
    const runtime::IoResult got = session.client->stream->try_read(received.room());
    if (got.status == runtime::IoStatus::done) received.filled(got.bytes);
  }
  if (session.first != nullptr && !session.first->note_client(received.view()))
    return fail(strange_header(*session.client));
  const std::array<iovec, 2> pieces{piece_of(header), piece_of(received.view())};
  const runtime::IoResult put = server.try_write(std::span(pieces).first(received.empty() ? 1 : 2));
  if (put.status == runtime::IoStatus::failed)
    return fail({.code = put.code, .side = Side::upstream, .where = "PROXY header"});
  if (put.bytes < header.size())
    return fail({.code = Code::upstream_closed, .side = Side::upstream, .where = "PROXY header"});
  received.consume(put.bytes - header.size());
  session.exchange.request_octets += put.bytes - header.size();
  return {};
}

// To the target that was chosen, and there it is joined.
Task<Result<void>> pass_on(RelaySession& session) {
  const policy::Upstream& upstream = *session.exchange.upstream;
  const std::string_view header = header_for(session.exchange, upstream.send_proxy);
  const bool together = !header.empty() && upstream.servers.front().tls == policy::ServerTls::none;
  const runtime::HangupWatch watch{&Exchange::client_gone, &session.exchange};
  session.client->stream->watch_hangup(&watch);
  auto made = co_await reach_server(session, together ? std::string_view() : header);
  session.client->stream->watch_hangup(nullptr);
  if (!made) co_return fail(made.error());
  co_await session.exchange.scope.join();
  session.first = watched(session);
  if (together) {
    SP_CHECK(begin_with(session, *made->stream, header));
  }
  join(session, *std::move(made), {});
  co_return Result<void>{};
}

enum class Next : std::uint8_t { done, http };

Task<Result<void>> look_at_hello(RelaySession& session, Hello& hello) {
  SP_CHECK(co_await read_hello(session, hello));
  SP_CHECK(refuse_strange_header(session));
  session.exchange.server_name = session.arena.copy(hello.value.server_name);
  co_return Result<void>{};
}

bool is_mail(const RelaySession& session) {
  return mail_protocol(*session.client->listen, session.relay, session.exchange.upstream).has_value();
}

Task<Result<Next>> serve(RelaySession& session) {
  const Listen& listen = *session.client->listen;
  SP_CHECK(may_enter(session));
  if (listen.mail) {
    SP_CHECK(co_await serve_mail(session));
    co_return Next::done;
  }
  Hello hello;
  if (listen.tls ? session.relay.needs_protocols() : session.relay.needs_hello()) {
    SP_CHECK(co_await look_at_hello(session, hello));
    const std::vector<std::string_view> protocols = hello.protocols();
    if (!listen.tls || session.relay.names_any(protocols)) {
      SP_CHECK(choose_target(session, protocols));
      SP_CHECK(co_await pass_on(session));
      co_return Next::done;
    }
  }
  if (listen.tls) {
    const bool secured = co_await secure_client(session.worker, *session.client, session.received.view());
    session.received.release();
    if (!secured) co_return fail({.code = Code::cancelled, .where = "told"});
    if (!listen.relay) co_return Next::http;
  }
  SP_CHECK(choose_target(session, {}));
  if (is_mail(session)) {
    SP_CHECK(co_await serve_mail(session));
  } else {
    SP_CHECK(co_await pass_on(session));
  }
  co_return Next::done;
}

// Nothing that anybody should hear of: the gate ends, the observer knows already, or who connected only wanted to see
// whether somebody is there.
bool is_worth_telling(const RelaySession& session, const Error& error) {
  if (session.exchange.relay_target != nullptr) return true;
  return error.code != Code::cancelled && error.code != Code::shutting_down && error.code != Code::client_closed;
}

}  // namespace

Task<void> serve_relay(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  auto session = std::make_unique<RelaySession>(worker, std::move(client), parent);
  auto next = co_await serve(*session);
  co_await session->exchange.scope.join();
  if (!next) {
    if (is_worth_telling(*session, next.error())) give_up(*session, next.error());
    co_return;
  }
  if (*next == Next::done) co_return;
  client = std::move(session->client);
  session.reset();
  co_await serve_http(worker, std::move(client), parent);
}

}  // namespace sp::proxy
