#include "proxy/scan/scanner_talk.h"

#include <array>

#include "codec/h1/body_reader.h"
#include "proxy/buffer.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "runtime/dial.h"
#include "runtime/scope.h"

namespace sp::proxy {

using runtime::Stream;
using runtime::Task;

namespace {

namespace icap = codec::icap;

struct Talk {
  Talk(Stream& to, const ScannerQuestion& asked, HeadRoom& room)
      : stream(to), question(asked), reader(asked.shown.what), verdict(std::make_unique<ScanVerdict>(room)) {}
  Stream& stream;
  const ScannerQuestion& question;
  Buffer received;
  icap::AnswerReader reader;
  std::unique_ptr<ScanVerdict> verdict;
  bool answered = false;  // something has come
  bool sent = false;      // all of the question has gone out
};

Error no_verdict(const char* where) {
  return {.code = Code::scanner_unavailable, .side = Side::upstream, .where = where};
}

// Beside the waiting: a scanner may know enough before it has seen everything.
Task<void> send(Talk& talk) {
  const ScannerQuestion& question = talk.question;
  const config::IcapUrl& url = question.service.url;
  const std::string head = icap::request_octets({url.host, url.port, url.path}, question.shown);
  const std::string size = icap::chunk_head(question.body.size());
  std::array<iovec, 5> all{piece_of(head), piece_of(size), piece_of(question.body), piece_of(icap::chunk_end),
                           piece_of(icap::last_chunk)};
  std::span<iovec> left(all);
  if (!question.shown.has_body) {
    left = left.first(1);
  } else if (question.body.empty()) {
    all[1] = all[4];
    left = left.first(2);
  }
  while (!left.empty()) {
    auto octets = co_await talk.stream.write(left, question.deadline);
    if (!octets) co_return;  // who waits for the answer finds out
    take_off(left, *octets);
  }
  talk.sent = true;
}

// More of the answer.
Task<Result<void>> hear(Talk& talk) {
  talk.received.make_room(talk.received.view().size() + 1);
  auto octets = co_await talk.stream.read(talk.received.room(), talk.question.deadline);
  if (!octets) {
    if (octets.error().code == Code::timeout) co_return fail(no_verdict("it gave no answer in time"));
    co_return fail(no_verdict("the connection to it broke"));
  }
  if (*octets == 0) co_return fail(no_verdict("it closed the connection before its answer was complete"));
  talk.answered = true;
  talk.received.filled(*octets);
  co_return Result<void>{};
}

Task<Result<void>> hear_heads(Talk& talk) {
  for (;;) {
    ByteView in = talk.received.view();
    const std::size_t before = in.size();
    SP_TRY(const bool complete, talk.reader.read(in));
    talk.received.consume(before - in.size());
    if (complete) co_return Result<void>{};
    SP_CHECK(co_await hear(talk));
  }
}

Task<Result<void>> hear_body(Talk& talk) {
  codec::h1::BodyReader body({}, Side::upstream);
  body.start({.kind = codec::h1::Framing::Kind::chunked});
  for (;;) {
    ByteView in = talk.received.view();
    const std::size_t before = in.size();
    auto step = body.next(in, nullptr);
    if (!step) co_return fail(no_verdict("the chunks of its answer are none"));
    HeldContent& held = talk.verdict->body;
    if (held.view().size() + step->data.size() > talk.question.most_body || !held.append(step->data))
      co_return fail(no_verdict("its answer is larger than max_body"));
    talk.received.consume(before - in.size());
    if (step->done) co_return Result<void>{};
    if (!step->data.empty()) continue;
    SP_CHECK(co_await hear(talk));
  }
}

Task<Result<void>> hear_answer(Talk& talk) {
  SP_CHECK(co_await hear_heads(talk));
  if (talk.reader.answer().has_body) {
    SP_CHECK(co_await hear_body(talk));
  }
  talk.verdict->answer = std::move(talk.reader.answer());
  co_return Result<void>{};
}

Task<Result<void>> converse(Talk& talk, runtime::CancelToken& token) {
  runtime::AbortOnCancel abort(talk.stream, token);
  runtime::Scope scope;
  scope.spawn(send(talk));
  auto heard = co_await hear_answer(talk);
  if (!talk.sent) talk.stream.abort(Code::cancelled);
  co_await scope.join();
  co_return heard;
}

Task<Result<std::unique_ptr<Stream>>> connect(Worker& worker, const ScannerQuestion& question,
                                              runtime::CancelToken& token, std::string& why) {
  const config::IcapUrl& url = question.service.url;
  runtime::DialReport report;
  auto dialed = co_await runtime::dial(worker.network(), worker.resolver(), url.host, url.port,
                                       {.deadline = question.deadline}, token, &report);
  if (!dialed) {
    why = report.text();
    co_return fail(no_verdict("it could not be connected to"));
  }
  co_return std::move(dialed->stream);
}

}  // namespace

Task<Result<std::unique_ptr<ScanVerdict>>> ask_scanner(Worker& worker, const ScannerQuestion& question,
                                                       runtime::CancelToken& token, std::string& why) {
  const std::string& address = question.service.address;
  for (;;) {
    auto stream = worker.scanners().take(address, worker.loop().now());
    const bool kept = stream != nullptr;
    if (!kept) {
      SP_TRY(stream, co_await connect(worker, question, token, why));
    }
    Talk talk(*stream, question, worker.scanners().room());
    auto done = co_await converse(talk, token);
    if (!done) {
      // It had been closed, and nobody has looked at this.
      if (kept && !talk.answered && !token.cancelled() && worker.loop().now() < question.deadline) continue;
      why = done.error().where;
      co_return fail(done.error());
    }
    const bool reusable = talk.sent && talk.verdict->answer.keep_alive && talk.received.view().empty();
    if (reusable && !worker.draining()) worker.scanners().keep(address, std::move(stream), worker.loop().now());
    co_return std::move(talk.verdict);
  }
}

}  // namespace sp::proxy
