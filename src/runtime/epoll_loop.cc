#include "runtime/epoll_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sp::runtime {

// Messages from other threads: rare (a reload, a stop), so a lock is good enough.
class EpollLoop::Mailbox final : public Pollable {
 public:
  explicit Mailbox(EpollLoop& loop) : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    if (!loop.add(descriptor_, EPOLLIN, *this)) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  ~Mailbox() { close(descriptor_); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void put(std::function<void()> message) {
    // Rings under the lock: the message may be the last thing that the loop waits for, and then it is gone.
    std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    ring();
  }
  void ring() {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = write(descriptor_, &one, sizeof one);  // full means that it rings already
  }
  void on_events(std::uint32_t) override {
    std::uint64_t rings;
    [[maybe_unused]] auto got = read(descriptor_, &rings, sizeof rings);
    std::vector<std::function<void()>> messages;
    {
      std::lock_guard lock(mutex_);
      messages.swap(messages_);
    }
    for (auto& message : messages) message();
  }

 private:
  int descriptor_;
  std::mutex mutex_;
  std::vector<std::function<void()>> messages_;
};

// A descriptor of a library (c-ares), with a function instead of a class.
class EpollLoop::Watched final : public Pollable {
 public:
  explicit Watched(OnReady on_ready) : on_ready_(std::move(on_ready)) {}
  void on_events(std::uint32_t events) override {
    OnReady call = on_ready_;  // it may replace or forget this watch
    constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;
    call((events & (EPOLLIN | broken)) != 0, (events & (EPOLLOUT | broken)) != 0);
  }

 private:
  OnReady on_ready_;
};

EpollLoop::EpollLoop() : Loop(Clock::now()), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  mailbox_ = std::make_unique<Mailbox>(*this);
}

EpollLoop::~EpollLoop() {
  mailbox_.reset();
  close(epoll_);
}

void EpollLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  mailbox_->ring();
}

void EpollLoop::send(std::function<void()> message) { mailbox_->put(std::move(message)); }

Result<void> EpollLoop::add(int descriptor, std::uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
  return fail(errno == ENOSPC || errno == ENOMEM ? Code::no_descriptors : Code::io_error, "epoll_ctl");
}

void EpollLoop::remove(int descriptor, Pollable& pollable) {
  epoll_event unused{};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, &unused);
  forget_events(pollable);
}

void EpollLoop::forget_events(Pollable& pollable) {
  // What this batch still holds for it is forgotten: the object may be gone when its turn comes.
  for (int i = current_; i < count_; ++i) {
    if (events_[static_cast<std::size_t>(i)].data.ptr == &pollable)
      events_[static_cast<std::size_t>(i)].data.ptr = nullptr;
  }
}

void EpollLoop::watch(int descriptor, bool readable, bool writable, OnReady on_ready) {
  forget(descriptor);
  auto watched = std::make_shared<Watched>(std::move(on_ready));
  std::uint32_t events = (readable ? std::uint32_t{EPOLLIN} : 0) | (writable ? std::uint32_t{EPOLLOUT} : 0);
  if (add(descriptor, events, *watched)) watched_[descriptor] = std::move(watched);
}

void EpollLoop::forget(int descriptor) {
  auto found = watched_.find(descriptor);
  if (found == watched_.end()) return;
  remove(descriptor, *found->second);
  watched_.erase(found);
}

int EpollLoop::wait_milliseconds() const {
  if (!idle()) return 0;
  TimePoint next = const_cast<EpollLoop*>(this)->timers().next();
  if (next == never) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void EpollLoop::run() {
  set_current(this);
  while (!stopping_.load(std::memory_order_acquire)) {
    set_now(Clock::now());
    timers().advance(now());
    run_ready();
    int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), wait_milliseconds());
    set_now(Clock::now());
    if (count > 0) dispatch(count);
    run_ready();
    end_turn();
  }
}

void EpollLoop::dispatch(int count) {
  count_ = count;
  for (current_ = 0; current_ < count_;) {
    epoll_event event = events_[static_cast<std::size_t>(current_++)];
    if (event.data.ptr != nullptr) static_cast<Pollable*>(event.data.ptr)->on_events(event.events);
  }
  current_ = count_ = 0;
}

}  // namespace sp::runtime
