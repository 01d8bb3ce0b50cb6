#include "proxy/scan/scan.h"

#include <fmt/format.h>

#include "codec/h1/response_reader.h"
#include "proxy/forward.h"
#include "proxy/outbound/use.h"
#include "proxy/scan/scanned.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {

namespace icap = codec::icap;
using What = icap::Shown::What;

// Of a message that is to pass, or that another one has taken the place of.
enum class Came : std::uint8_t { passes, replaced };

// One look of a scanner at one message.
struct Look {
  Exchange& exchange;
  const policy::Scanner& scanner;
  const policy::ScannerService& service;
  What what;
};

std::unexpected<Error> refused(const Look& look, Code code, Side side, std::string_view why) {
  look.exchange.fail_with({.code = code, .side = side, .where = "scanner"},
                          fmt::format("{}: {}", look.service.text, why));
  return fail(look.exchange.failure.error);
}

// There is no verdict: what becomes of it, the configuration says.
Result<Came> without_verdict(const Look& look, std::string_view why) {
  if (!look.scanner.pass_unseen) return refused(look, Code::scanner_unavailable, Side::upstream, why);
  look.exchange.outbound->scan = ScanOutcome::unseen;
  look.exchange.worker.observer().event(Severity::warning, name(Code::scanner_unavailable),
                                        fmt::format("{}: {}; passed unseen", look.service.text, why));
  return Came::passes;
}

Task<Result<std::unique_ptr<ScanVerdict>>> ask(const Look& look, std::string_view response_head,
                                               const HeldContent* body, std::string& why) {
  Exchange& exchange = look.exchange;
  const ScannerQuestion question{.service = look.service,
                                 .shown = {.what = look.what,
                                           .request_head = exchange.outbound->scanned->request_head,
                                           .response_head = response_head,
                                           .has_body = body != nullptr,
                                           .client = exchange.client.peer_text,
                                           .user = exchange.outbound->user},
                                 .body = body == nullptr ? ByteView() : body->view(),
                                 .deadline = exchange.worker.loop().now() + look.scanner.timeout,
                                 .most_body = look.scanner.max_body};
  auto verdict = co_await ask_scanner(exchange.worker, question, exchange.scope.token(), why);
  co_return verdict;
}

// Reads the head that the scanner gave. Its content is framed anew.
Result<void> read_response(Exchange& exchange, ScanVerdict& verdict, Response& response) {
  codec::h1::ResponseReader reader(exchange.client.entry->limits);
  codec::h1::Persistence persistence;
  SP_TRY_PLAIN(const std::size_t octets,
               reader.read(verdict.answer.http_head, http::Method::get, response.head, persistence));
  http::ResponseHead& head = response.head;
  if (octets != verdict.answer.http_head.size() || head.status < 200) return fail(Code::bad_status_line);
  const bool may_have_content = head.status != 204 && head.status != 304;
  const std::uint64_t size = verdict.body.view().size();
  head.version = http::Version::http11;
  head.content_length.reset();
  if (may_have_content) head.content_length = size;
  const bool follows = may_have_content && size != 0 && exchange.request.method != http::Method::head;
  head.body = follows ? http::BodySize::known(size) : http::BodySize::none();
  if (follows) response.body = &verdict.body;
  return {};
}

// A service may also mend what it is shown: only what does not reach the client at all is a refusal.
bool is_refusal(const Look& look, const icap::Answer& answer, std::uint16_t status) {
  return look.what == What::request || !answer.found.empty() || status != look.exchange.response.head.status;
}

