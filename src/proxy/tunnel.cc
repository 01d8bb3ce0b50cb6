#include "proxy/tunnel.h"

#include <array>

#include "proxy/buffer.h"
#include "proxy/write_all.h"
#include "runtime/fair_share.h"
#include "runtime/loop.h"

namespace sp::proxy {
namespace {

using runtime::Loop;
using runtime::Stream;
using runtime::Task;

// Both directions know each other: an idle time-out is about the tunnel, not about one side of it.
struct Shared {
  Stream& client;
  Stream& upstream;
  runtime::Duration idle;
  runtime::TimePoint active;
  Code code = Code::ok;

  void fail_with(Code why) {
    if (code == Code::ok) code = why;
    client.abort(why);
    upstream.abort(why);
  }
};

void abort_both(void* shared, Code why) { static_cast<Shared*>(shared)->fail_with(why); }

Task<Result<void>> write_piece(Shared& shared, Stream& to, ByteView piece) {
  std::array<iovec, 1> pieces{piece_of(piece)};
  auto written = co_await write_all(to, pieces, shared.idle);
  co_return written;
}

// Until there is something to read: false at the end of the tunnel's patience.
Task<Result<void>> wait_for_octets(Shared& shared, Stream& from) {
  for (;;) {
    auto ready = co_await from.readable(shared.active + shared.idle);
    if (ready || ready.error().code != Code::timeout) co_return ready;
    if (Loop::current().now() >= shared.active + shared.idle) co_return ready;
  }
}

// Moves what is there, as long as more is there at once, without copying it.
Task<Result<void>> splice_bulk(Shared& shared, Stream& from, Stream& to, std::uint64_t& count,
                               runtime::FairShare& share) {
  runtime::Pipe pipe = runtime::Pipe::take();
  Pace pace(shared.idle, 0);
  std::uint64_t sent = 0;
  while (pipe.has_value()) {
    auto filled = from.try_read_into(pipe, pipe.capacity());
    if (filled.status == runtime::IoStatus::failed) co_return fail(filled.code, "splice");
    if (filled.status != runtime::IoStatus::done) break;  // an end is found again by reading
    count += filled.bytes;
    shared.active = Loop::current().now();
    SP_CHECK(co_await write_all(to, pipe, pace, sent));
    shared.active = Loop::current().now();
    co_await share.spend(filled.bytes);
  }
  co_return Result<void>{};
}

Task<void> pump(Shared& shared, Stream& from, Stream& to, ByteView begin, std::uint64_t& count) {
  Buffer buffer;
  runtime::FairShare share;
  const bool both_plain = from.plain_descriptor() >= 0 && to.plain_descriptor() >= 0;
  if (!begin.empty()) {
    count += begin.size();
    auto written = co_await write_piece(shared, to, begin);
    if (!written) co_return shared.fail_with(written.error().code);
  }
  for (;;) {
    auto ready = co_await wait_for_octets(shared, from);
    if (!ready) co_return shared.fail_with(ready.error().code);
    std::span<char> room = buffer.room();
    auto tried = from.try_read(room);
    if (tried.status == runtime::IoStatus::would_block) {
      buffer.release();
      continue;
    }
    if (tried.status == runtime::IoStatus::failed) co_return shared.fail_with(tried.code);
    if (tried.status == runtime::IoStatus::end) break;
    count += tried.bytes;
    shared.active = Loop::current().now();
    auto written = co_await write_piece(shared, to, {room.data(), tried.bytes});
    if (!written) co_return shared.fail_with(written.error().code);
    shared.active = Loop::current().now();
    co_await share.spend(tried.bytes);
    if (tried.bytes < room.size()) {
      buffer.release();
    } else if (both_plain) {  // a whole buffer: this is more than messages
      auto spliced = co_await splice_bulk(shared, from, to, count, share);
      if (!spliced) co_return shared.fail_with(spliced.error().code);
    }
  }
  auto finished = co_await to.finish(Loop::current().now() + shared.idle);
  if (!finished) shared.fail_with(finished.error().code);
}

}  // namespace

Task<TunnelResult> run_tunnel(Stream& client, Stream& upstream, TunnelBegin begin, runtime::Duration idle,
                              runtime::CancelToken& parent) {
  TunnelResult result;
  Shared shared{client, upstream, idle, Loop::current().now()};
  runtime::CancelCallback on_cancel(&abort_both, &shared);
  parent.subscribe(on_cancel);
  runtime::Scope scope;
  scope.spawn(pump(shared, client, upstream, begin.from_client, result.from_client));
  scope.spawn(pump(shared, upstream, client, begin.from_upstream, result.from_upstream));
  co_await scope.join();
  result.code = shared.code;
  co_return result;
}

}  // namespace sp::proxy
