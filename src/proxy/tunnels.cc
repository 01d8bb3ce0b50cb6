#include "proxy/tunnels.h"

#include "proxy/buffer.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {

namespace {

std::unique_ptr<Tunnel> made_of(Exchange& exchange, UpstreamConnection::Detached upstream) {
  auto tunnel = std::make_unique<Tunnel>();
  tunnel->timeouts = &exchange.timeouts();
  tunnel->upstream_context = std::move(upstream.context);
  tunnel->upstream = std::move(upstream.stream);
  tunnel->watch = OutboundWatch::of(exchange);
  tunnel->inside = connection_inside(exchange);
  tunnel->memo = ExchangeMemo::of(exchange);
  return tunnel;
}

}  // namespace

std::unique_ptr<Tunnel> tunnel_of(Exchange& exchange) {
  UpstreamConnection::Detached upstream = exchange.connection->detach();
  exchange.connection.reset();
  return made_of(exchange, std::move(upstream));
}

std::unique_ptr<Tunnel> tunnel_to(Exchange& exchange, std::unique_ptr<runtime::Stream> upstream) {
  auto tunnel = made_of(exchange, {exchange.client.contexts, std::move(upstream)});
  tunnel->client = std::move(exchange.client.stream);
  return tunnel;
}

using runtime::IoStatus;
using runtime::Task;

Tunnels::~Tunnels() {
  while (Tunnel* tunnel = resting_.front()) awake(*tunnel);
}

void Tunnels::begin(std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream) {
  tunnel->among = this;
  tunnel->active = worker_.loop().now();
  if (tunnel->inside != nullptr) {
    return worker_.spawn([&] {
      return inspect(worker_, std::move(tunnel), std::move(from_client), std::move(from_upstream), scope_.token());
    });
  }
  if (!from_client.empty() || !from_upstream.empty())
    return spawn(std::move(tunnel), std::move(from_client), std::move(from_upstream));
  if (!rest(tunnel)) pass_message(std::move(tunnel), true);  // most clients that speak first have done so
}

// False, and nothing is taken, if there is something to read now: then nobody would say so again.
bool Tunnels::rest(std::unique_ptr<Tunnel>& tunnel) {
  if (scope_.token().cancelled()) return false;
  tunnel->client->release_buffers();
  tunnel->upstream->release_buffers();
  for (auto* stream : {tunnel->client.get(), tunnel->upstream.get()}) {
    if (stream->try_read({}).status != IoStatus::would_block) return false;
  }
  Tunnel& kept = *tunnel.release();
  resting_.push_back(kept);
  ++resting_count_;
  scope_.enter();
  kept.client_wait.deadline = kept.upstream_wait.deadline = kept.active + kept.timeouts->tunnel_idle;
  kept.client->arm(runtime::Direction::read, kept.client_wait);
  kept.upstream->arm(runtime::Direction::read, kept.upstream_wait);
  return true;
}

std::unique_ptr<Tunnel> Tunnels::awake(Tunnel& tunnel) {
  tunnel.client->disarm(runtime::Direction::read);
  tunnel.upstream->disarm(runtime::Direction::read);
  tunnel.unlink();
  --resting_count_;
  scope_.leave();
  return std::unique_ptr<Tunnel>(&tunnel);
}

void Tunnels::client_woken(runtime::IoWait& wait, Code why) {
  Tunnel& tunnel = static_cast<Tunnel::Wait&>(wait).tunnel;
  tunnel.among->woken(tunnel, true, why);
}

void Tunnels::upstream_woken(runtime::IoWait& wait, Code why) {
  Tunnel& tunnel = static_cast<Tunnel::Wait&>(wait).tunnel;
  tunnel.among->woken(tunnel, false, why);
}

