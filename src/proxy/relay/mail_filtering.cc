#include "proxy/relay/mail_filtering.h"

#include <algorithm>
#include <optional>

#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "runtime/fair_share.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace sp::proxy {

using runtime::Stream;
using runtime::Task;

namespace {

namespace mail = codec::mail;

// Whose turn it is to write to the client: answers of the gate come between what passes from the server. There are two
// who write.
class Turns {
 public:
  Task<void> take() {
    while (taken_) {
      free_.clear();
      (void)co_await free_.wait();
    }
    taken_ = true;
  }
  // Gives it back at the end, also where that is the end of memory.
  class Held {
   public:
    explicit Held(Turns* turns) : turns_(turns) {}
    ~Held() {
      if (turns_ != nullptr) turns_->give_back();
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Turns* turns_;
  };

 private:
  void give_back() {
    taken_ = false;
    free_.set();
  }
  bool taken_ = false;
  runtime::Event free_;
};

// One direction.
struct Flow {
  Stream& from;
  Stream& to;
  Buffer& received;
  std::uint64_t& count;
  Result<mail::Passage> (mail::Filter::*take)(ByteView&);
  Side side;  // of `from`
  Stream::Operation* reads = nullptr;
  bool ended = false;
  runtime::Event other_said{};  // something has passed in the other direction, or it has ended
};

struct Filtering {
  explicit Filtering(MailFilteringParts& given)
      : parts(given),
        from_client{
            given.client, given.server, given.from_client, given.exchange.request_octets, &mail::Filter::from_client,
            Side::client},
        from_server{
            given.server,  given.client, given.from_server, given.exchange.response_octets, &mail::Filter::from_server,
            Side::upstream} {}
  Filtering(const Filtering&) = delete;

  MailFilteringParts& parts;
  Flow from_client, from_server;
  Turns to_client;
  std::optional<Error> failure;
  runtime::TimePoint active = runtime::Loop::current().now();  // when something came last, from whichever side

