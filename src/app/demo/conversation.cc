#include "app/demo/conversation.h"

#include <array>

#include "app/demo/pages.h"
#include "app/demo/websocket.h"
#include "codec/h1/request_reader.h"
#include "codec/h1/writer.h"
#include "proxy/h1/body.h"
#include "proxy/write_all.h"
#include "runtime/wait.h"

namespace sp::app::demo {
namespace {

using runtime::Task;

constexpr std::size_t most_content = std::size_t{1} << 20;  // what is kept of a request; the rest is dropped
constexpr auto patience = std::chrono::seconds(30);

void abort_stream(void* stream, Code why) { static_cast<runtime::Stream*>(stream)->abort(why); }

class Conversation {
 public:
  Conversation(runtime::Stream& stream, std::string_view own_authority, runtime::CancelToken& token)
      : stream_(stream),
        own_authority_(own_authority),
        token_(token),
        reader_(limits_),
        body_(in_, limits_, Side::client) {}

  Task<void> run() {
    for (bool again = true; again;) {
      arena_.reset();
      http::RequestHead request(arena_);
      codec::h1::Persistence persistence;
      auto read = co_await read_head(request, persistence);
      if (!read) co_return;
      if (http::iequals(request.upgrade, "websocket")) {
        co_await websocket(request);
        co_return;
      }
      body_.start(stream_, persistence.framing, {.pace = proxy::Pace(patience, 0)});
      auto answered = co_await answer(request, persistence.keep_alive);
      body_.finish();
      again = answered && *answered;
    }
  }

 private:
  Task<Result<void>> read_head(http::RequestHead& request, codec::h1::Persistence& persistence) {
    for (;;) {
      if (!in_.empty()) {
        SP_TRY(std::size_t octets, reader_.read(in_.view(), request, persistence));
        in_.consume(octets);
        if (octets != 0) co_return Result<void>{};
      }
      in_.make_room(in_.view().size() + 1);
      SP_TRY(std::size_t got, co_await stream_.read(in_.room()));
      if (got == 0) co_return fail(Code::end_of_stream);
      in_.filled(got);
    }
  }

  Task<Result<void>> write(ByteView head, ByteView content) {
    std::array<iovec, 2> pieces{proxy::piece_of(head), proxy::piece_of(content)};
    auto written = co_await proxy::write_all(stream_, pieces, patience);
    co_return written;
  }

  // Says whether the connection goes on.
  Task<Result<bool>> answer(const http::RequestHead& request, bool keep_alive) {
    if (request.expects_continue) {
      SP_CHECK(co_await write("HTTP/1.1 100 Continue\r\n\r\n", {}));
    }
    std::string content;
    while (!body_.complete()) {
      SP_TRY(ByteView piece, co_await body_.read());
      content += piece.substr(0, most_content - std::min(most_content, content.size()));
    }
    Page page = page_for(request, content, own_authority_);
    if (page.delay.count() != 0) {
      SP_CHECK(co_await runtime::sleep_for(page.delay, &token_));
    }
    http::ResponseHead head(arena_);
    head.status = page.status;
    head.content_length = page.content.size();
    bool sends = request.method != http::Method::head;
    if (sends) head.body = http::BodySize::known(page.content.size());
    head.fields.add(http::FieldId::content_type, page.content_type);
    for (const auto& [name, value] : page.fields) head.fields.add(name, value);
    SP_TRY(auto written, write_head(head, request, keep_alive));
    SP_CHECK(co_await write(written.text, sends ? ByteView(page.content) : ByteView()));
    co_return written.keep_alive;
  }

  struct Head {
    std::string_view text;
    bool keep_alive = false;
  };
  Result<Head> write_head(const http::ResponseHead& head, const http::RequestHead& request, bool keep_alive) {
    std::size_t room = proxy::head_octets(head.fields) + 512;
    codec::h1::OutBuffer out({arena_.chars(room), room});
    auto written = codec::h1::write_response_head(
        head, {.client_version = request.version, .asked = request.method, .keep_alive = keep_alive}, out);
    if (!written) return fail(written.error());
    return Head{out.view(), written->keep_alive};
  }

  Task<void> websocket(const http::RequestHead& request) {
    const http::Field* key = request.fields.find("Sec-WebSocket-Key");
    std::string accept = accept_key(key == nullptr ? std::string_view() : key->value);
    http::ResponseHead head(arena_);
    head.status = 101;
    head.upgrade = "websocket";
    head.fields.add("Sec-WebSocket-Accept", accept);
    auto out = write_head(head, request, true);
    if (!out) co_return;
    // A text frame, so that something is to be seen where nobody can send one.
    constexpr std::string_view greeting = "\x81\x1bwhat you say will come back";
    static_assert(greeting.size() == 2 + 0x1b);
    auto written = co_await write(out->text, greeting);
    if (written) co_await echo(stream_, in_);
  }

  runtime::Stream& stream_;
  std::string_view own_authority_;
  runtime::CancelToken& token_;
  codec::Limits limits_;
  Arena arena_;
  proxy::Buffer in_;
  codec::h1::RequestReader reader_;
  proxy::H1Body body_;
};

}  // namespace

Task<void> converse(std::unique_ptr<runtime::Stream> stream, std::string own_authority, runtime::CancelToken& token) {
  runtime::CancelCallback on_cancel(&abort_stream, stream.get());
  token.subscribe(on_cancel);
  Conversation conversation(*stream, own_authority, token);
  co_await conversation.run();
}

}  // namespace sp::app::demo
