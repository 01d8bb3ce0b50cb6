#include "proxy/secure_client.h"

#include <array>

#include "proxy/linger.h"
#include "proxy/proxy_header.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "tls/opening.h"
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
  // Before TLS a header is nobody's: it is required, and read by now, or it comes from somebody who may not send one.
  if (stream.opening() != nullptr && begins_with_proxy_header(stream.opening()->first_octets)) {
    worker.observer().connection_failed(client, Code::proxy_header_unlisted, client.peer_text);
    co_return false;
  }
  worker.observer().connection_failed(client, code, diagnosis->text);
  if (code == Code::plain_http_on_tls) {
    co_await answer_in_plain(stream.take_lower(), worker.loop().now() + runtime::Duration(1000));
  }
  co_return false;
}

}  // namespace

Task<bool> says_something(runtime::Stream& stream, runtime::TimePoint deadline, runtime::CancelToken& parent) {
  runtime::AbortOnCancel abort(stream, parent);
  auto ready = co_await stream.readable(deadline);
  co_return ready.has_value();
}

Task<bool> secure_client(Worker& worker, ClientConnection& client, std::string_view received) {
  const runtime::TimePoint deadline = worker.loop().now() + client.entry->policy->timeouts.client_head;
  if (received.empty()) {  // TLS would hold 40 KiB for one that says nothing
    const bool begun = co_await says_something(*client.stream, deadline, worker.before_requests());
    if (!begun) co_return false;
  }
  auto secured = client.contexts->servers[client.entry->number]->accept(std::move(client.stream), received);
  const bool done = co_await secure(worker, client, *secured, deadline, worker.before_requests());
  if (!done) co_return false;
  client.stream = std::move(secured);
  client.secured = worker.loop().precise_now();
  co_return true;
}

}  // namespace sp::proxy
