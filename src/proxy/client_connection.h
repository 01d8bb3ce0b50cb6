// The connection on which requests come: what is the same for all of them, and what is left of it while none is there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/intrusive_list.h"
#include "policy/forwarded.h"
#include "proxy/snapshot.h"
#include "runtime/stream.h"

namespace sp::tls {
class TlsStream;
}

namespace sp::proxy {

class ParkedConnections;
struct WorkerContexts;

struct ClientConnection : ListHook {
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<WorkerContexts> contexts;  // the TLS contexts that it needs
  std::unique_ptr<runtime::Stream> stream;
  const Entry* entry = nullptr;
  const Listen* listen = nullptr;
  Endpoint peer;
  Endpoint local;
  std::string peer_text;  // the address without the port
  policy::Hop hop;
  tls::TlsStream* tls = nullptr;  // null: plain
  runtime::TimePoint accepted{};
  runtime::TimePoint secured{};     // the TLS handshake was done
  runtime::TimePoint idle_until{};  // while it waits for a request: when it is closed
  std::uint64_t id = 0;
  std::uint32_t requests = 0;

  // While it is parked.
  struct Wait : runtime::IoWait {
    explicit Wait(ClientConnection& owner);
    ClientConnection& client;
    ParkedConnections* among = nullptr;
  } wait{*this};
};

}  // namespace sp::proxy
