#include "services/health/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arena.h"
#include "codec/h1/response_reader.h"
#include "codec/h2/connection.h"
#include "proxy/write_all.h"

namespace sp::health {

using runtime::Stream;
using runtime::Task;
using runtime::TimePoint;

namespace {

constexpr std::string_view user_agent = "sallyport-health";
constexpr runtime::Duration patience_with_content{500};
constexpr std::size_t most_content = 65'536;

Task<Result<void>> say(Stream& stream, std::string_view text, TimePoint deadline) {
  while (!text.empty()) {
    std::array<iovec, 1> pieces{proxy::piece_of(text)};
    auto written = co_await stream.write(pieces, deadline);
    if (!written) co_return fail(written.error());
    text.remove_prefix(*written);
  }
  co_return Result<void>{};
}

// Adds to `heard`.
Task<Result<void>> hear(Stream& stream, std::string& heard, TimePoint deadline) {
  std::array<char, 4096> room;
  auto got = co_await stream.read(room, deadline);
  if (!got) co_return fail(got.error());
  if (*got == 0) co_return fail(Code::end_of_stream, "answer");
  heard.append(room.data(), *got);
  co_return Result<void>{};
}

struct Answered {
  std::uint16_t status = 0;  // 0: there is none yet
  codec::h1::Framing content;
};

// Takes heads off the front of `heard`, up to the first that is no interim one.
Result<Answered> answer_in(std::string& heard, codec::h1::ResponseReader& reader) {
  for (;;) {
    Arena arena;
    http::ResponseHead head(arena);
    codec::h1::Persistence persistence;
    SP_TRY_PLAIN(const std::size_t length, reader.read(heard, http::Method::get, head, persistence));
    if (length == 0) return Answered{};
    const Answered answered{head.status, persistence.framing};
    const bool interim = head.interim();
    heard.erase(0, length);
    if (!interim) return answered;
  }
}

Task<void> hear_the_rest(Stream& stream, codec::h1::Framing framing, std::string content, TimePoint deadline) {
  using Kind = codec::h1::Framing::Kind;
  std::uint64_t most = framing.kind == Kind::none ? 0 : most_content;
  if (framing.kind == Kind::length) most = std::min<std::uint64_t>(most, framing.length);
  for (bool more = true; more && content.size() < most;) {
    auto heard = co_await hear(stream, content, deadline);
    more = heard.has_value();
  }
}

// ---- HTTP/2

class Answer final : public codec::h2::Stream {
 public:
  http::ResponseHead* response_head() override { return &head_; }
  void head_read(const Result<void>& fault, bool) override {
    if (!fault) {
      result = fail(fault.error());
    } else if (!head_.interim()) {
      result = head_.status;
    }
  }
  void content(ByteView) override {}
  void ended() override {}
  void closed(codec::h2::ErrorCode, bool) override { over = true; }
  Offer offer(std::size_t) override { return {.octets = 0, .last = true}; }
  void take(char*, std::size_t) override {}

  Result<std::uint16_t> result = std::uint16_t{0};  // 0: there is none yet
  bool over = false;
  bool known() const { return !result || *result != 0; }

 private:
  Arena arena_;
  http::ResponseHead head_{arena_};
};

class NoStreams final : public codec::h2::Connection::Owner {
 public:
  codec::h2::Stream* stream_begins() override { return nullptr; }
};

Result<void> begin(codec::h2::Connection& connection, Answer& answer, const Question& question) {
  Arena arena;
  http::RequestHead head(arena);
  head.method = http::Method::get;
  head.method_text = "GET";
  head.version = http::Version::http2;
  head.fields.add("user-agent", user_agent);
  head.fields.add("accept", "*/*");
  return connection.request(answer, head, question.scheme, question.host, question.path, true);
}

Task<Result<void>> send_all(codec::h2::Connection& connection, Stream& stream, TimePoint deadline) {
  std::string room(codec::h2::Connection::least_room, '\0');
  for (;;) {
    SP_TRY(const std::size_t size, connection.produce(room));
    if (size == 0) co_return Result<void>{};
    auto said = co_await say(stream, std::string_view(room).substr(0, size), deadline);
    if (!said) co_return fail(said.error());
  }
}

Task<Result<void>> take_answer(codec::h2::Connection& connection, Stream& stream, const Answer& answer,
                               TimePoint deadline) {
  while (!answer.known()) {
    auto sent = co_await send_all(connection, stream, deadline);
    if (!sent) co_return fail(sent.error());
    std::string heard;
    auto got = co_await hear(stream, heard, deadline);
    if (!got) co_return fail(got.error());
    for (ByteView left = heard; !left.empty();) {
      SP_TRY(const std::size_t taken, connection.receive(left, runtime::Loop::current().now()));
      left.remove_prefix(taken);
    }
    if (answer.over && !answer.known()) co_return fail(Code::upstream_reset, "stream");
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::uint16_t>> ask_http1(Stream& stream, Question question, TimePoint deadline) {
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                  question.path, question.host, user_agent);
  // A server may answer, and close, before it has read all of a request.
  [[maybe_unused]] const auto said = co_await say(stream, request, deadline);
  std::string heard;
  codec::h1::ResponseReader reader(codec::Limits{});
  Answered answered;
  while (answered.status == 0) {
    auto got = co_await hear(stream, heard, deadline);
    if (!got) co_return fail(got.error());
    SP_TRY(answered, answer_in(heard, reader));
  }
  const TimePoint until = std::min(deadline, runtime::Loop::current().now() + patience_with_content);
  co_await hear_the_rest(stream, answered.content, std::move(heard), until);
  co_return answered.status;
}

Task<Result<std::uint16_t>> ask_http2(Stream& stream, Question question, TimePoint deadline) {
  NoStreams nobody;
  Answer answer;
  codec::h2::Connection connection(nobody, {.role = codec::h2::Role::client});
  SP_CHECK(begin(connection, answer, question));
  auto taken = co_await take_answer(connection, stream, answer, deadline);
  if (!answer.over) connection.release(answer, codec::h2::ErrorCode::cancel);
  if (taken) {
    connection.end(codec::h2::ErrorCode::no_error);
    [[maybe_unused]] const auto sent = co_await send_all(connection, stream, deadline);
  }
  if (!taken) co_return fail(taken.error());
  co_return answer.result;
}

}  // namespace sp::health
