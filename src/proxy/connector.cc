#include "proxy/connector.h"

#include <array>

#include "http/url.h"
#include "proxy/upstream_response.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "runtime/dial.h"
#include "tls/client_context.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

Error safe_error(Error error) {
  error.retry = Retry::safe;
  if (error.code == Code::destination_address_refused) return error;
  error.side = side_of_failure(error.code);
  return error;
}

Task<Result<runtime::Dialed>> dial_server(Worker& worker, const policy::Server& server, const ServerRequest& request,
                                          runtime::TimePoint deadline, runtime::CancelToken& token,
                                          ConnectFailure& failure) {
  runtime::DialReport report;
  runtime::DialOptions options{.deadline = deadline, .judge = request.judge};
  const http::Url& url = server.url;
  if (url.is_unix()) {
    std::array<Endpoint, 1> endpoints{Endpoint{.unix_path = url.unix_path}};
    auto dialed = co_await runtime::dial(worker.network(), endpoints, options, token, &report);
    if (!dialed) failure.detail = report.text();
    if (!dialed) failure.remedy = report.remedy();
    co_return dialed;
  }
  const std::uint16_t port = url.effective_port() != 0 ? url.effective_port() : request.port;
  auto dialed = co_await runtime::dial(worker.network(), worker.resolver(), url.host, port, options, token, &report);
  if (!dialed) failure.detail = report.attempts.empty() ? url.host + ": " + report.text() : report.text();
  co_return dialed;
}

// In one piece, and before anything else: there are servers that read it with a single read.
Task<Result<void>> send_proxy_header(runtime::Stream& stream, std::string_view header, runtime::TimePoint deadline,
                                     runtime::CancelToken& token) {
  runtime::AbortOnCancel abort(stream, token);
  std::array<iovec, 1> pieces{piece_of(header)};
  auto written = co_await stream.write(pieces, deadline);
  if (!written) co_return fail(safe_error(written.error()));
  if (*written != header.size()) co_return fail(safe_error({.code = Code::upstream_closed, .where = "PROXY header"}));
  co_return Result<void>{};
}

}  // namespace

std::string_view sni_for(const policy::Upstream& upstream, const policy::Server& server, std::string_view host) {
  if (server.tls == policy::ServerTls::none) return {};
  if (!upstream.tls.sni.empty()) return upstream.tls.sni;
  auto authority = http::split_authority(host);
  return authority ? authority->host : std::string_view(server.url.host);
}

Task<Result<void>> secure_server(WorkerContexts& contexts, const policy::Upstream& upstream,
                                 const policy::Server& server, const ServerRequest& request, ServerStream& made,
                                 runtime::TimePoint deadline, runtime::CancelToken& token, ConnectFailure& failure) {
  tls::ClientContext& context = request.tls != nullptr ? *request.tls : contexts.client_of(upstream);
  auto stream =
      context.connect(std::move(made.stream),
                      {.endpoint = made.address,
                       .name = request.certified.empty() ? std::string_view(server.url.host) : request.certified,
                       .sni = sni_for(upstream, server, request.host),
                       .only_http1 = request.versions == Versions::only_http1});
  runtime::AbortOnCancel abort(*stream, token);
  auto secured = co_await stream->handshake(deadline);
  if (!secured) {
    Error error = secured.error();
    if (token.cancelled()) {
      error.code = token.why();
    } else if (error.code == Code::timeout) {
      error.code = Code::connection_timeout;
      failure.detail = made.address + ": the TLS handshake took too long";
    } else if (const tls::Diagnosis* diagnosis = stream->diagnosis()) {
      error.code = diagnosis->code;
      failure.detail = diagnosis->text;
      failure.remedy = diagnosis->remedy;
    } else {
      failure.detail = made.address + ": the connection ended during the TLS handshake";
      error.code = Code::upstream_tls_failed;
    }
    co_return fail(safe_error(error));
  }
  made.h2 = stream->info().alpn == "h2";
  made.stream = std::move(stream);
  co_return Result<void>{};
}

Task<Result<ServerStream>> connect_server(Worker& worker, WorkerContexts& contexts, const policy::Upstream& upstream,
                                          const policy::Server& server, const ServerRequest& request,
                                          const config::TimeoutsConfig& timeouts, runtime::CancelToken& token,
                                          ConnectFailure& failure) {
  const runtime::TimePoint deadline = worker.loop().now() + timeouts.connect;
  auto dialed = co_await dial_server(worker, server, request, deadline, token, failure);
  if (!dialed) co_return fail(safe_error(dialed.error()));
  ServerStream made{.stream = std::move(dialed->stream), .address = dialed->endpoint.text(), .h2 = server.http2};
  if (!request.proxy_header.empty()) {
    auto sent = co_await send_proxy_header(*made.stream, request.proxy_header, deadline, token);
    if (!sent) co_return fail(sent.error());
  }
  if (server.tls == policy::ServerTls::at_once) {
    auto secured = co_await secure_server(contexts, upstream, server, request, made, deadline, token, failure);
    if (!secured) co_return fail(secured.error());
  }
  co_return made;
}

}  // namespace sp::proxy
