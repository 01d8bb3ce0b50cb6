// The connection on which requests come: what is the same for all of them, and what is left of it while none is there.
// There may be very many of these: each octet counts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/intrusive_list.h"
#include "base/slab.h"
#include "policy/forwarded.h"
#include "proxy/address_counts.h"
#include "proxy/snapshot.h"
#include "runtime/stream.h"

namespace sp::tls {
class TlsStream;
}

namespace sp::proxy {

class ParkedConnections;
struct InspectedTunnel;
struct WorkerContexts;

// An address with a port; of a Unix socket the loopback address.
struct ConnectionEnd {
  IpAddress address;
  std::uint16_t port = 0;
};

struct ClientConnection : ListHook, Lasting {
  ClientConnection();
  ~ClientConnection();
  std::shared_ptr<WorkerContexts> contexts;    // the snapshot under which it came, and its TLS contexts
  std::unique_ptr<InspectedTunnel> inspected;  // the tunnel in which requests come; null: in none that was opened
  std::unique_ptr<runtime::Stream> stream;
  const Entry* entry = nullptr;
  const Listen* listen = nullptr;
  runtime::TimePoint accepted{};
  runtime::TimePoint secured{};  // the TLS handshake was done
  std::uint64_t id = 0;
  AddressCounts::Held counted;                // it is one of its address
  std::unique_ptr<std::string> proxy_header;  // that it began with, as it came; null: none
  std::uint32_t requests = 0;
  bool trusted = false;  // trusted_proxies holds the peer
  ConnectionEnd peer, local;
  std::string peer_text;  // the address without the port

  const Snapshot& snapshot() const;
  // It is to begin with a header of the PROXY protocol.
  bool must_introduce_itself() const;
  policy::Hop hop() const;
  // Null: plain, or not secured yet.
  tls::TlsStream* tls() const;

  // While it is parked. Before that, `wait.deadline` is when it is closed if no request comes.
  struct Wait : runtime::IoWait {
    explicit Wait(ClientConnection& owner);
    ClientConnection& client;
    ParkedConnections* among = nullptr;
  } wait{*this};
};

}  // namespace sp::proxy
