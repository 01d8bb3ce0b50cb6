// Two streams joined for good, as after "101 Switching Protocols": octets go both ways, and each direction ends by
// itself. Most tunnels are quiet most of the time: then they are this object and its two streams, and nothing waits in
// a coroutine.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "base/slab.h"
#include "proxy/exchange_memo.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::proxy {

class Tunnels;

struct Tunnel : ListHook, Lasting {
  Tunnel();
  std::shared_ptr<void> upstream_context;  // what the upstream's stream needs to live: its TLS context
  std::unique_ptr<ExchangeMemo> memo;      // has the client's TLS context: the streams end first
  std::unique_ptr<runtime::Stream> client, upstream;
  runtime::Duration idle{};  // it ends when nothing passes for so long
  runtime::TimePoint active{};
  std::uint64_t from_client = 0, from_upstream = 0;  // octets passed on

  // While it is at rest.
  struct Wait : runtime::IoWait {
    Wait(Function function, Tunnel& owner) : IoWait(function, runtime::never), tunnel(owner) {}
    Tunnel& tunnel;
  };
  Wait client_wait, upstream_wait;
  Tunnels* among = nullptr;
};

// Received and not passed on yet.
struct TunnelBegin {
  ByteView from_client, from_upstream;
};

enum class TunnelPause : std::uint8_t {
  quiet,  // both sides wait for something to come
  ended,  // both sides have ended
  idle,   // nothing passed for `idle`
  broken,
};

// Passes octets on until nothing more comes at the moment, or the tunnel ends. Each direction passes on the other's
// end; one that breaks breaks both. `parent` cancels it.
runtime::Task<TunnelPause> carry(Tunnel& tunnel, TunnelBegin begin, runtime::CancelToken& parent);

}  // namespace sp::proxy
