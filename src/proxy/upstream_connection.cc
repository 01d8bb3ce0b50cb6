#include "proxy/upstream_connection.h"

#include <algorithm>

#include "runtime/loop.h"

namespace sp::proxy {

// Nothing came from the server since its last response: no end, no octets. TLS may have had something to say to itself
// (a session ticket): reading deals with that.
bool UpstreamConnection::silent() {
  if (stream->try_read({}).status == runtime::IoStatus::would_block) return true;
  char unexpected;
  return stream->try_read({&unexpected, 1}).status == runtime::IoStatus::would_block;
}

// A kept connection became readable (the server closed it, or sent what nobody asked for) or was kept for long enough.
void UpstreamConnection::idle_ended(runtime::IoWait& wait, Code why) {
  UpstreamConnection& connection = static_cast<IdleWait&>(wait).connection;
  if (why == Code::ok && connection.silent()) return connection.stream->arm(runtime::Direction::read, wait);
  auto gone = connection.pool_->remove(connection);
}

std::unique_ptr<UpstreamConnection> ServerPool::remove(UpstreamConnection& connection) {
  connection.unlink();
  connection.pool_ = nullptr;
  --size_;
  return std::unique_ptr<UpstreamConnection>(&connection);
}

std::unique_ptr<UpstreamConnection> ServerPool::take(std::string_view sni) {
  for (UpstreamConnection* each = idle_.front(); each != nullptr;) {
    UpstreamConnection* next = idle_.next(*each);
    if (each->sni == sni) {
      auto connection = remove(*each);
      connection->stream->disarm(runtime::Direction::read);
      if (connection->silent()) return connection;
    }
    each = next;
  }
  return nullptr;
}

void ServerPool::keep(std::unique_ptr<UpstreamConnection> connection, runtime::TimePoint until) {
  if (size_ == most) drop_oldest();
  connection->in.release();
  connection->stream->release_buffers();
  if (!connection->silent()) return;
  connection->pool_ = this;
  connection->idle_wait_.deadline = until;
  UpstreamConnection& kept = *connection.release();
  idle_.push_front(kept);
  ++size_;
  kept.stream->arm(runtime::Direction::read, kept.idle_wait_);
}

void ServerPool::drop_oldest() {
  if (size_ == 0) return;
  auto oldest = remove(*idle_.back());
  oldest->stream->disarm(runtime::Direction::read);
}

void ServerPool::clear() {
  while (UpstreamConnection* each = idle_.front()) {
    each->stream->disarm(runtime::Direction::read);
    auto gone = remove(*each);
  }
}

UpstreamState::UpstreamState(const policy::Upstream& upstream) {
  for (const policy::Server& server : upstream.servers) {
    policy::ServerState state;
    state.weight = server.weight;
    state.backup = server.backup;
    servers.push_back(state);
    pools.push_back(std::make_unique<ServerPool>());
  }
}

std::shared_ptr<UpstreamState> UpstreamStates::of(const policy::Upstream& upstream) {
  std::shared_ptr<UpstreamState>& known = by_key_[upstream.key];
  if (known == nullptr) known = std::make_shared<UpstreamState>(upstream);
  return known;
}

void UpstreamStates::close_idle() {
  for (auto& [key, state] : by_key_) {
    for (auto& pool : state->pools) pool->clear();
  }
}

void UpstreamStates::keep_only(std::span<const std::unique_ptr<policy::Upstream>> upstreams) {
  std::erase_if(by_key_, [&](const auto& known) {
    UpstreamState& state = *known.second;
    state.retired = std::ranges::none_of(upstreams, [&](const auto& each) { return each->key == known.first; });
    if (state.retired) {
      for (auto& pool : state.pools) pool->clear();
    }
    return state.retired;
  });
}

}  // namespace sp::proxy
