#include "proxy/outbound/parent.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/h1/response_reader.h"
#include "codec/h1/writer.h"
#include "codec/socks5/parent_leg.h"
#include "proxy/buffer.h"
#include "proxy/connector.h"
#include "proxy/upstream_response.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"

namespace sp::proxy {

using codec::socks5::ParentLeg;
using policy::ParentProxy;
using runtime::Task;

namespace {

// A conversation with a parent, before the tunnel.
struct Talk {
  Exchange& exchange;
  const ParentProxy& proxy;
  runtime::Stream& stream;
  runtime::TimePoint deadline;  // for all of it
  Buffer in;
};

// "http://192.168.4.5:3128: 403 Forbidden".
std::unexpected<Error> failed(Exchange& exchange, const ParentProxy& proxy, Error error, std::string_view detail) {
  if (error.side == Side::upstream) error.retry = Retry::safe;  // the destination has seen nothing
  exchange.fail_with(error, fmt::format("{}: {}", proxy.name, detail));
  return fail(error);
}
std::unexpected<Error> failed(Talk& talk, Code code, std::string_view detail) {
  return failed(talk.exchange, talk.proxy, {.code = code, .side = side_of_failure(code), .where = "parent"}, detail);
}

// Reading or writing did not succeed.
std::unexpected<Error> broken(Talk& talk, Code code) {
  const runtime::CancelToken& token = talk.exchange.scope.token();
  if (token.cancelled()) return failed(talk, token.why(), "given up");
  if (code == Code::timeout) return failed(talk, Code::response_head_timeout, "no answer in time");
  return failed(talk, code, "the connection ended before the tunnel was there");
}

Task<Result<void>> say(Talk& talk, ByteView octets) {
  std::array<iovec, 1> pieces{piece_of(octets)};
  auto sent = co_await write_all(talk.stream, pieces, talk.exchange.timeouts().body_idle);
  if (!sent) co_return broken(talk, sent.error().code);
  co_return Result<void>{};
}

Task<Result<void>> hear_more(Talk& talk) {
  talk.in.make_room(talk.in.view().size() + 1);
  auto got = co_await talk.stream.read(talk.in.room(), talk.deadline);
  if (!got) co_return broken(talk, got.error().code);
  if (*got == 0) co_return broken(talk, Code::upstream_closed);
  talk.in.filled(*got);
  co_return Result<void>{};
}

// ---- http:// and https://

// The words behind a status are for people, and anybody's: a few, and no control characters.
std::string words_of(const http::ResponseHead& head) {
  std::string words(head.reason.substr(0, 64));
  std::ranges::replace_if(words, [](char c) { return c < 0x20 || c == 0x7f; }, '?');
  return words.empty() ? fmt::format("{}", head.status) : fmt::format("{} {}", head.status, words);
}

// What the status means for who wanted the tunnel.
Code meaning_of(std::uint16_t status) {
  switch (status) {
    case 403: return Code::parent_denied;
    case 502:
    case 503: return Code::connection_failed;
    case 504: return Code::connection_timeout;
    default: return Code::parent_refused;
  }
}

std::string tunnel_target(const Talk& talk) {
  const policy::OutboundRequest& wanted = talk.exchange.outbound->request;
  const std::string host = wanted.host.address ? wanted.host.address->text() : std::string(wanted.host.name);
  return fmt::format(fmt::runtime(host.contains(':') ? "[{}]:{}" : "{}:{}"), host, wanted.port);
}

Task<Result<void>> ask_for_tunnel(Talk& talk) {
  Arena& arena = talk.exchange.arena;
  const std::string target = tunnel_target(talk);
  http::RequestHead head(arena);
  head.method = http::Method::connect;
  head.method_text = "CONNECT";
  head.authority = target;
  const std::size_t room = 2 * target.size() + talk.proxy.authorization.size() + 256;
  codec::h1::OutBuffer out({arena.chars(room), room});
  auto written = codec::h1::write_request_head(
      head, {.target = target, .host = target, .keep_alive = true, .credentials = talk.proxy.authorization}, out);
  if (!written) co_return failed(talk, written.error().code, "the CONNECT cannot be written");
  auto said = co_await say(talk, out.view());
  co_return said;
}

// Until it has answered; what follows in `talk.in` is the destination's.
Task<Result<void>> converse_http(Talk& talk) {
  SP_CHECK(co_await ask_for_tunnel(talk));
  codec::h1::ResponseReader reader(talk.exchange.client.entry->limits);
  http::ResponseHead head(talk.exchange.arena);
  for (int interim = 0;;) {
    codec::h1::Persistence persistence;
    std::size_t octets = 0;
    if (!talk.in.empty()) {
      auto read = reader.read(talk.in.view(), http::Method::connect, head, persistence);
      if (!read) co_return failed(talk, Code::parent_malformed, info(read.error().code).what);
      octets = *read;
    }
    if (octets == 0) {
      SP_CHECK(co_await hear_more(talk));
      continue;
    }
    if (head.status >= 200 && head.status < 300) {
      talk.in.consume(octets);
      co_return Result<void>{};
    }
    if (!head.interim()) {
      talk.exchange.outbound->parent_status = head.status;
      co_return failed(talk, meaning_of(head.status), words_of(head));
    }
    if (++interim > most_interim) co_return failed(talk, Code::parent_malformed, "too many interim responses");
    talk.in.consume(octets);
    reader.reset();
  }
}

// ---- socks5://

codec::socks5::Target target_of(const policy::OutboundRequest& wanted) {
  if (wanted.host.address) return {.name = {}, .address = *wanted.host.address, .port = wanted.port};
  return {.name = wanted.host.name, .address = {}, .port = wanted.port};
}

Task<Result<void>> converse_socks(Talk& talk) {
  ParentLeg leg;
  auto step =
      leg.begin({.user = talk.proxy.user, .password = talk.proxy.password}, target_of(talk.exchange.outbound->request));
  for (;;) {
    if (!step) co_return failed(talk, step.error().code, step.error().where);
    if (!step->send.empty()) {
      SP_CHECK(co_await say(talk, step->send));
    }
    if (step->then == ParentLeg::Step::Then::joined) co_return Result<void>{};
    if (step->then == ParentLeg::Step::Then::more) {
      SP_CHECK(co_await hear_more(talk));
    }
    const ByteView before = talk.in.view();
    ByteView in = before;
    step = leg.next(in);
    talk.in.consume(before.size() - in.size());
  }
}

Task<Result<void>> converse(Talk& talk) {
  const runtime::AbortOnCancel abort(talk.stream, talk.exchange.scope.token());
  Result<void> done;
  if (talk.proxy.http()) {
    done = co_await converse_http(talk);
  } else {
    done = co_await converse_socks(talk);
  }
  co_return done;
}

// Whether this is where the client has connected to, as far as that can be told: what goes there would come back for
// ever.
bool is_this_entry(const Exchange& exchange, std::string_view address) {
  const auto leads_here = [&](const Listen& listen) {
    const Endpoint& at = listen.endpoint;
    const bool everywhere = at.address == IpAddress::any4() || at.address == IpAddress::any6();
    if (at.is_unix() || !everywhere) return !at.is_unix() && at.text() == address;
    return Endpoint{exchange.client.local.address, at.port, {}}.text() == address ||
           Endpoint{IpAddress::loopback4(), at.port, {}}.text() == address;
  };
  return std::ranges::any_of(exchange.client.entry->listens, leads_here);
}

}  // namespace

Task<Result<ServerStream>> connect_parent(Exchange& exchange, const ParentProxy& proxy) {
  ConnectFailure failure;
  const policy::Server& server = proxy.upstream->servers.front();
  auto made = co_await connect_server(exchange.worker, *exchange.client.contexts, *proxy.upstream, server,
                                      {.host = server.authority, .versions = Versions::only_http1, .proxy_header = {}},
                                      exchange.timeouts(), exchange.scope.token(), failure);
  if (!made) {
    exchange.fail_with(made.error(), fmt::format("{}: {}", proxy.name, failure.detail), failure.remedy);
    co_return fail(made.error());
  }
  exchange.server_address = exchange.arena.copy(made->address);
  if (!is_this_entry(exchange, made->address)) co_return made;
  exchange.fail_with({.code = Code::loop_detected, .side = Side::local, .where = "parent"},
                     fmt::format("{} is this way out itself", proxy.name), "name another proxy in `parent`");
  co_return fail(exchange.failure.error);
}

Task<Result<Reached>> tunnel_by_parent(Exchange& exchange, const ParentProxy& proxy) {
  SP_TRY(ServerStream made, co_await connect_parent(exchange, proxy));
  const runtime::TimePoint deadline = exchange.worker.loop().now() + exchange.timeouts().response_head;
  Talk talk{.exchange = exchange, .proxy = proxy, .stream = *made.stream, .deadline = deadline, .in = {}};
  SP_CHECK(co_await converse(talk));
  co_return Reached{std::move(made.stream), std::move(made.address), std::string(talk.in.view())};
}

std::unexpected<Error> refused_by_parent(Exchange& exchange, const ParentProxy& proxy, const http::ResponseHead& head) {
  exchange.outbound->parent_status = head.status;
  return failed(exchange, proxy, {.code = Code::parent_refused, .side = Side::upstream, .where = "parent"},
                words_of(head));
}

}  // namespace sp::proxy
