#include "proxy/upload.h"

#include <new>

#include "proxy/exchange.h"
#include "proxy/splice_body.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {
// A server that knows no 100-continue is not waited for longer than this (RFC 9110 section 10.1.1).
constexpr runtime::Duration patience_for_100{1000};
}  // namespace

Result<void> Upload::prepare(Exchange& exchange, const codec::h1::Framing& framing) {
  source_ = exchange.body;
  over_ = running_ = false;
  failure = {.code = Code::ok};
  chunked_ = framing.kind == codec::h1::Framing::Kind::chunked;
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

std::size_t Upload::put_content(std::initializer_list<ByteView> parts, std::span<iovec> pieces) {
  std::size_t size = 0, count = 0;
  for (ByteView part : parts) size += part.size();
  if (size == 0) return 0;
  if (chunked_) {
    codec::h1::OutBuffer out(chunk_head_);
    codec::h1::write_chunk_head(size, out);
    pieces[count++] = piece_of(out.view());
  }
  for (ByteView part : parts) {
    if (!part.empty()) pieces[count++] = piece_of(part);
  }
  if (chunked_) pieces[count++] = piece_of(codec::h1::chunk_end);
  return count;
}

std::size_t Upload::first_pieces(std::span<iovec> pieces) {
  return complete_ ? 0 : put_content({prefix_, kept_.view()}, pieces);
}

void Upload::first_pieces_sent() {
  if (!complete_ && source_->complete() && !chunked_) complete_now();
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
  runtime::Loop& loop = exchange.worker.loop();
  waits_ = true;
  auto wanted = co_await exchange.connection->may_send.wait(loop.now() + patience_for_100, &exchange.upload_token);
  waits_ = false;
  if (wanted) co_return true;
  if (wanted.error().code != Code::timeout) co_return false;
  // The client waits too: it is told by us.
  http::ResponseHead head(exchange.arena);
  head.status = 100;
  if (exchange.interim == nullptr) co_return true;
  auto told = co_await exchange.interim->send_interim(head);
  co_return told.has_value();
}

Task<Result<void>> Upload::send(Exchange& exchange, ByteView piece) {
  std::array<iovec, 3> pieces;
  std::size_t count = put_content({piece}, pieces);
  auto sent =
      co_await write_all(*exchange.connection->stream, std::span(pieces.data(), count), exchange.timeouts().body_idle);
  co_return sent;
}

Task<void> Upload::run(Exchange& exchange) {
  running_ = true;
  lost_ = lost_ || exchange.request.expects_continue;  // who has waited for a 100 does not wait again
  try {
    co_await send_rest(exchange);
  } catch (const std::bad_alloc&) {
    give_up(exchange, {.code = Code::out_of_memory, .where = "sending the content"});
  }
  over_now();
}

// A kept connection may have been closed already: until the server shows a sign of life, what it is sent is kept.
void Upload::keep(const Exchange& exchange, ByteView piece) {
  if (lost_) return;
  lost_ =
      !exchange.reused_connection || exchange.connection->answered || kept_.view().size() + piece.size() > most_kept;
  if (lost_) return kept_.release();
  kept_.append(piece);
}

// An unfinished request must not look whole.
void Upload::give_up(Exchange& exchange, Error error) {
  failure = error;
  exchange.connection->stream->reset_on_close();
  exchange.connection->stream->abort(error.code);
}

// The server took no more of it, or (Side::client) the client sent no more.
void Upload::not_sent(Exchange& exchange, const Error& error) {
  if (error.side == Side::client) return give_up(exchange, error);
  if (error.code == Code::timeout) {
    give_up(exchange, {.code = Code::request_write_timeout, .side = Side::upstream, .where = "sending the content"});
  }
  // It may have answered and closed: the response, if there is one, tells.
}

Task<Result<void>> Upload::splice_rest(Exchange& exchange) {
  Pace pace(exchange.timeouts().body_idle, 0);
  std::uint64_t sent = 0;
  auto spliced = co_await splice_body(*source_, *exchange.connection->stream, pace, share_, sent);
  co_return spliced;
}

Task<void> Upload::send_rest(Exchange& exchange) {
  bool wanted = co_await wait_until_wanted(exchange);
  if (!wanted) co_return;
  while (!source_->complete()) {
    auto piece = co_await source_->read();
    if (!piece) co_return give_up(exchange, piece.error());
    if (piece->empty()) continue;
    keep(exchange, *piece);
    auto sent = co_await send(exchange, *piece);
    if (!sent) co_return not_sent(exchange, sent.error());
    co_await share_.spend(piece->size());
    if (!lost_ || chunked_ || !worth_splicing(*source_, *exchange.connection->stream)) continue;
    auto spliced = co_await splice_rest(exchange);
    if (!spliced) co_return not_sent(exchange, spliced.error());
  }
  bool all_sent = co_await send_end(exchange);
  if (all_sent) complete_now();
}

Task<bool> Upload::send_end(Exchange& exchange) {
  if (chunked_) {
    exchange.request_trailers.remove(exchange.client.entry->config->tls.client_certificates.field);  // ours alone
    const http::Fields* trailers = source_->trailers();
    std::size_t room = 64 + (trailers != nullptr ? head_octets(*trailers) : 0);
    codec::h1::OutBuffer out({exchange.arena.chars(room), room});
    auto last = trailers != nullptr && !trailers->empty() ? codec::h1::write_last_chunk(*trailers, out)
                                                          : Result<std::size_t>{0};
    if (!last || out.size() == 0) out.append(codec::h1::last_chunk);
    std::array<iovec, 1> pieces{piece_of(out.view())};
    auto sent = co_await write_all(*exchange.connection->stream, pieces, exchange.timeouts().body_idle);
    co_return sent.has_value();
  }
  co_return true;
}

}  // namespace sp::proxy
