// The Loop of a real thread: one epoll instance, edge-triggered for streams, and a way for other threads to hand work
// over.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "runtime/descriptor_watcher.h"
#include "runtime/loop.h"

namespace sp::runtime {

// Whoever is registered with a descriptor.
class Pollable {
 public:
  // `events` as epoll reports them. May destroy any Pollable, itself included.
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class EpollLoop final : public Loop, public DescriptorWatcher {
 public:
  // Throws std::system_error when the kernel gives no epoll instance (start-up only).
  EpollLoop();
  ~EpollLoop() override;

  // Serves until stop(). The calling thread is the loop's thread from then on.
  void run();
  // From any thread.
  void stop();
  // A message to a loop that has stopped is dropped.
  void send(std::function<void()> message) override;

  // Registers once for life; `events` are epoll's flags. Fails with no_descriptors or io_error.
  Result<void> add(int descriptor, std::uint32_t events, Pollable& pollable);
  // No event reaches `pollable` after one of these: before a descriptor is left open, or is closed, which is cheaper
  // since the kernel forgets it by itself (it is nobody else's: none is duplicated or inherited).
  void remove(int descriptor, Pollable& pollable);
  void forget_events(Pollable& pollable);

  std::chrono::system_clock::time_point wall_clock() const override { return std::chrono::system_clock::now(); }
  TimePoint precise_now() const override { return Clock::now(); }

  // DescriptorWatcher
  void watch(int descriptor, bool readable, bool writable, OnReady on_ready) override;
  void forget(int descriptor) override;

 private:
  class Watched;
  class Mailbox;
  int wait_milliseconds() const;
  void dispatch(int count);

  int epoll_;
  std::atomic<bool> stopping_{false};
  std::array<epoll_event, 256> events_;
  int current_ = 0, count_ = 0;  // of events_ while they are dispatched
  std::unique_ptr<Mailbox> mailbox_;
  std::unordered_map<int, std::shared_ptr<Watched>> watched_;
};

}  // namespace sp::runtime
