#include "proxy/connection.h"

#include "proxy/buffer.h"
#include "proxy/h1/session.h"
#include "proxy/h2/session.h"
#include "proxy/outbound/socks_session.h"
#include "proxy/proxy_header.h"
#include "proxy/relay/relay.h"
#include "proxy/secure_client.h"
#include "runtime/abort_on_cancel.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

// Neither becomes a part of the frame of serve_connection(), which there is for each connection that has said nothing
// yet.
[[gnu::noinline]] Task<void> serve_h1(Worker& worker, std::unique_ptr<ClientConnection> client, Buffer received,
                                      runtime::CancelToken& parent) {
  auto ending = H1Session::Ending::idle;
  while (ending == H1Session::Ending::idle) {
    H1Session::TunnelStart start;
    {
      H1Session session(worker, *client, parent);
      session.begin_with(received);
      ending = co_await session.run();
      start = session.take_tunnel();
    }
    if (ending == H1Session::Ending::tunnel) {
      start.tunnel->client = std::move(client->stream);
      client.reset();
      worker.tunnels().begin(std::move(start.tunnel), std::move(start.from_client), std::move(start.from_upstream));
      co_return;
    }
    if (ending == H1Session::Ending::idle && worker.park(client)) co_return;
  }
}

[[gnu::noinline]] Task<void> serve_h2(Worker& worker, std::unique_ptr<ClientConnection> client, Buffer received,
                                      runtime::CancelToken& parent) {
  H2Session session(worker, *client, parent);
  co_await session.run(received.view());
}

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Reads until it is clear whether the client begins with HTTP/2 (RFC 9113 section 3.4). False: nothing came.
Task<bool> begins_in_clear(Worker& worker, ClientConnection& client, runtime::TimePoint deadline, Buffer& received) {
  runtime::AbortOnCancel abort(*client.stream, worker.before_requests());
  while (preface.starts_with(received.view()) && received.view().size() < preface.size()) {
    auto got = co_await client.stream->read(received.room(), deadline);
    if (!got || *got == 0) co_return false;
    received.filled(*got);
  }
  co_return true;
}

[[gnu::noinline]] Task<void> serve_h2c(Worker& worker, std::unique_ptr<ClientConnection> client,
                                       runtime::CancelToken& parent) {
  const runtime::TimePoint deadline = worker.loop().now() + client->entry->policy->timeouts.client_head;
  const bool says = co_await says_something(*client->stream, deadline, worker.before_requests());
  if (!says) co_return;
  Buffer received;
  const bool begun = co_await begins_in_clear(worker, *client, deadline, received);
  if (!begun) co_return;
  if (received.view().starts_with(preface)) {
    co_await serve_h2(worker, std::move(client), std::move(received), parent);
  } else {
    co_await serve_h1(worker, std::move(client), std::move(received), parent);
  }
}

}  // namespace

namespace {

Task<void> serve_secured(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  const bool secured = co_await secure_client(worker, *client, {});
  if (secured) co_await serve_http(worker, std::move(client), parent);
}

// What may stand in front of all else: a header of the PROXY protocol. False: nobody is to be served.
[[gnu::noinline]] Task<bool> introduce(Worker& worker, ClientConnection& client) {
  const runtime::TimePoint deadline = worker.loop().now() + client.entry->policy->timeouts.client_head;
  auto read = co_await accept_header(worker, client, deadline);
  if (!read && read.error().code != Code::cancelled && read.error().code != Code::shutting_down)
    worker.observer().connection_failed(client, read.error().code, read.error().where);
  co_return read.has_value();
}

enum class Spoken : std::uint8_t { nothing, http, http2, tls, socks };

// Looks at the first octets of a port where HTTP, TLS and SOCKS are spoken: what was read is in `received`.
Task<Spoken> what_is_spoken(Worker& worker, ClientConnection& client, runtime::TimePoint deadline, Buffer& received) {
  constexpr char tls_handshake = 0x16;
  const bool begun = co_await begins_in_clear(worker, client, deadline, received);
  if (!begun) co_return Spoken::nothing;
  const char first = received.view().front();
  if (first == tls_handshake) co_return Spoken::tls;
  if (first == 4 || first == 5) co_return Spoken::socks;
  co_return received.view().starts_with(preface) ? Spoken::http2 : Spoken::http;
}

[[gnu::noinline]] Task<void> serve_any_proxy(Worker& worker, std::unique_ptr<ClientConnection> client,
                                             runtime::CancelToken& parent) {
  const runtime::TimePoint deadline = worker.loop().now() + client->entry->policy->timeouts.client_head;
  const bool says = co_await says_something(*client->stream, deadline, worker.before_requests());
  if (!says) co_return;
  Buffer received;
  const Spoken spoken = co_await what_is_spoken(worker, *client, deadline, received);
  if (spoken == Spoken::tls && client->entry->tls != nullptr) {
    const bool secured = co_await secure_client(worker, *client, received.view());
    received.release();
    if (secured) co_await serve_http(worker, std::move(client), parent);
  } else if (spoken == Spoken::http2) {
    co_await serve_h2(worker, std::move(client), std::move(received), parent);
  } else if (spoken == Spoken::http) {
    co_await serve_h1(worker, std::move(client), std::move(received), parent);
  } else if (spoken == Spoken::socks) {
    co_await serve_socks(worker, std::move(client), std::move(received), parent);
  } else if (spoken == Spoken::tls) {
    worker.observer().connection_failed(*client, Code::client_tls_failed,
                                        "it speaks TLS, and there are no `certificates`");
  }
}

Task<void> serve_way_out(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  if (client->listen->tls) return serve_secured(worker, std::move(client), parent);
  if (client->listen->any_proxy) return serve_any_proxy(worker, std::move(client), parent);
  if (client->listen->socks) return serve_socks(worker, std::move(client), {}, parent);
  return serve_h1(worker, std::move(client), {}, parent);
}

}  // namespace

Task<void> serve_connection(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  if (client->must_introduce_itself()) {
    const bool introduced = co_await introduce(worker, *client);
    if (!introduced) co_return;
  }
  if (!worker.admit(*client)) co_return;
  if (client->entry->outbound != nullptr) {
    co_await serve_way_out(worker, std::move(client), parent);
  } else if (client->listen->relay || (client->listen->tls && client->entry->policy->relay != nullptr)) {
    co_await serve_relay(worker, std::move(client), parent);
  } else if (client->listen->tls) {
    co_await serve_secured(worker, std::move(client), parent);
  } else if (client->listen->h2c) {
    co_await serve_h2c(worker, std::move(client), parent);
  } else {
    co_await serve_h1(worker, std::move(client), {}, parent);
  }
}

Task<void> serve_http(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  return serve_http(worker, std::move(client), {}, parent);
}

Task<void> serve_http(Worker& worker, std::unique_ptr<ClientConnection> client, Buffer received,
                      runtime::CancelToken& parent) {
  const bool secure = client->tls() != nullptr;
  const bool h2 = secure ? client->tls()->info().alpn == "h2" : received.view().starts_with(preface);
  return h2 ? serve_h2(worker, std::move(client), std::move(received), parent)
            : serve_h1(worker, std::move(client), std::move(received), parent);
}

Task<void> serve_requests(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  return serve_h1(worker, std::move(client), {}, parent);
}

}  // namespace sp::proxy
