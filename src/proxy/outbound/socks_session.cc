#include "proxy/outbound/socks_session.h"

#include <fmt/format.h>

#include <array>

#include "codec/socks5/client_leg.h"
#include "proxy/exchange.h"
#include "proxy/linger.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/share_steps.h"
#include "proxy/outbound/steps.h"
#include "proxy/tunnels.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"

namespace sp::proxy {

using codec::socks5::ClientLeg;
using codec::socks5::Reply;
using runtime::Task;
using Then = ClientLeg::Step::Then;

namespace {

struct SocksSession {
  SocksSession(Worker& the_worker, std::unique_ptr<ClientConnection> connection, Buffer octets,
               runtime::CancelToken& parent)
      : worker(the_worker),
        client(std::move(connection)),
        received(std::move(octets)),
        leg(client->entry->users != nullptr ? ClientLeg::Access::password : ClientLeg::Access::open),
        exchange(worker, *client, arena, parent) {
    exchange.relay = true;
    exchange.times.started = client->accepted;
    deadline = worker.loop().now() + client->entry->policy->timeouts.client_head;
  }

  Worker& worker;
  std::unique_ptr<ClientConnection> client;
  Buffer received;
  ClientLeg leg;
  Arena arena{Arena::small_block};
  Exchange exchange;
  runtime::TimePoint deadline;
  bool begun = false;  // it has said something
};

Error of_client(Error error) {
  error.side = Side::client;
  if (error.code == Code::timeout) error.code = Code::head_timeout;
  if (error.code == Code::end_of_stream) error.code = Code::client_closed;
  return error;
}

Task<Result<void>> say(SocksSession& session, ByteView octets) {
  if (octets.empty()) co_return Result<void>{};
  std::array<iovec, 1> pieces{piece_of(octets)};
  auto sent = co_await write_all(*session.client->stream, pieces, session.exchange.timeouts().body_idle);
  if (!sent) co_return fail(of_client(sent.error()));
  co_return Result<void>{};
}

Task<Result<void>> hear_more(SocksSession& session) {
  session.received.make_room(session.received.view().size() + 1);
  auto got = co_await session.client->stream->read(session.received.room(), session.deadline);
  if (!got) co_return fail(of_client(got.error()));
  if (*got == 0) co_return fail({.code = Code::client_closed, .side = Side::client, .where = "SOCKS"});
  session.received.filled(*got);
  co_return Result<void>{};
}

Task<Result<void>> verify(SocksSession& session) {
  const codec::socks5::Credentials& credentials = session.leg.credentials();
  auto verified = co_await verify_user(session.exchange, credentials.user, credentials.password);
  const auto step = session.leg.verified(verified ? ClientLeg::Verdict::right : ClientLeg::Verdict::wrong);
  const auto said = co_await say(session, step.send);
  if (!verified) co_return fail(verified.error());
  co_return said;
}

// Until the client has said where it wants to go.
Task<Result<void>> converse(SocksSession& session) {
  for (;;) {
    const ByteView before = session.received.view();
    ByteView in = before;
    session.begun = session.begun || !in.empty();
    auto step = session.leg.next(in);
    if (!step) {
      (void)co_await say(session, session.leg.farewell());
      co_return fail(step.error());
    }
    SP_CHECK(co_await say(session, step->send));
    if (step->then == Then::verify) {
      SP_CHECK(co_await verify(session));
    } else if (step->then == Then::connect) {
      const codec::socks5::Target& target = session.leg.target();
      const std::string_view host = session.arena.copy(target.host());
      session.exchange.request.authority =
          session.arena.copy(fmt::format(fmt::runtime(host.contains(':') ? "[{}]:{}" : "{}:{}"), host, target.port));
      const auto headed = head_for(session.exchange, host, target.port, policy::OutboundRequest::Kind::tunnel);
      session.received.consume(before.size() - in.size());
      co_return headed;
    }
    session.received.consume(before.size() - in.size());
    if (step->then == Then::more) {
      SP_CHECK(co_await hear_more(session));
    }
  }
}

Task<Result<Reached>> reach_destination(SocksSession& session) {
  plan_inspection(session.exchange);
  SP_CHECK(permit_or_show(session.exchange));
  SP_CHECK(take_share(session.exchange));
  const runtime::HangupWatch watch{&Exchange::client_gone, &session.exchange};
  session.client->stream->watch_hangup(&watch);
  auto reached = co_await reach_or_show(session.exchange);
  session.client->stream->watch_hangup(nullptr);
  co_return reached;
}

Task<Result<void>> serve(SocksSession& session) {
  SP_CHECK(enter_way_out(session.exchange));
  SP_CHECK(co_await converse(session));
  auto reached = co_await reach_destination(session);
  if (!reached) {
    (void)co_await say(session, codec::socks5::reply_octets(codec::socks5::reply_of(reached.error().code)));
    co_return fail(reached.error());
  }
  SP_CHECK(co_await say(session, codec::socks5::reply_octets(Reply::succeeded)));
  session.worker.tunnels().begin(tunnel_to(session.exchange, std::move(reached->stream)),
                                 std::string(session.received.view()), std::move(reached->begin));
  co_return Result<void>{};
}

// Who connected only wanted to see whether somebody is there, or the gate ends.
bool is_worth_telling(const SocksSession& session, const Error& error) {
  if (error.code == Code::cancelled || error.code == Code::shutting_down) return false;
  return session.begun || error.code != Code::client_closed;
}

// The client is to read what it was told: a close with octets unread would be a reset.
Task<void> end(SocksSession& session, const Error& error) {
  if (is_worth_telling(session, error)) {
    if (!session.exchange.failure.failed()) session.exchange.fail_with(error, error.where);
    session.exchange.times.last_byte = session.worker.loop().precise_now();
    session.worker.observer().exchange_ended(session.exchange);
  }
  const runtime::TimePoint deadline = session.worker.loop().now() + linger_time;
  auto finished = co_await session.client->stream->finish(deadline);
  if (finished) co_await drop_input(*session.client->stream, deadline);
}

}  // namespace

Task<void> serve_socks(Worker& worker, std::unique_ptr<ClientConnection> client, Buffer received,
                       runtime::CancelToken& parent) {
  auto session = std::make_unique<SocksSession>(worker, std::move(client), std::move(received), parent);
  Result<void> served;
  {
    runtime::AbortOnCancel abort(*session->client->stream, parent);
    served = co_await serve(*session);
  }
  co_await session->exchange.scope.join();
  if (!served) co_await end(*session, served.error());
}

}  // namespace sp::proxy