void Tunnels::woken(Tunnel& tunnel, bool by_client, Code why) {
  const bool in_time = worker_.loop().now() < tunnel.active + tunnel.timeouts->tunnel_idle;
  auto owned = awake(tunnel);
  if (why == Code::timeout && !in_time) return end(std::move(owned), TunnelPause::idle);
  if (why != Code::ok && why != Code::timeout) return end(std::move(owned), TunnelPause::broken);
  pass_message(std::move(owned), by_client);
}

// What fits into one buffer, and is taken at once, needs no more than this.
void Tunnels::pass_message(std::unique_ptr<Tunnel> tunnel, bool by_client) {
  runtime::Stream& from = by_client ? *tunnel->client : *tunnel->upstream;
  runtime::Stream& to = by_client ? *tunnel->upstream : *tunnel->client;
  std::uint64_t& count = by_client ? tunnel->from_client : tunnel->from_upstream;
  std::string left;
  try {
    Buffer buffer;
    std::span<char> room = buffer.room();
    runtime::IoResult got = from.try_read(room);
    if (got.status == IoStatus::failed) {
      tunnel->note_end(by_client);
      return end(std::move(tunnel), TunnelPause::broken);
    }
    if (got.status == IoStatus::done) {
      if (!tunnel->look_at(by_client, {room.data(), got.bytes})) return end(std::move(tunnel), TunnelPause::broken);
      iovec piece = piece_of({room.data(), got.bytes});
      runtime::IoResult put = to.try_write({&piece, 1});
      if (put.status == IoStatus::failed) return end(std::move(tunnel), TunnelPause::broken);
      count += put.bytes;
      tunnel->active = worker_.loop().now();
      left.assign(room.data() + put.bytes, got.bytes - put.bytes);
    }
    const bool passed = left.empty() && got.status != IoStatus::end && got.bytes < room.size();
    buffer.release();
    if (passed && rest(tunnel)) return;
  } catch (const std::bad_alloc&) {
    return end(std::move(tunnel), TunnelPause::broken);
  }
  std::string from_client, from_upstream;
  (by_client ? from_client : from_upstream) = std::move(left);
  spawn(std::move(tunnel), std::move(from_client), std::move(from_upstream));
}

void Tunnels::spawn(std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream) {
  worker_.spawn([&] { return work(std::move(tunnel), std::move(from_client), std::move(from_upstream)); });
}

Task<void> Tunnels::work(std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream) {
  for (;;) {
    const TunnelPause pause = co_await carry(*tunnel, {from_client, from_upstream}, scope_.token());
    if (pause != TunnelPause::quiet) co_return end(std::move(tunnel), pause);
    if (rest(tunnel)) co_return;
    from_client.clear();
    from_upstream.clear();
  }
}

namespace {

// What ended it, where that is more than an end; the texts live as long as the tunnel.
Failure failure_of(const Tunnel& tunnel) {
  if (tunnel.failure != Code::ok)
    return {.error = {.code = tunnel.failure, .side = Side::client}, .detail = {}, .remedy = {}};
  if (tunnel.first == nullptr) return {};
  const FirstExchange::Verdict verdict = tunnel.first->verdict();
  return {.error = {.code = verdict.code, .side = Side::upstream}, .detail = verdict.detail, .remedy = {}};
}

}  // namespace

void Tunnels::end(std::unique_ptr<Tunnel> tunnel, TunnelPause how) {
  if (how == TunnelPause::broken) {  // broken on one side: not to look ended on the other
    tunnel->client->reset_on_close();
    tunnel->upstream->reset_on_close();
  }
  const Failure failure = failure_of(*tunnel);
  const ExchangeMemo::Seen seen{.request_octets = tunnel->from_client,
                                .response_octets = tunnel->from_upstream,
                                .tls_name = tunnel->watch == nullptr ? std::string_view() : tunnel->watch->tls_name()};
  worker_.unless_memory_ends([&] { tunnel->memo->tell(worker_, std::move(tunnel->client), seen, failure); });
}

void Tunnels::cut() {
  while (Tunnel* tunnel = resting_.front()) end(awake(*tunnel), TunnelPause::broken);
}

}  // namespace sp::proxy
