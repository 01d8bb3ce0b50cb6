// The connections to one server, on one worker, that are kept for the next requests.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "runtime/stream.h"
#include "runtime/wait.h"

namespace sp::proxy {

class H1Upstream;
class H2Upstream;

class ServerPool {
 public:
  ServerPool();
  ~ServerPool();
  ServerPool(const ServerPool&) = delete;
  ServerPool& operator=(const ServerPool&) = delete;

  // ---- HTTP/1: nobody has them. One that says anything, or ends, while it is kept is dropped ----
  // The most recently used one for that name, or null.
  std::unique_ptr<H1Upstream> take(std::string_view sni);
  void keep(std::unique_ptr<H1Upstream> connection, runtime::TimePoint until);
  // Closes the one that was kept for longest: another is about to take its place.
  void drop_oldest();

  // ---- HTTP/2: shared ----
  // One for that name that takes another stream, or null.
  H2Upstream* shared(std::string_view sni);
  bool has_shared() { return !shared_.empty(); }
  void add(H2Upstream& connection);
  // One is being made that others may share: they wait for it instead of making more.
  struct Waiter : ListHook {
    runtime::Event done;  // look again for a shared one
  };
  struct Making : ListHook {
    explicit Making(std::string_view name) : sni(name) {}
    ~Making();  // wakes those who wait
    std::string sni;
    IntrusiveList<Waiter> waiters;
    std::size_t waiting = 0;
  };
  void begin_making(Making& making) { making_.push_back(making); }
  // Whether `waiter` is to wait for `done`.
  bool wait_for_one(std::string_view sni, Waiter& waiter);
  // The server has spoken HTTP/2 before: it is worth waiting for a connection that somebody else is making.
  bool speaks_h2 = false;

  // Closes those that nobody uses; the others when nobody uses them any more.
  void clear();

 private:
  friend class H1Upstream;
  // Of either kind, unused; beyond it the oldest one is closed.
  static constexpr std::size_t most = 512;
  std::unique_ptr<H1Upstream> remove(H1Upstream& connection);
  IntrusiveList<H1Upstream> idle_;
  IntrusiveList<H2Upstream> shared_;
  IntrusiveList<Making> making_;
  std::size_t size_ = 0;
};

}  // namespace sp::proxy