// What the service gives in the place of what it was shown.
Result<Came> replace(const Look& look, std::unique_ptr<ScanVerdict> given) {
  Exchange& exchange = look.exchange;
  std::unique_ptr<ScanVerdict>& verdict = exchange.outbound->scanned->verdict = std::move(given);
  if (verdict->answer.kind == icap::Answer::Kind::request)
    return refused(look, Code::scanner_refused, Side::client, "it changed the request, which is not passed on");
  Response response(exchange.arena);
  if (!read_response(exchange, *verdict, response))
    return without_verdict(look, "the response in its answer is malformed");
  const bool refusal = is_refusal(look, verdict->answer, response.head.status);
  const std::string& found = verdict->answer.found;
  if (refusal)
    (void)refused(look, Code::scanner_refused, Side::client, found.empty() ? "it gave another response" : found);
  exchange.response = response;
  exchange.outbound->scan = ScanOutcome::replaced;
  return Came::replaced;
}

Task<Result<Came>> judge(const Look& look, std::string_view response_head, const HeldContent* body) {
  std::string why;
  auto verdict = co_await ask(look, response_head, body, why);
  if (look.exchange.scope.token().cancelled())
    co_return fail({.code = Code::client_closed, .side = Side::client, .where = "scanner"});
  if (!verdict) co_return without_verdict(look, why);
  if ((*verdict)->answer.kind != icap::Answer::Kind::unchanged) co_return replace(look, *std::move(verdict));
  look.exchange.outbound->scan = ScanOutcome::clean;
  co_return Came::passes;
}

// The client holds its content back until somebody wants it.
Task<void> want_content(Exchange& exchange) {
  if (!exchange.request.expects_continue) co_return;
  exchange.request.expects_continue = false;
  if (exchange.interim == nullptr) co_return;
  http::ResponseHead head(exchange.arena);
  head.status = 100;
  (void)co_await exchange.interim->send_interim(head);
}

constexpr std::string_view too_large = "it is larger than max_body, or too much is waiting for verdicts";

Task<Result<Came>> scan_request(const Look& look) {
  Exchange& exchange = look.exchange;
  std::optional<HeldContent>& held = exchange.outbound->scanned->request;
  if (exchange.body != nullptr) {
    co_await want_content(exchange);
    held.emplace(exchange.worker.scanners().room());
    SP_TRY(const auto collected, co_await held->collect(*exchange.body, look.scanner.max_body));
    exchange.body = &*held;
    if (collected == HeldContent::Collected::too_much) co_return without_verdict(look, too_large);
  }
  auto came = co_await judge(look, {}, held ? &*held : nullptr);
  co_return came;
}

Task<Result<Came>> scan_response(const Look& look) {
  Exchange& exchange = look.exchange;
  std::optional<HeldContent>& held = exchange.outbound->scanned->response;
  held.emplace(exchange.worker.scanners().room());
  SP_TRY(const auto collected, co_await held->collect(*exchange.response.body, look.scanner.max_body));
  exchange.response.body = &*held;
  if (collected == HeldContent::Collected::too_much) co_return without_verdict(look, too_large);
  const std::string head = icap::http_response_head(exchange.response.head);
  auto came = co_await judge(look, head, &*held);
  co_return came;
}

Task<Result<void>> scan_both_ways(Exchange& exchange, const policy::Scanner& scanner) {
  exchange.outbound->scanned = std::make_unique<Scanned>();
  exchange.outbound->scanned->request_head = icap::http_request_head(exchange.request);
  if (scanner.requests) {
    const Look look{exchange, scanner, *scanner.requests, What::request};
    SP_TRY(const Came came, co_await scan_request(look));
    if (came == Came::replaced) co_return Result<void>{};
  }
  SP_CHECK(co_await forward(exchange));
  if (!scanner.responses || exchange.response.body == nullptr || exchange.response.tunnel) co_return Result<void>{};
  const Look look{exchange, scanner, *scanner.responses, What::response};
  SP_TRY([[maybe_unused]] const Came came, co_await scan_response(look));
  co_return Result<void>{};
}

}  // namespace

Task<Result<void>> forward_scanned(Exchange& exchange) {
  const policy::Scanner* scanner = exchange.outbound->entry.scanner.get();
  return scanner == nullptr ? forward(exchange) : scan_both_ways(exchange, *scanner);
}

}  // namespace sp::proxy
