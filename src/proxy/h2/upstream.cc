#include "proxy/h2/upstream.h"

#include <algorithm>
#include <new>
#include <utility>

#include "proxy/h2/upstream_stream.h"
#include "proxy/linger.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {

using codec::h2::ErrorCode;
using runtime::Task;

namespace {

// More would make one connection the neck of a bottle.
constexpr std::size_t most_streams = 100;
// So much of a response waits here for a slow client.
constexpr std::int32_t stream_window = Buffer::huge;
constexpr std::int32_t connection_window = std::int32_t{1} << 26;
// With less room for content than this one who has some would wait for others, who may wait for their clients.
constexpr std::size_t least_window = 16'384;

codec::h2::Options options_for(const codec::Limits& limits) {
  return {.role = codec::h2::Role::client,
          .stream_window = stream_window,
          .connection_window = connection_window,
          .limits = limits};
}

}  // namespace

H2Upstream::H2Upstream(Worker& worker, std::unique_ptr<runtime::Stream> stream, Settings settings)
    : worker_(worker),
      settings_(std::move(settings)),
      stream_(std::move(stream)),
      connection_(*stream_, *this, options_for(settings_.limits), Pace(settings_.body_idle, 0)),
      idle_since_(worker.loop().now()) {
  worker.cut_token().subscribe(on_cut_);
}

H2Upstream::~H2Upstream() = default;

bool H2Upstream::has_room() const {
  if (!settled_ && !streams_.empty()) return false;
  return !draining_ && connection_.codec.has_room_for_stream() && connection_.codec.window() >= least_window &&
         streams_.size() < std::min<std::size_t>(most_streams, connection_.codec.most_streams());
}

std::uint64_t H2Upstream::head_size(const Exchange& exchange) {
  constexpr std::uint64_t line = 32, pseudo_fields = 512;  // with what is made of members of the model
  const http::Fields& fields = exchange.request.fields;
  return head_octets(fields) + line * fields.size() + exchange.request.method_text.size() +
         exchange.upstream_authority.size() + exchange.upstream_target.size() + pseudo_fields;
}

void H2Upstream::enter(H2UpstreamStream& stream) {
  stream.set_place(streams_.size());
  streams_.push_back(&stream);
  unused_.clear();
  ++served_;
  keep_alone_for(stream);
}

void H2Upstream::keep_alone_for(const H2UpstreamStream& stream) {
  if (stream.head_size() <= most_head()) return;
  alone_ = true;
  drain();
}

void H2Upstream::leave(H2UpstreamStream& stream) {
  streams_[stream.place()] = streams_.back();
  streams_[stream.place()]->set_place(stream.place());
  streams_.pop_back();
  connection_.send_soon();  // a RST_STREAM, perhaps
  if (!streams_.empty()) return;
  idle_since_ = worker_.loop().now();
  // A server that allows none has no use for a connection.
  if (worker_.draining() || (settled_ && connection_.codec.most_streams() == 0)) draining_ = true;
  connection_.interrupt_reading();  // it waits without an end
  unused_.set();
}

void H2Upstream::drain() {
  draining_ = true;
  unlink();
  connection_.interrupt_reading();
}

void H2Upstream::going_away(std::int32_t) {
  draining_ = true;
  unlink();
}

void H2Upstream::settings_read() {
  settings_came_.set();
  // Nobody knew before the first head went out.
  if (!std::exchange(settled_, true) && !streams_.empty()) keep_alone_for(*streams_.front());
  settings_.awaited.reset();
}

Task<void> H2Upstream::read() {
  for (;;) {
    if (draining_ && streams_.empty()) co_return;
    auto got = co_await connection_.read(streams_.empty() ? idle_since_ + settings_.keep_alive : runtime::never);
    if (got || got.error().code == Code::cancelled) continue;
    if (got.error().code == Code::timeout && !streams_.empty()) continue;  // somebody came as time was up
    failure_ = got.error();
    co_return;
  }
}

// Those who have a stream hear of the end.
void H2Upstream::lose_streams() {
  draining_ = true;
  unlink();
  const Code why = failure_.code == Code::end_of_stream ? Code::upstream_closed : failure_.code;
  settings_.awaited.reset();
  settings_came_.set();
  for (H2UpstreamStream* stream : streams_) {
    if (stream->fault() == Code::ok && !connection_.codec.has_begun(*stream)) stream->note_unseen();
    stream->connection_lost(why);
    stream->arrived.set();
  }
  connection_.wake_channels();
}

Task<void> H2Upstream::end() {
  co_await connection_.say_goodbye();
  // Windows are opened for what was sent last: closing behind that would be a reset, and could take it back.
  co_await linger(*stream_, worker_.loop().now());
}

// Nobody is above it who would catch anything.
Task<void> H2Upstream::run(std::shared_ptr<H2Upstream> self) {
  try {
    self->writer_scope_.spawn(self->connection_.write());
    self->connection_.send_soon();
    co_await self->read();
  } catch (const std::bad_alloc&) {
    self->failure_ = {.code = Code::out_of_memory};
  }
  self->lose_streams();
  while (!self->streams_.empty()) (void)co_await self->unused_.wait();
  self->connection_.stop_writing();
  co_await self->writer_scope_.join();
  try {
    co_await self->end();
  } catch (const std::bad_alloc&) {
    self->failure_ = {.code = Code::out_of_memory};
  }
  if (self->failure_.code == Code::out_of_memory) self->worker_.gave_up();
  self->worker_.upstream_ended();
}

}  // namespace sp::proxy
