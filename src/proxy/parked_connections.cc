#include "proxy/parked_connections.h"

namespace sp::proxy {

ClientConnection::Wait::Wait(ClientConnection& owner)
    : IoWait(&ParkedConnections::woken, runtime::never), client(owner) {}

bool ParkedConnections::park(std::unique_ptr<ClientConnection>& client) {
  if (client->stream->try_read({}).status != runtime::IoStatus::would_block) return false;
  ClientConnection& kept = *client.release();
  kept.wait.among = this;
  parked_.push_back(kept);
  ++size_;
  kept.stream->arm(runtime::Direction::read, kept.wait);
  return true;
}

std::unique_ptr<ClientConnection> ParkedConnections::remove(ClientConnection& client) {
  client.unlink();
  --size_;
  return std::unique_ptr<ClientConnection>(&client);
}

void ParkedConnections::woken(runtime::IoWait& wait, Code why) {
  auto& parked = static_cast<ClientConnection::Wait&>(wait);
  ParkedConnections& among = *parked.among;
  auto client = among.remove(parked.client);
  if (why == Code::ok) among.resume_(std::move(client));
}

void ParkedConnections::close_all() {
  while (ClientConnection* client = parked_.front()) {
    client->stream->disarm(runtime::Direction::read);
    auto gone = remove(*client);
  }
}

}  // namespace sp::proxy
