#include "proxy/connection.h"

#include <array>

#include "proxy/buffer.h"
#include "proxy/h1_session.h"
#include "proxy/h2_session.h"
#include "proxy/linger.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "tls/server_context.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

// A browser that was sent to http://name:443 is told so in the language that it speaks.
Task<void> answer_in_plain(std::unique_ptr<runtime::Stream> stream, runtime::TimePoint deadline) {
  constexpr std::string_view text =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 59\r\nConnection: close\r\n"
      "Proxy-Status: sallyport; error=http_request_error\r\n\r\n"
      "This port speaks TLS: use https:// in the URL, not http://\n";
  static_assert(text.size() - text.find("\r\n\r\n") - 4 == 59);
  std::array<iovec, 1> pieces{piece_of(text)};
  auto written = co_await write_all(*stream, pieces, runtime::Duration(1000));
  if (!written) co_return;
  auto finished = co_await stream->finish(deadline);
  if (finished) co_await drop_input(*stream, deadline);
}

// Until the client has said something: TLS would hold 40 KiB for one that says nothing.
Task<bool> says_something(runtime::Stream& stream, runtime::TimePoint deadline, runtime::CancelToken& parent) {
  runtime::AbortOnCancel abort(stream, parent);
  auto ready = co_await stream.readable(deadline);
  co_return ready.has_value();
}

Task<bool> secure(Worker& worker, ClientConnection& client, tls::TlsStream& stream, runtime::TimePoint deadline,
                  runtime::CancelToken& parent) {
  runtime::AbortOnCancel abort(stream, parent);
  auto done = co_await stream.handshake(deadline);
  if (done) {
    co_return true;
  }
  const tls::Diagnosis* diagnosis = stream.diagnosis();
  Code code = diagnosis != nullptr ? diagnosis->code : done.error().code;
  if (code != Code::plain_http_on_tls && diagnosis == nullptr)
    co_return false;  // it came and went: scanners, health checks
  worker.observer().connection_failed(client, code, diagnosis->text);
  if (code == Code::plain_http_on_tls) {
    co_await answer_in_plain(stream.take_lower(), worker.loop().now() + runtime::Duration(1000));
  }
  co_return false;
}

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

// False: there will be no TLS.
Task<bool> secure_connection(Worker& worker, ClientConnection& client) {
  runtime::TimePoint deadline = worker.loop().now() + client.entry->policy->timeouts.client_head;
  bool begun = co_await says_something(*client.stream, deadline, worker.before_requests());
  if (!begun) co_return false;
  auto secured = client.contexts->servers[client.entry->number]->accept(std::move(client.stream));
  bool done = co_await secure(worker, client, *secured, deadline, worker.before_requests());
  if (!done) co_return false;
  client.stream = std::move(secured);
  client.secured = worker.loop().precise_now();
  co_return true;
}

}  // namespace

Task<void> serve_connection(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  if (client->listen->tls) {
    bool secured = co_await secure_connection(worker, *client);
    if (!secured) co_return;
    if (client->tls()->info().alpn == "h2") {
      co_await serve_h2(worker, std::move(client), {}, parent);
      co_return;
    }
  }
  if (client->listen->h2c) {
    co_await serve_h2c(worker, std::move(client), parent);
  } else {
    co_await serve_h1(worker, std::move(client), {}, parent);
  }
}

Task<void> serve_requests(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  return serve_h1(worker, std::move(client), {}, parent);
}

}  // namespace sp::proxy
