// The load generator: one thread, counted exactly. It opens its connections, sends one request on each that is not
// counted, says "ready", waits for a line on its standard input, measures, and says in one line of JSON what it saw. A
// request is counted when its whole answer was 200 and as long as it said; when the time is over, no request begins and
// those under way are waited for, so that the proxy has worked for the counted ones and no others.
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <memory>
#include <vector>

#include "exchange.h"
#include "options.h"

namespace bench {
namespace {

constexpr std::uint64_t failures_allowed = 100;
constexpr std::uint64_t stalled_ns = 20'000'000'000;

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        requests_(options),
        context_(options.tls ? Transport::make_context() : nullptr),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        room_(256 * 1024),
        slots_(options.connections) {}

  // One request on each connection, 64 of them at a time.
  void open() {
    std::size_t next = 0;
    const auto begin_some = [&] {
      while (next < slots_.size() && busy_ < 64) begin(slots_[next++], now_ns());
    };
    for (begin_some(); busy_ > 0; begin_some()) wait(stalled_ns);
  }
  void measure() {
    measuring_ = true;
    began_ = now_ns();
    latencies_.reserve(1 << 20);
    if (options_.requests == 0) deadline_ = began_ + options_.milliseconds * 1'000'000;
    options_.rate > 0 ? measure_open_loop() : measure_closed_loop();
    ended_ = now_ns();
  }
  void report() {
    std::ranges::sort(latencies_);
    const auto quantile = [&](double q) {
      return latencies_.empty()
                 ? 0.0
                 : latencies_[static_cast<std::size_t>(q * static_cast<double>(latencies_.size() - 1))] / 1e3;
    };
    std::printf(
        "{\"requests\":%lu,\"octets\":%lu,\"failed\":%lu,\"resumed\":%lu,\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%."
        "1f}\n",
        finished_, octets_, failed_, resumed_, static_cast<double>(ended_ - began_) / 1e9, quantile(0.5),
        quantile(0.99));
  }

 private:
  bool may_begin(std::uint64_t now) const {
    return options_.requests > 0 ? begun_ < options_.requests : now < deadline_;
  }
  void begin(Exchange& slot, std::uint64_t due) {
    slot.due_ns = due;
    slot.measured = measuring_;
    if (measuring_) ++begun_;
    ++busy_;
    slot.begin(requests_.opening(), requests_.next(), options_.close);
    if (!slot.transport.is_open()) {
      slot.transport.open(options_.port, context_, options_.resume);
      epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &slot}};
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.transport.fd(), &event) != 0) give_up("epoll_ctl");
      return;  // its first event is that it is connected
    }
    advance(slot);
  }
  void advance(Exchange& slot) {
    const Progress progress = slot.advance(room_);
    if (progress == Progress::waiting) return;
    --busy_;
    if (progress == Progress::failed) {
      ++failed_;
      if (failed_ > failures_allowed) refuse("too many requests failed", "stopped");
      slot.transport.close();
    } else {
      if (slot.measured) count(slot);
      if (options_.close) slot.transport.close();
    }
    free_.push_back(&slot);
  }
  void count(const Exchange& slot) {
    ++finished_;
    octets_ += slot.content_octets();
    if (slot.transport.resumed()) ++resumed_;
    latencies_.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(now_ns() - slot.due_ns, UINT32_MAX)));
  }
  // What is ready goes on. Nothing for twenty seconds while something is under way: the proxy has stalled.
  void wait(std::uint64_t at_most_ns) {
    const timespec time{.tv_sec = static_cast<time_t>(at_most_ns / 1'000'000'000),
                        .tv_nsec = static_cast<long>(at_most_ns % 1'000'000'000)};
    epoll_event events[256];
    const int n = epoll_pwait2(epoll_, events, 256, &time, nullptr);
    if (n == 0 && at_most_ns >= stalled_ns) refuse("no answer for twenty seconds", "stopped");
    for (int i = 0; i < n; ++i) {
      auto* slot = static_cast<Exchange*>(events[i].data.ptr);
      if (slot->busy()) advance(*slot);
      // else: closed by the server while it was kept, which the next request on it will find out
    }
  }
  void measure_closed_loop() {
    free_.clear();
    for (Exchange& slot : slots_) free_.push_back(&slot);
    for (;;) {
      while (!free_.empty() && may_begin(now_ns())) {
        Exchange* slot = free_.back();
        free_.pop_back();
        begin(*slot, now_ns());
      }
      if (busy_ == 0) return;
      wait(stalled_ns);
    }
  }
  // Requests begin when they are due, whether earlier ones were answered or not: what finds no free connection waits,
  // and its waiting counts.
  void measure_open_loop() {
    free_.clear();
    for (Exchange& slot : slots_) free_.push_back(&slot);
    const std::uint64_t step = 1'000'000'000 / options_.rate;
    std::uint64_t due = began_;
    std::deque<std::uint64_t> waiting;
    for (;;) {
      const std::uint64_t now = now_ns();
      for (; due <= now && due < deadline_; due += step) waiting.push_back(due);
      while (!waiting.empty() && !free_.empty()) {
        Exchange* slot = free_.front();
        free_.pop_front();
        begin(*slot, waiting.front());
        waiting.pop_front();
      }
      if (due >= deadline_ && busy_ == 0 && waiting.empty()) return;
      const std::uint64_t after = now_ns();
      wait(due >= deadline_ ? stalled_ns : due > after ? due - after : 0);
    }
  }

  Options options_;
  Requests requests_;
  SSL_CTX* context_;
  int epoll_;
  std::vector<char> room_;
  std::vector<Exchange> slots_;
  std::deque<Exchange*> free_;
  bool measuring_ = false;
  std::uint64_t busy_ = 0, begun_ = 0, finished_ = 0, failed_ = 0, resumed_ = 0, octets_ = 0;
  std::uint64_t began_ = 0, ended_ = 0, deadline_ = 0;
  std::vector<std::uint32_t> latencies_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_IGN);
  bench::raise_descriptor_limit();
  bench::Load load(options);
  load.open();
  std::puts("ready");
  std::fflush(stdout);
  if (std::getchar() == EOF) return 1;
  load.measure();
  load.report();
  std::fflush(stdout);
  std::getchar();  // kept connections stay until we are told that what they cost was read
}
