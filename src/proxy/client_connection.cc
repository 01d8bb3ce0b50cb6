#include "proxy/client_connection.h"

#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/worker.h"
#include "tls/stream.h"

namespace sp::proxy {

ClientConnection::ClientConnection() = default;
ClientConnection::~ClientConnection() = default;

const Snapshot& ClientConnection::snapshot() const { return *contexts->snapshot; }

bool ClientConnection::must_introduce_itself() const {
  const policy::AddressSet& proxies = entry->policy->proxies;
  return !proxies.empty() && proxies.contains(peer.address);
}

policy::Hop ClientConnection::hop() const {
  return {.peer = peer.address,
          .peer_text = peer_text,
          .trusted = trusted,
          .scheme = listen->tls ? std::string_view("https") : std::string_view("http")};
}

tls::TlsStream* ClientConnection::tls() const {
  return secured == runtime::TimePoint{} ? nullptr : static_cast<tls::TlsStream*>(stream.get());
}

}  // namespace sp::proxy
