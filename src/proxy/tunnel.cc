#include "proxy/tunnel.h"

#include <algorithm>
#include <array>

#include "proxy/buffer.h"
#include "proxy/tunnels.h"
#include "proxy/write_all.h"
#include "runtime/fair_share.h"
#include "runtime/loop.h"
#include "runtime/scope.h"

namespace sp::proxy {

Tunnel::Tunnel() : client_wait(&Tunnels::client_woken, *this), upstream_wait(&Tunnels::upstream_woken, *this) {}

bool Tunnel::look_closely(bool by_client, ByteView octets) {
  if (watch != nullptr) {
    failure = watch->note(by_client, octets);
    if (failure != Code::ok) return false;
    if (watch->over()) watch.reset();
  }
  if (first == nullptr) return true;
  if (by_client && !first->note_client(octets)) {
    failure = Code::proxy_header_unlisted;
    return false;
  }
  if (!by_client) first->note_server(octets);
  if (first->over()) first.reset();
  return true;
}

namespace {

using runtime::Loop;
using runtime::Stream;
using runtime::Task;

// One direction. `waits`: for octets, and for nothing else.
struct Flow {
  Stream& from;
  Stream& to;
  std::uint64_t& count;
  Stream::Operation* waits = nullptr;
  bool ended = false;
};

// Both directions know each other: an idle time-out is about the tunnel, not about one side of it, and so is quiet.
struct Carrying {
  explicit Carrying(Tunnel& carried)
      : tunnel(carried),
        from_client{*carried.client, *carried.upstream, carried.from_client},
        from_upstream{*carried.upstream, *carried.client, carried.from_upstream} {
    carried.client->watch_hangup(&client_watch);
    carried.upstream->watch_hangup(&upstream_watch);
  }
  ~Carrying() {
    tunnel.client->watch_hangup(nullptr);
    tunnel.upstream->watch_hangup(nullptr);
  }
  Carrying(const Carrying&) = delete;
  Tunnel& tunnel;
  Flow from_client, from_upstream;
  TunnelPause pause = TunnelPause::ended;

