#include "proxy/server_pool.h"

#include "proxy/h1/upstream.h"
#include "proxy/h2/upstream.h"

namespace sp::proxy {

ServerPool::ServerPool() = default;
ServerPool::~ServerPool() { clear(); }

std::unique_ptr<H1Upstream> ServerPool::remove(H1Upstream& connection) {
  connection.unlink();
  connection.pool_ = nullptr;
  --size_;
  return std::unique_ptr<H1Upstream>(&connection);
}

std::unique_ptr<H1Upstream> ServerPool::take(std::string_view sni) {
  for (H1Upstream* each = idle_.front(); each != nullptr;) {
    H1Upstream* next = idle_.next(*each);
    if (each->sni_ == sni) {
      auto connection = remove(*each);
      connection->stream_->disarm(runtime::Direction::read);
      if (connection->silent()) return connection;
    }
    each = next;
  }
  return nullptr;
}

void ServerPool::keep(std::unique_ptr<H1Upstream> connection, runtime::TimePoint until) {
  if (size_ == most) drop_oldest();
  connection->in_.release();
  connection->stream_->release_buffers();
  if (!connection->silent()) return;
  connection->pool_ = this;
  connection->idle_wait_.deadline = until;
  H1Upstream& kept = *connection.release();
  idle_.push_front(kept);
  ++size_;
  kept.stream_->arm(runtime::Direction::read, kept.idle_wait_);
}

void ServerPool::drop_oldest() {
  if (size_ == 0) return;
  auto oldest = remove(*idle_.back());
  oldest->stream_->disarm(runtime::Direction::read);
}

void ServerPool::clear() {
  while (H1Upstream* each = idle_.front()) {
    each->stream_->disarm(runtime::Direction::read);
    auto gone = remove(*each);
  }
  for (H2Upstream* each = shared_.front(); each != nullptr;) {
    H2Upstream* next = shared_.next(*each);
    each->drain();
    each = next;
  }
}

H2Upstream* ServerPool::shared(std::string_view sni) {
  for (H2Upstream* each = shared_.front(); each != nullptr; each = shared_.next(*each)) {
    if (each->sni() == sni && each->has_room()) return each;
  }
  return nullptr;
}

ServerPool::Making::~Making() {
  while (Waiter* waiter = waiters.pop_front()) waiter->done.set();
}

bool ServerPool::wait_for_one(std::string_view sni, Waiter& waiter) {
  constexpr std::size_t most_for_one = 100;
  for (Making* each = making_.front(); each != nullptr; each = making_.next(*each)) {
    if (each->sni != sni || each->waiting >= most_for_one) continue;
    ++each->waiting;
    each->waiters.push_back(waiter);
    return true;
  }
  return false;
}

// Where servers are told of clients nobody takes over what another client has left.
void ServerPool::add(H2Upstream& connection) {
  shared_.push_front(connection);
  std::size_t unused = 0;
  for (H2Upstream* each = shared_.front(); each != nullptr;) {
    H2Upstream* next = shared_.next(*each);
    if (each->unused() && ++unused > most) each->drain();
    each = next;
  }
}

}  // namespace sp::proxy
