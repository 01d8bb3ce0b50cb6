#include "proxy/upload.h"

#include <new>
#include <utility>

#include "proxy/exchange.h"
#include "proxy/h1/splice_body.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {
// A server that knows no 100-continue is not waited for longer than this (RFC 9110 section 10.1.1).
constexpr runtime::Duration patience_for_100{1000};
}  // namespace

Result<void> Upload::prepare(Exchange& exchange) {
  source_ = exchange.body;
  over_ = running_ = first_sent_ = false;
  failure = {.code = Code::ok};
  complete_ = source_ == nullptr;
  if (complete_) {
    complete_now();
    return {};
  }
  source_->resume();
  if (exchange.request.expects_continue || prefix_taken_) return {};
  auto prefix = source_->buffered();
  if (!prefix) return fail(failure = prefix.error());
  prefix_ = *prefix;
  prefix_taken_ = true;
  return {};
}

void Upload::first_parts_sent(bool all) {
  first_sent_ = true;
  if (!complete_ && source_->complete() && all) complete_now();
}

void Upload::complete_now() {
  complete_ = true;
  over_now();
}

void Upload::over_now() {
  over_ = true;
  ended = runtime::Loop::current().now();
}

Task<bool> Upload::wait_until_wanted(Exchange& exchange) {
  if (!exchange.request.expects_continue) co_return true;
  if (waited_) co_return co_await ask_client(exchange);
  waited_ = true;
  runtime::Loop& loop = exchange.worker.loop();
  waits_ = true;
  auto wanted = co_await exchange.connection->may_send.wait(loop.now() + patience_for_100, &exchange.upload_token);
  waits_ = false;
  if (wanted) co_return true;
  if (wanted.error().code != Code::timeout) co_return false;
  co_return co_await ask_client(exchange);
}

// The client waits too: it is told by us.
Task<bool> Upload::ask_client(Exchange& exchange) {
  http::ResponseHead head(exchange.arena);
  head.status = 100;
  if (exchange.interim == nullptr) co_return true;
  auto told = co_await exchange.interim->send_interim(head);
  co_return told.has_value();
}

// The content ends with what was taken of it.
bool Upload::nothing_follows() const {
  if (!source_->complete()) return false;
  const http::Fields* trailers = source_->trailers();
  return trailers == nullptr || trailers->empty();
}

Task<Result<void>> Upload::send_first_parts(Exchange& exchange) {
  first_sent_ = true;
  const auto [prefix, kept] = first_parts();
  if (!prefix.empty()) {
    SP_CHECK(co_await exchange.connection->send_content(exchange, prefix, kept.empty() && nothing_follows()));
  }
  if (!kept.empty()) {
    SP_CHECK(co_await exchange.connection->send_content(exchange, kept, nothing_follows()));
  }
  co_return Result<void>{};
}

Task<void> Upload::run(Exchange& exchange) {
  running_ = true;
  lost_ = lost_ || (exchange.request.expects_continue && !exchange.connection->may_refuse());
  try {
    co_await send_rest(exchange);
  } catch (const std::bad_alloc&) {
    give_up(exchange, {.code = Code::out_of_memory, .where = "sending the content"});
  }
  over_now();
}

// A kept connection may have been closed already, and a server of HTTP/2 may refuse a request without looking at it:
// until the server shows a sign of life, what it is sent is kept.
void Upload::keep(const Exchange& exchange, ByteView piece) {
  if (lost_) return;
  const bool may_come_back = exchange.reused_connection || exchange.connection->may_refuse();
  lost_ = !may_come_back || exchange.connection->answered || kept_.view().size() + piece.size() > most_kept;
  if (lost_) return kept_.release();
  kept_.append(piece);
}

// A piece is valid until the source is asked for the next one.
void Upload::keep_prefix(const Exchange& exchange) {
  const ByteView prefix = std::exchange(prefix_, ByteView{});
  if (!prefix.empty()) keep(exchange, prefix);
}

// An unfinished request must not look whole.
void Upload::give_up(Exchange& exchange, Error error) {
  failure = error;
  exchange.connection->cut(error.code);
}

// The server took no more of it, or (Side::client) the client sent no more.
void Upload::not_sent(Exchange& exchange, const Error& error) {
  if (error.side == Side::client) return give_up(exchange, error);
  if (error.code == Code::timeout) {
    give_up(exchange, {.code = Code::request_write_timeout, .side = Side::upstream, .where = "sending the content"});
  }
  // It may have answered and closed: the response, if there is one, tells.
}

Task<Result<void>> Upload::splice_rest(Exchange& exchange, runtime::Stream& to) {
  Pace pace(exchange.timeouts().body_idle, 0);
  std::uint64_t sent = 0;
  auto spliced = co_await splice_body(*source_, to, pace, share_, sent);
  co_return spliced;
}

Task<void> Upload::send_rest(Exchange& exchange) {
  bool wanted = co_await wait_until_wanted(exchange);
  if (!wanted) co_return;
  if (!first_sent_) {
    auto sent = co_await send_first_parts(exchange);
    if (!sent) co_return not_sent(exchange, sent.error());
  }
  while (!source_->complete()) {
    keep_prefix(exchange);
    auto piece = co_await source_->read();
    if (!piece) co_return give_up(exchange, piece.error());
    if (piece->empty()) continue;
    keep(exchange, *piece);
    auto sent = co_await exchange.connection->send_content(exchange, *piece, nothing_follows());
    if (!sent) co_return not_sent(exchange, sent.error());
    co_await share_.spend(runtime::FairShare::piece + piece->size());
    runtime::Stream* plain = lost_ ? exchange.connection->takes_plain_content() : nullptr;
    if (plain == nullptr || !worth_splicing(*source_, *plain)) continue;
    auto spliced = co_await splice_rest(exchange, *plain);
    if (!spliced) co_return not_sent(exchange, spliced.error());
  }
  bool all_sent = co_await send_end(exchange);
  if (all_sent) complete_now();
}

Task<bool> Upload::send_end(Exchange& exchange) {
  exchange.request_trailers.remove(exchange.client.entry->config->tls.client_certificates.field);  // ours alone
  const http::Fields* trailers = source_->trailers();
  if (trailers != nullptr && trailers->empty()) trailers = nullptr;
  auto sent = co_await exchange.connection->finish_content(exchange, trailers);
  co_return sent.has_value();
}

}  // namespace sp::proxy