  Flow& other(const Flow& flow) { return &flow == &from_client ? from_upstream : from_client; }
  runtime::Duration idle() const { return tunnel.timeouts->tunnel_idle; }
  runtime::TimePoint patience() const {
    const bool half = from_client.ended || from_upstream.ended;
    return tunnel.active + (half ? std::min(idle(), tunnel.timeouts->half_closed) : idle());
  }
  void passed(Flow& flow, std::size_t octets) {
    flow.count += octets;
    tunnel.active = Loop::current().now();
  }
  void note_end(const Flow& flow) const { tunnel.note_end(&flow == &from_client); }
  void fail_with(Code why) {
    if (pause == TunnelPause::ended) pause = why == Code::timeout ? TunnelPause::idle : TunnelPause::broken;
    tunnel.client->abort(why);
    tunnel.upstream->abort(why);
  }
  // Who reads from the one that is gone finds out by himself, when he has what came before. Who waits for the other one
  // to take it, which may be for long, does not.
  void gone(const Flow& from) {
    if (from.waits == nullptr) fail_with(Code::upstream_reset);
  }
  static void client_gone(void* self) { static_cast<Carrying*>(self)->gone(static_cast<Carrying*>(self)->from_client); }
  static void upstream_gone(void* self) {
    static_cast<Carrying*>(self)->gone(static_cast<Carrying*>(self)->from_upstream);
  }
  runtime::HangupWatch client_watch{&client_gone, this, runtime::HangupWatch::For::reset};
  runtime::HangupWatch upstream_watch{&upstream_gone, this, runtime::HangupWatch::For::reset};
};

void abort_both(void* carrying, Code why) { static_cast<Carrying*>(carrying)->fail_with(why); }

enum class Came : std::uint8_t { octets, nothing, failure };

// Until there is something to read; nothing, if there is nothing on the other side either.
Task<Came> wait_for_octets(Carrying& carrying, Flow& flow) {
  for (;;) {
    Stream::Operation*& other = carrying.other(flow).waits;
    if (other != nullptr && flow.from.try_read({}).status == runtime::IoStatus::would_block) {
      carrying.pause = TunnelPause::quiet;
      other->interrupt(Code::cancelled);
      co_return Came::nothing;
    }
    auto readable = flow.from.readable(carrying.patience());
    flow.waits = &readable;
    auto ready = co_await readable;
    flow.waits = nullptr;
    if (ready) co_return Came::octets;
    if (carrying.pause == TunnelPause::quiet) co_return Came::nothing;
    const Code why = ready.error().code;
    if (why == Code::timeout && Loop::current().now() < carrying.patience()) continue;
    carrying.fail_with(why);
    co_return Came::failure;
  }
}

// Moves what is there, as long as more is there at once, without copying it.
Task<Result<void>> splice_bulk(Carrying& carrying, Flow& flow, runtime::FairShare& share) {
  runtime::Pipe pipe = runtime::Pipe::take();
  Pace pace(carrying.idle(), 0);
  std::uint64_t sent = 0;
  while (pipe.has_value()) {
    auto filled = flow.from.try_read_into(pipe, pipe.capacity());
    if (filled.status == runtime::IoStatus::failed) co_return fail(filled.code, "splice");
    if (filled.status != runtime::IoStatus::done) break;  // an end is found again by reading
    carrying.passed(flow, filled.bytes);
    if (!carrying.tunnel.let_pass(filled.bytes)) co_return fail(carrying.tunnel.failure, "tunnel");
    SP_CHECK(co_await write_all(flow.to, pipe, pace, sent));
    carrying.passed(flow, 0);
    co_await share.spend(filled.bytes);
  }
  co_return Result<void>{};
}

Task<Result<void>> pass_on(Carrying& carrying, Flow& flow, ByteView octets) {
  carrying.passed(flow, octets.size());
  if (!carrying.tunnel.look_at(&flow == &carrying.from_client, octets))
    co_return fail(carrying.tunnel.failure, "tunnel");
  std::array<iovec, 1> pieces{piece_of(octets)};
  SP_CHECK(co_await write_all(flow.to, pieces, carrying.idle()));
  carrying.passed(flow, 0);
  co_return Result<void>{};
}

// Until the end of this direction, or until the tunnel is quiet.
Task<Result<void>> pump(Carrying& carrying, Flow& flow, ByteView begin) {
  Buffer buffer;
  runtime::FairShare share;
  const bool both_plain = flow.from.plain_descriptor() >= 0 && flow.to.plain_descriptor() >= 0;
  if (!begin.empty()) {
    SP_CHECK(co_await pass_on(carrying, flow, begin));
  }
  for (;;) {
    std::span<char> room = buffer.room();
    auto tried = flow.from.try_read(room);
    if (tried.status == runtime::IoStatus::failed) {
      if (carrying.pause == TunnelPause::ended) carrying.note_end(flow);  // else it was aborted here
      co_return fail(tried.code, "tunnel");
    }
    if (tried.status == runtime::IoStatus::end) break;
    if (tried.status == runtime::IoStatus::would_block) {
      buffer.release();
      if (co_await wait_for_octets(carrying, flow) != Came::octets) co_return Result<void>{};
      continue;
    }
    SP_CHECK(co_await pass_on(carrying, flow, {room.data(), tried.bytes}));
    co_await share.spend(tried.bytes);
    if (tried.bytes == room.size() && both_plain) {  // a whole buffer: this is more than messages
      SP_CHECK(co_await splice_bulk(carrying, flow, share));
    }
  }
  flow.ended = true;
  carrying.note_end(flow);
  carrying.passed(flow, 0);
  if (Stream::Operation* other = carrying.other(flow).waits) other->interrupt(Code::timeout);  // for its new patience
  // Both have ended: closing says it.
  if (carrying.other(flow).ended && flow.to.plain_descriptor() >= 0) co_return Result<void>{};
  auto finished = co_await flow.to.finish(Loop::current().now() + carrying.idle());
  co_return finished;
}

Task<void> run(Carrying& carrying, Flow& flow, ByteView begin) {
  try {
    auto done = co_await pump(carrying, flow, begin);
    if (!done) carrying.fail_with(done.error().code);
  } catch (const std::bad_alloc&) {
    carrying.fail_with(Code::out_of_memory);
  }
}

}  // namespace

Task<TunnelPause> carry(Tunnel& tunnel, TunnelBegin begin, runtime::CancelToken& parent) {
  Carrying carrying(tunnel);
  runtime::CancelCallback on_cancel(&abort_both, &carrying);
  parent.subscribe(on_cancel);
  runtime::Scope scope;
  try {
    scope.spawn(run(carrying, carrying.from_client, begin.from_client));
    scope.spawn(run(carrying, carrying.from_upstream, begin.from_upstream));
  } catch (const std::bad_alloc&) {
    carrying.fail_with(Code::out_of_memory);
  }
  co_await scope.join();
  co_return carrying.pause;
}

}  // namespace sp::proxy
