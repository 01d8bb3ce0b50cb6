// The PROXY protocol on connections: read from proxies in front of this one, written for servers behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/proxy_protocol/tlv.h"
#include "proxy/exchange.h"
#include "runtime/task.h"

namespace sp::proxy {

class Worker;

// Reads the header with which the peer must begin, and not an octet more. What it says takes the place of the
// connection's own addresses, and it is kept for ${proxy...}. Errors: those of codec/proxy_protocol/reader.h,
// proxy_header_missing when nothing comes in time, client_closed, cancelled, io_error.
runtime::Task<Result<void>> accept_header(Worker& worker, ClientConnection& client, runtime::TimePoint deadline);

// Whether these first octets of a client are a header of the PROXY protocol; its signature tells.
bool begins_with_proxy_header(ByteView octets);
// What is said of a header from an address that may not send one.
Error strange_header(const ClientConnection& client);

// What a header says of a connection, besides what the configuration adds. Texts are borrowed.
struct HeaderFacts {
  ConnectionEnd client, local;
  std::string_view authority;  // the name that the client asks for by TLS
  std::string_view alpn;
  std::optional<codec::proxy_protocol::Ssl> ssl;
  std::string_view unique_id;
};

// The header for a server that is to know of the client; empty where it is not. In the arena.
std::string_view compose_header(const HeaderFacts& facts, const policy::SendProxy& what,
                                const policy::Variables& variables, Arena& arena);

// For the key, what is another one each time is left out.
enum class HeaderUse : std::uint8_t { sent, key };

// The same for the client of an exchange. In the arena of the exchange.
std::string_view header_for(Exchange& exchange, const policy::SendProxy& what, HeaderUse use = HeaderUse::sent);

// The value of ${proxy.NAME}; empty where the connection has begun with no header, or that has no such value.
std::string_view proxy_value(const ClientConnection& client, std::string_view name, Arena& arena);

}  // namespace sp::proxy
