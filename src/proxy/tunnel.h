// Two streams joined for good, as after "101 Switching Protocols": octets go both ways, and each direction ends by
// itself. Most tunnels are quiet most of the time: then they are this object and its two streams, and nothing waits in
// a coroutine.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "base/slab.h"
#include "proxy/exchange_memo.h"
#include "proxy/outbound/watch.h"
#include "proxy/relay/first_exchange.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::proxy {

class Tunnels;

struct Tunnel : ListHook, Lasting {
  Tunnel();
  std::shared_ptr<void> upstream_context;  // what the upstream's stream needs to live: its TLS context
  std::unique_ptr<ExchangeMemo> memo;      // has the client's TLS context: the streams end first
  std::unique_ptr<runtime::Stream> client, upstream;
  std::unique_ptr<ClientConnection> inside;  // for the requests in it, if it is going to be opened; null: it is not
  const config::TimeoutsConfig* timeouts = nullptr;  // of the memo's snapshot
  runtime::TimePoint active{};
  std::uint64_t from_client = 0, from_upstream = 0;  // octets passed on
  std::unique_ptr<FirstExchange> first;              // null: nobody is mistaken, or nobody looks
  std::unique_ptr<OutboundWatch> watch;              // null: no way out, or nothing to look at
  Code failure = Code::ok;                           // of what ended it, where that is more than an end

  // While it is at rest.
  struct Wait : runtime::IoWait {
    Wait(Function function, Tunnel& owner) : IoWait(function, runtime::never), tunnel(owner) {}
    Tunnel& tunnel;
  };
  Wait client_wait, upstream_wait;
  Tunnels* among = nullptr;

  // Octets on their way. False: they are not to pass, and `failure` says why.
  bool look_at(bool by_client, ByteView octets) {
    return (first == nullptr && watch == nullptr) || look_closely(by_client, octets);
  }
  // The same of octets that nobody sees.
  bool let_pass(std::uint64_t octets) {
    if (watch != nullptr) failure = watch->spend(octets);
    return failure == Code::ok;
  }

  // That side has said that it is done, or has broken the connection.
  void note_end(bool by_client) {
    if (first != nullptr) first->note_end(by_client);
  }

 private:
  bool look_closely(bool by_client, ByteView octets);
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