  Flow& other(const Flow& flow) { return &flow == &from_client ? from_server : from_client; }
  const config::TimeoutsConfig& timeouts() const { return parts.exchange.timeouts(); }
  // Whoever waits looks again at what there is to do.
  void wake(Flow& flow) {
    flow.other_said.set();
    if (flow.reads != nullptr) flow.reads->interrupt(Code::cancelled);
  }
  void fail_with(const Error& error) {
    if (!failure) failure = error;
    wake(from_client);
    wake(from_server);
    parts.server.abort(error.code);  // the client may still be told something
  }
  bool done() const { return failure || parts.filter.transparent(); }
  runtime::TimePoint patience(const Flow& flow) {
    const runtime::Duration idle = timeouts().tunnel_idle;
    return active + (other(flow).ended ? std::min(timeouts().half_closed, idle) : idle);
  }
  // Nobody may be reading from it: what comes next is for the server to say.
  static void client_gone(void* self) {
    auto& filtering = *static_cast<Filtering*>(self);
    if (filtering.from_client.reads == nullptr)
      filtering.fail_with({.code = Code::client_closed, .side = Side::client, .where = "mail"});
  }
  runtime::HangupWatch client_watch{&client_gone, this, runtime::HangupWatch::For::reset};
};

Error of_side(const Flow& flow, Error error) {
  error.side = flow.side;
  if (error.code == Code::upstream_reset && flow.side == Side::client) error.code = Code::client_closed;
  return error;
}

Task<Result<void>> write(Filtering& filtering, Stream& to, ByteView octets) {
  if (octets.empty()) co_return Result<void>{};
  const bool shared = &to == &filtering.parts.client;
  if (shared) co_await filtering.to_client.take();
  const Turns::Held held(shared ? &filtering.to_client : nullptr);
  std::array<iovec, 1> pieces{piece_of(octets)};
  auto written = co_await write_all(to, pieces, filtering.timeouts().tunnel_idle);
  co_return written;
}

// Writes what has passed, and lets the other direction look again.
Task<Result<void>> hand_over(Filtering& filtering, Flow& flow, const mail::Passage& passage) {
  auto passed = co_await write(filtering, flow.to, passage.pass);
  if (!passed) co_return fail(of_side(filtering.other(flow), passed.error()));
  auto answered = co_await write(filtering, flow.from, passage.answer);
  if (!answered) co_return fail(of_side(flow, answered.error()));
  flow.count += passage.pass.size();
  if (!passage.pass.empty() || !passage.answer.empty()) filtering.other(flow).other_said.set();
  co_return Result<void>{};
}

// More octets, or the end of this side, or nothing: somebody wants a look at what has changed.
Task<Result<void>> hear(Filtering& filtering, Flow& flow) {
  flow.received.release_if_empty();
  auto readable = flow.from.readable(filtering.patience(flow));
  flow.reads = &readable;
  auto ready = co_await readable;
  flow.reads = nullptr;
  if (!ready && ready.error().code == Code::cancelled) co_return Result<void>{};
  const runtime::TimePoint now = runtime::Loop::current().now();
  // An idle time-out is about the session, not about one side of it.
  if (!ready && ready.error().code == Code::timeout && now < filtering.patience(flow)) co_return Result<void>{};
  if (!ready) co_return fail(of_side(flow, ready.error()));
  flow.received.make_room(flow.received.view().size() + 1);
  const std::span<char> room = flow.received.room();
  const runtime::IoResult got = flow.from.try_read(room);
  if (got.status == runtime::IoStatus::failed) co_return fail(of_side(flow, {.code = got.code, .where = "mail"}));
  if (got.status == runtime::IoStatus::done) flow.received.filled(got.bytes);
  filtering.active = now;
  flow.ended = got.status == runtime::IoStatus::end;
  co_return Result<void>{};
}

Task<Result<void>> end(Filtering& filtering, Flow& flow) {
  filtering.wake(filtering.other(flow));
  auto finished = co_await flow.to.finish(runtime::Loop::current().now() + filtering.timeouts().half_closed);
  if (!finished) co_return fail(of_side(filtering.other(flow), finished.error()));
  co_return Result<void>{};
}

Task<Result<void>> pump(Filtering& filtering, Flow& flow) {
  runtime::FairShare share;
  while (!filtering.done()) {
    flow.other_said.clear();
    ByteView in = flow.received.view();
    const std::size_t before = in.size();
    SP_TRY(const mail::Passage passage, (filtering.parts.filter.*flow.take)(in));
    SP_CHECK(co_await hand_over(filtering, flow, passage));
    flow.received.keep(in);
    co_await share.spend(before - in.size());
    if (filtering.done()) break;
    if (passage.then == mail::Passage::Then::go_on) continue;
    if (passage.then == mail::Passage::Then::wait) {
      if (filtering.other(flow).ended) co_return Result<void>{};
      (void)co_await flow.other_said.wait();
      continue;
    }
    if (flow.ended) co_return co_await end(filtering, flow);
    SP_CHECK(co_await hear(filtering, flow));
  }
  filtering.wake(filtering.other(flow));
  co_return Result<void>{};
}

Task<void> run(Filtering& filtering, Flow& flow) {
  try {
    auto done = co_await pump(filtering, flow);
    if (!done) filtering.fail_with(done.error());
  } catch (const std::bad_alloc&) {
    filtering.fail_with({.code = Code::out_of_memory, .where = "mail"});
  }
}

void abort_both(void* filtering, Code why) {
  auto& self = *static_cast<Filtering*>(filtering);
  self.fail_with({.code = why, .where = "mail"});
  self.parts.client.abort(why);
}

}  // namespace

Task<Result<FilteringEnd>> filter_mail(MailFilteringParts& parts) {
  Filtering filtering(parts);
  parts.client.watch_hangup(&filtering.client_watch);
  runtime::CancelCallback on_cancel(&abort_both, &filtering);
  parts.exchange.scope.token().subscribe(on_cancel);
  runtime::Scope scope;
  try {
    scope.spawn(run(filtering, filtering.from_client));
    scope.spawn(run(filtering, filtering.from_server));
  } catch (const std::bad_alloc&) {
    filtering.fail_with({.code = Code::out_of_memory, .where = "mail"});
  }
  co_await scope.join();
  parts.client.watch_hangup(nullptr);
  if (filtering.failure) co_return fail(*filtering.failure);
  co_return parts.filter.transparent() ? FilteringEnd::transparent : FilteringEnd::over;
}

}  // namespace sp::proxy
