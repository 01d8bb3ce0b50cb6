#include "proxy/connector.h"

#include <array>

#include "http/url.h"
#include "proxy/upstream_response.h"
#include "proxy/worker.h"
#include "runtime/abort_on_cancel.h"
#include "runtime/dial.h"
#include "tls/client_context.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

Error safe_error(Error error) {
  error.side = side_of_failure(error.code);
  error.retry = Retry::safe;
  return error;
}

Task<Result<runtime::Dialed>> dial_server(Worker& worker, const policy::Server& server, runtime::TimePoint deadline,
                                          runtime::CancelToken& token, ConnectFailure& failure) {
  runtime::DialReport report;
  runtime::DialOptions options{.deadline = deadline};
  const http::Url& url = server.url;
  if (url.is_unix()) {
    std::array<Endpoint, 1> endpoints{Endpoint{.unix_path = url.unix_path}};
    auto dialed = co_await runtime::dial(worker.network(), endpoints, options, token, &report);
    if (!dialed) failure.detail = report.text();
    if (!dialed) failure.remedy = report.remedy();
    co_return dialed;
  }
  auto dialed = co_await runtime::dial(worker.network(), worker.resolver(), url.host, url.effective_port(), options,
                                       token, &report);
  if (!dialed) failure.detail = report.attempts.empty() ? url.host + ": " + report.text() : report.text();
  co_return dialed;
}

}  // namespace

std::string_view sni_for(const policy::Upstream& upstream, const policy::Server& server, std::string_view host) {
  if (server.url.scheme != "https") return {};
  if (!upstream.tls.sni.empty()) return upstream.tls.sni;
  auto authority = http::split_authority(host);
  return authority ? authority->host : std::string_view(server.url.host);
}

Task<Result<ServerStream>> connect_server(Worker& worker, WorkerContexts& contexts, const policy::Upstream& upstream,
                                          const policy::Server& server, std::string_view host, Versions versions,
                                          const config::TimeoutsConfig& timeouts, runtime::CancelToken& token,
                                          ConnectFailure& failure) {
  runtime::TimePoint deadline = worker.loop().now() + timeouts.connect;
  auto dialed = co_await dial_server(worker, server, deadline, token, failure);
  if (!dialed) co_return fail(safe_error(dialed.error()));
  std::string address = dialed->endpoint.text();
  if (server.url.scheme != "https") {
    co_return ServerStream{.stream = std::move(dialed->stream), .address = std::move(address), .h2 = server.http2};
  }
  tls::ClientContext& context = *contexts.clients[upstream.id];
  auto stream = context.connect(std::move(dialed->stream), {.endpoint = address,
                                                            .name = server.url.host,
                                                            .sni = sni_for(upstream, server, host),
                                                            .only_http1 = versions == Versions::only_http1});
  runtime::AbortOnCancel abort(*stream, token);
  auto secured = co_await stream->handshake(deadline);
  if (!secured) {
    Error error = secured.error();
    if (token.cancelled()) {
      error.code = token.why();
    } else if (error.code == Code::timeout) {
      error.code = Code::connection_timeout;
      failure.detail = address + ": the TLS handshake took too long";
    } else if (const tls::Diagnosis* diagnosis = stream->diagnosis()) {
      error.code = diagnosis->code;
      failure.detail = diagnosis->text;
      failure.remedy = diagnosis->remedy;
    } else {
      failure.detail = address + ": the connection ended during the TLS handshake";
      error.code = Code::upstream_tls_failed;
    }
    co_return fail(safe_error(error));
  }
  const bool h2 = stream->info().alpn == "h2";
  co_return ServerStream{.stream = std::move(stream), .address = std::move(address), .h2 = h2};
}

}  // namespace sp::proxy
