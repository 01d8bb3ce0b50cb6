#include "proxy/h2/session.h"

#include <algorithm>
#include <new>

#include "proxy/linger.h"
#include "proxy/worker.h"

namespace sp::proxy {

using codec::h2::ErrorCode;
using runtime::Task;

namespace {

// How many requests one client may have under way on a connection, and how much of its content waits here for slow
// servers: so many times the window of a stream.
constexpr std::uint32_t most_requests = 100;
constexpr std::int32_t stream_window = 65535;
constexpr std::int32_t connection_window = std::int32_t{1} << 24;
// The heads of all requests of a connection take at most the memory of so many of the largest size, as it is counted.
constexpr std::uint64_t heads_at_once = 16;
// Requests that were on their way when the end was announced are still served.
constexpr runtime::Duration time_to_hear{500};

codec::h2::Options options_for(const ClientConnection& client) {
  codec::h2::Options options;
  options.role = codec::h2::Role::server;
  options.most_streams = most_requests;
  options.stream_window = stream_window;
  options.connection_window = connection_window;
  options.limits = client.entry->limits;
  return options;
}

Pace pace_for(const ClientConnection& client) {
  const config::TimeoutsConfig& timeouts = client.entry->policy->timeouts;
  return {timeouts.body_idle, timeouts.min_rate.bytes_per_second};
}

}  // namespace

H2Session::H2Session(Worker& worker, ClientConnection& client, runtime::CancelToken& parent)
    : worker_(worker),
      client_(client),
      requests_scope_(parent),
      heads_(heads_at_once * client.entry->limits.head, &worker.head_room()),
      connection_(*client.stream, *this, options_for(client), pace_for(client)),
      idle_since_(worker.loop().now()) {
  beginning_.reserve(most_requests);
  parent.subscribe(on_cancel_);
}

H2Session::~H2Session() { worker_.h2_requests_over(requests_); }

void H2Session::aborted(void* self, Code why) { static_cast<H2Session*>(self)->connection_.abort(why); }

codec::h2::Stream* H2Session::stream_begins() {
  // A request that was taken back counts until nobody works on it any more (CVE-2023-44487).
  if (requests_ >= most_requests) return nullptr;
  if (!idle() && !worker_.has_room_for_request()) return nullptr;
  try {
    auto request = std::make_unique<H2Request>(worker_, client_, connection_, heads_, requests_scope_.token());
    beginning_.push_back(std::move(request));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  ++requests_;
  worker_.h2_request_begins();
  return beginning_.back().get();
}

void H2Session::request_over() {
  --requests_;
  worker_.h2_requests_over(1);
  if (!idle()) return;
  idle_since_ = worker_.loop().now();
  connection_.interrupt_reading();  // it waits without an end
}

Task<void> H2Session::serve(std::unique_ptr<H2Request> request) {
  try {
    co_await request->serve();
  } catch (const std::bad_alloc&) {
    worker_.gave_up();
  }
  request_over();
}

// Those whose head is complete are served, each in a task of its own.
void H2Session::start_requests() {
  for (std::size_t i = 0; i < beginning_.size();) {
    if (beginning_[i]->state() == H2Request::State::reading) {
      ++i;
      continue;
    }
    std::unique_ptr<H2Request> request = std::move(beginning_[i]);
    beginning_.erase(beginning_.begin() + static_cast<std::ptrdiff_t>(i));
    if (request->state() == H2Request::State::over) {
      request_over();
      continue;
    }
    ++client_.requests;
    if (!worker_.current(client_.snapshot())) drain();
    requests_scope_.spawn(serve(std::move(request)));
  }
}

runtime::TimePoint H2Session::deadline() const {
  const config::TimeoutsConfig& timeouts = client_.entry->policy->timeouts;
  if (client_.requests == 0) return idle_since_ + timeouts.client_head;
  if (connection_.codec.head_begun()) return connection_.codec.head_since() + timeouts.client_head;
  return idle() ? idle_since_ + timeouts.keep_alive : runtime::never;
}

Task<void> H2Session::read() {
  for (;;) {
    if (idle() && refusing_) co_return;
    auto got = co_await connection_.read(deadline());
    start_requests();
    if (got || got.error().code == Code::cancelled) continue;
    failure_ = got.error();
    co_return;
  }
}

void H2Session::drain() {
  if (draining_) return;
  draining_ = true;
  connection_.codec.announce_end();
  connection_.send_soon();
  worker_.loop().timers().arm(refuse_timer_, worker_.loop().now() + time_to_hear);
}

void H2Session::time_to_refuse(void* self) {
  auto& session = *static_cast<H2Session*>(self);
  session.refusing_ = true;
  session.connection_.codec.refuse_more();
  session.connection_.send_soon();
  session.connection_.interrupt_reading();
}

Task<void> H2Session::end() {
  co_await connection_.say_goodbye();
  if (failure_.code == Code::http2_error || failure_.code == Code::http2_flood) {
    worker_.observer().connection_failed(client_, failure_.code, failure_.where);
  }
  co_await linger(*client_.stream, worker_.loop().now());
}

// What has begun is waited for, whatever fails: between the first spawn() and the last join() nothing is thrown.
Task<void> H2Session::run(ByteView received) {
  if (!received.empty()) connection_.begin_with(received);
  worker_.h2_begins(*this);
  try {
    writer_scope_.spawn(connection_.write());
    connection_.send_soon();
    co_await read();
  } catch (const std::bad_alloc&) {
    failure_ = {.code = Code::out_of_memory};
  }
  refuse_timer_.unlink();
  const Code why = failure_.code;
  if (why == Code::out_of_memory) worker_.gave_up();
  // What is under way has lost its client, unless there is nothing under way.
  requests_scope_.cancel(why == Code::shutting_down ? why : Code::client_closed);
  connection_.wake_channels();
  co_await requests_scope_.join();
  beginning_.clear();
  connection_.stop_writing();
  co_await writer_scope_.join();
  co_await end();
}

}  // namespace sp::proxy
