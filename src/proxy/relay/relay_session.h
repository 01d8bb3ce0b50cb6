// A connection on its way to a server that gets its octets: what the parts of that way share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/relay.h"
#include "proxy/buffer.h"
#include "proxy/connector.h"
#include "proxy/exchange.h"
#include "proxy/relay/first_exchange.h"

namespace sp::proxy {

struct RelaySession {
  RelaySession(Worker& the_worker, std::unique_ptr<ClientConnection> connection, runtime::CancelToken& parent);

  Worker& worker;
  std::unique_ptr<ClientConnection> client;
  const policy::Relay& relay;
  Arena arena{Arena::small_block};
  Exchange exchange;
  Buffer received;                       // from the client, and not passed on yet
  std::unique_ptr<FirstExchange> first;  // null: nobody looks at what is said first

  // The name that the client asks for, by TLS that ends here or passes through.
  std::string_view server_name() const;
};

// Chooses the target for what is known by now, and notes it in the exchange. Errors: no_target.
Result<void> choose_target(RelaySession& session, std::span<const std::string_view> protocols);

// Tries the servers of the target, one after the other, until one can be spoken with; `proxy_header` is the first that
// it hears. Errors: those of connect_server(), no_server_available. What failed is noted in the exchange.
runtime::Task<Result<ServerStream>> reach_server(RelaySession& session, std::string_view proxy_header);

// Both are joined for good; the session has nothing any more.
void join(RelaySession& session, ServerStream server, std::string from_upstream);

// The end of a session in peace, without a tunnel; and of one that failed. The observer is told.
void session_over(RelaySession& session);
void give_up(RelaySession& session, const Error& error);

}  // namespace sp::proxy
