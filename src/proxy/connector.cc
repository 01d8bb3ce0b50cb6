#include "proxy/connector.h"

#include <array>

#include "http/url.h"
#include "proxy/worker.h"
#include "runtime/dial.h"
#include "tls/client_context.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

void abort_stream(void* stream, Code why) { static_cast<runtime::Stream*>(stream)->abort(why); }

Error safe_error(Error error) {
  error.side = error.code == Code::no_descriptors || error.code == Code::out_of_memory ? Side::local : Side::upstream;
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
    co_return dialed;
  }
  auto dialed = co_await runtime::dial(worker.network(), worker.resolver(), url.host, url.effective_port(), options,
                                       token, &report);
  if (!dialed) failure.detail = report.attempts.empty() ? server.name : report.text();
  co_return dialed;
}

}  // namespace

std::string_view sni_for(const policy::Upstream& upstream, const policy::Server& server, std::string_view host) {
  if (server.url.scheme != "https") return {};
  if (!upstream.tls.sni.empty()) return upstream.tls.sni;
  auto authority = http::split_authority(host);
  return authority ? authority->host : std::string_view(server.url.host);
}

Task<Result<std::unique_ptr<UpstreamConnection>>> connect_server(Worker& worker, WorkerContexts& contexts,
                                                                 const policy::Upstream& upstream,
                                                                 const policy::Server& server, std::string_view host,
                                                                 const config::TimeoutsConfig& timeouts,
                                                                 const codec::h1::Limits& limits,
                                                                 runtime::CancelToken& token, ConnectFailure& failure) {
  runtime::TimePoint deadline = worker.loop().now() + timeouts.connect;
  auto dialed = co_await dial_server(worker, server, deadline, token, failure);
  if (!dialed) co_return fail(safe_error(dialed.error()));
  std::string address = dialed->endpoint.text();
  std::string_view sni = sni_for(upstream, server, host);
  if (server.url.scheme != "https") {
    co_return std::make_unique<UpstreamConnection>(std::move(dialed->stream), std::move(address), std::string(sni),
                                                   limits);
  }
  tls::ClientContext& context = *contexts.clients[upstream.id];
  auto stream = context.connect(std::move(dialed->stream), {.endpoint = address, .name = server.url.host, .sni = sni});
  runtime::CancelCallback on_cancel(&abort_stream, static_cast<runtime::Stream*>(stream.get()));
  token.subscribe(on_cancel);
  auto secured = co_await stream->handshake(deadline);
  if (!secured) {
    Error error = secured.error();
    if (error.code == Code::timeout) {
      error.code = Code::connection_timeout;
      failure.detail = address + ": the TLS handshake took too long";
    } else if (const tls::Diagnosis* diagnosis = stream->diagnosis()) {
      error.code = diagnosis->code;
      failure.detail = diagnosis->text;
      failure.remedy = diagnosis->remedy;
    } else if (!token.cancelled()) {
      failure.detail = address + ": the connection ended during the TLS handshake";
      error.code = Code::upstream_tls_failed;
    }
    co_return fail(safe_error(error));
  }
  co_return std::make_unique<UpstreamConnection>(std::move(stream), std::move(address), std::string(sni), limits);
}

}  // namespace sp::proxy
