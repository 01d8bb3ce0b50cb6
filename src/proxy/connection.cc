#include "proxy/connection.h"

#include <array>

#include "proxy/buffer.h"
#include "proxy/h1_session.h"
#include "proxy/write_all.h"
#include "tls/server_context.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

void abort_stream(void* stream, Code why) { static_cast<runtime::Stream*>(stream)->abort(why); }

// A browser that was sent to http://name:443 is told so in the language that it speaks.
Task<void> answer_in_plain(std::unique_ptr<runtime::Stream> stream, runtime::TimePoint deadline) {
  constexpr std::string_view text =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 59\r\nConnection: close\r\n\r\n"
      "This port speaks TLS: use https:// in the URL, not http://\n";
  static_assert(text.size() - text.find("\r\n\r\n") - 4 == 59);
  std::array<iovec, 1> pieces{piece_of(text)};
  auto written = co_await write_all(*stream, pieces, runtime::Duration(1000));
  if (!written) co_return;
  auto finished = co_await stream->finish(deadline);
  // Not an array: the frame of this coroutine becomes a part of every connection's.
  Buffer rest;
  while (finished) {
    auto got = co_await stream->read(rest.room(), deadline);
    if (!got || *got == 0) break;
  }
}

// Until the client has said something: TLS would hold 40 KiB for one that says nothing.
Task<bool> says_something(runtime::Stream& stream, runtime::TimePoint deadline, runtime::CancelToken& parent) {
  runtime::CancelCallback on_cancel(&abort_stream, &stream);
  parent.subscribe(on_cancel);
  auto ready = co_await stream.readable(deadline);
  co_return ready.has_value();
}

Task<bool> secure(Worker& worker, ClientConnection& client, tls::TlsStream& stream, runtime::TimePoint deadline,
                  runtime::CancelToken& parent) {
  runtime::CancelCallback on_cancel(&abort_stream, static_cast<runtime::Stream*>(&stream));
  parent.subscribe(on_cancel);
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

}  // namespace

Task<void> serve_connection(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  if (client->listen->tls) {
    runtime::TimePoint deadline = worker.loop().now() + client->entry->policy->timeouts.client_head;
    bool begun = co_await says_something(*client->stream, deadline, worker.before_requests());
    if (!begun) co_return;
    auto secured = client->contexts->servers[client->entry->number]->accept(std::move(client->stream));
    bool done = co_await secure(worker, *client, *secured, deadline, worker.before_requests());
    if (!done) co_return;
    client->stream = std::move(secured);
    client->secured = worker.loop().precise_now();
  }
  co_await serve_requests(worker, std::move(client), parent);
}

Task<void> serve_requests(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent) {
  auto ending = H1Session::Ending::idle;
  while (ending == H1Session::Ending::idle) {
    H1Session::TunnelStart start;
    {
      H1Session session(worker, *client, parent);
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

}  // namespace sp::proxy
