#include "testing/fake_network.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "runtime/wait.h"

namespace sp::testing {

using runtime::Accepted;
using runtime::Duration;
using runtime::TimePoint;

Endpoint endpoint(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  if (text.starts_with(unix_scheme)) return {{}, 0, std::string(text.substr(unix_scheme.size()))};
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    std::uint16_t number = 0;
    const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
    if (address && read.ec == std::errc{} && read.ptr == port.data() + port.size()) return {*address, number, {}};
  }
  std::fprintf(stderr, "not an endpoint: %s\n", std::string(text).c_str());
  std::abort();
}

// Hands connections over in a later turn, as the kernel's queue does.
class FakeNetwork::FakeListener final : public runtime::Listener {
 public:
  FakeListener(FakeNetwork& network, Endpoint at, OnAccept on_accept)
      : network_(network), at_(std::move(at)), on_accept_(std::move(on_accept)) {
    network_.listeners_[at_] = this;
  }
  ~FakeListener() override {
    network_.listeners_.erase(at_);
    for (Accepted& each : queue_) each.stream->reset_on_close();
  }
  void pause() override { paused_ = true; }
  void resume() override {
    paused_ = false;
    if (!queue_.empty()) network_.loop_.defer(delivery_);
  }
  void enqueue(Accepted accepted) {
    queue_.push_back(std::move(accepted));
    if (!paused_) network_.loop_.defer(delivery_);
  }

 private:
  // One for each turn: it may destroy this listener.
  static void deliver(void* context) {
    auto* self = static_cast<FakeListener*>(context);
    if (self->paused_ || self->queue_.empty()) return;
    Accepted accepted = std::move(self->queue_.front());
    self->queue_.pop_front();
    if (!self->queue_.empty()) self->network_.loop_.defer(self->delivery_);
    const OnAccept call = self->on_accept_;
    call(std::move(accepted));
  }

  FakeNetwork& network_;
  Endpoint at_;
  OnAccept on_accept_;
  bool paused_ = false;
  std::deque<Accepted> queue_;
  Deferred delivery_{&FakeListener::deliver, this};
};

FakeNetwork::FakeNetwork(FakeLoop& loop, FakeNetworkOptions options)
    : loop_(loop), options_(options), random_(options.seed) {}

FakeNetwork::~FakeNetwork() = default;

runtime::BoundSocket FakeNetwork::bind(const Endpoint& at) {
  bound_.push_back(at);
  return runtime::BoundSocket(-1 - static_cast<int>(bound_.size()));  // -2, -3...: nothing that could be closed
}

std::unique_ptr<runtime::Listener> FakeNetwork::serve(runtime::BoundSocket socket,
                                                      runtime::Listener::OnAccept on_accept) {
  const auto index = static_cast<std::size_t>(-2 - socket.descriptor());
  return std::make_unique<FakeListener>(*this, bound_.at(index), std::move(on_accept));
}

Behaviour FakeNetwork::behaviour_of(const Endpoint& at) const {
  const auto found = behaviours_.find(at);
  return found == behaviours_.end() ? Behaviour{} : found->second;
}

FakeNetwork::FakeListener* FakeNetwork::listener_of(const Endpoint& at) const {
  for (const Endpoint& each :
       {at, Endpoint{IpAddress::any4(), at.port, {}}, Endpoint{IpAddress::any6(), at.port, {}}}) {
    const auto found = listeners_.find(each);
    if (found != listeners_.end()) return found->second;
    if (at.is_unix()) break;
  }
  return nullptr;
}

Endpoint FakeNetwork::next_client(const Endpoint& to) {
  if (to.is_unix()) return {};
  return {*IpAddress::parse(to.address.v4 ? "192.0.2.250" : "2001:db8::250"), next_port_++, {}};
}

void FakeNetwork::may_break(PipeStream& stream) {
  if (options_.seed == 0 || options_.breaks_one_in == 0 || random_() % options_.breaks_one_in != 0) return;
  const std::size_t limit = random_() % (options_.breaks_within + 1);
  stream.tap_writes([&stream, limit, written = std::size_t{0}](std::string& octets) mutable {
    written += octets.size();
    if (written > limit) stream.break_connection();
  });
}

std::unique_ptr<PipeStream> FakeNetwork::open(const Endpoint& to, const Endpoint& from) {
  FakeListener* listener = listener_of(to);
  if (listener == nullptr) return nullptr;
  PipePair pair = make_pipe(loop_, {.capacity = options_.capacity,
                                    .seed = options_.seed == 0 ? 0 : random_() | 1,
                                    .delays_one_in = options_.delays_one_in,
                                    .longest_delay = options_.longest_delay,
                                    .held = held_});
  may_break(*pair.a);
  may_break(*pair.b);
  listener->enqueue({std::move(pair.b), from, to});
  return std::move(pair.a);
}

runtime::Task<Result<std::unique_ptr<runtime::Stream>>> FakeNetwork::connect(const Endpoint& to, TimePoint deadline,
                                                                             runtime::CancelToken& token) {
  attempts_.push_back(to);
  const Behaviour behaviour = behaviour_of(to);
  Duration delay = behaviour.delay;
  if (options_.seed != 0 && options_.longest_delay.count() > 0) {
    delay +=
        Duration(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(options_.longest_delay.count())));
  }
  const bool silent = behaviour.answer == Behaviour::Answer::silence;
  const TimePoint answer = silent ? runtime::never : loop_.now() + delay;
  if (answer > loop_.now() || token.cancelled()) {
    const auto slept = co_await runtime::sleep_until(std::min(answer, deadline), &token);
    if (!slept) co_return fail(slept.error());
  }
  if (answer > deadline) co_return fail(Code::connection_timeout, "connect");
  if (behaviour.answer == Behaviour::Answer::unreachable) co_return fail(Code::connection_unreachable, "connect");
  if (behaviour.answer == Behaviour::Answer::no_descriptors) co_return fail(Code::no_descriptors, "connect");
  if (behaviour.answer == Behaviour::Answer::not_found) co_return fail(Code::not_found, "connect");
  if (behaviour.answer == Behaviour::Answer::forbidden) co_return fail(Code::permission_denied, "connect");
  if (behaviour.answer == Behaviour::Answer::refuse) co_return fail(Code::connection_refused, "connect");
  std::unique_ptr<runtime::Stream> stream = open(to);
  if (!stream) co_return fail(Code::connection_refused, "connect");
  co_return stream;
}

void FakeResolver::set(std::string_view host, const std::vector<std::string_view>& addresses, Duration delay) {
  Answer answer{{}, Code::ok, delay};
  for (std::string_view text : addresses) answer.addresses.push_back(IpAddress::parse(text).value());
  answers_.insert_or_assign(std::string(host), std::move(answer));
}

void FakeResolver::set_failure(std::string_view host, Code code, Duration delay) {
  answers_.insert_or_assign(std::string(host), Answer{{}, code, delay});
}

runtime::Task<Result<std::vector<IpAddress>>> FakeResolver::resolve(std::string_view host, TimePoint deadline,
                                                                    runtime::CancelToken& token) {
  if (const auto literal = IpAddress::parse(host)) co_return std::vector{*literal};
  asked_.emplace_back(host);
  const auto found = answers_.find(host);
  const Answer answer = found == answers_.end() ? Answer{{}, Code::dns_error, {}} : found->second;
  const TimePoint now = runtime::Loop::current().now();
  if (answer.delay.count() > 0 || token.cancelled()) {
    const auto slept = co_await runtime::sleep_until(std::min(now + answer.delay, deadline), &token);
    if (!slept) co_return fail(slept.error());
  }
  if (now + answer.delay > deadline) co_return fail(Code::dns_timeout);
  if (answer.code != Code::ok) co_return fail(answer.code);
  co_return answer.addresses;
}

}  // namespace sp::testing
