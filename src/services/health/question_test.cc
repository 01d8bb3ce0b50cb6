// A check over HTTP/2. (That over HTTP/1.1 is told in check_test.cc.)
#include "services/health/question.h"

#include "codec/h2/peers_for_tests.h"
#include "runtime/scope.h"
#include "services/health/stand_for_tests.h"

namespace sp::health {
namespace {

using codec::h2::Connection;
using codec::h2::LoggedStream;

// The other end, played by the codec.
class Server final : public Connection::Owner {
 public:
  Server(sp::testing::FakeLoop& loop, std::unique_ptr<runtime::Stream> stream)
      : loop_(loop), wire(loop, std::move(stream)) {}

  codec::h2::Stream* stream_begins() override { return &stream; }
  void exchange() {
    for (bool moved = true; moved;) {
      std::string room(std::size_t{1} << 16, 0);
      const std::size_t produced = connection.produce(room).value_or(0);
      if (produced != 0) wire.send(std::string_view(room).substr(0, produced));
      const std::string came = wire.take_all();
      for (std::string_view rest = came; !rest.empty();)
        rest.remove_prefix(connection.receive(rest, loop_.now()).value_or(rest.size()));
      moved = produced != 0 || !came.empty();
    }
  }
  void respond(std::uint16_t status) {
    Arena arena;
    http::ResponseHead head(arena);
    head.status = status;
    ASSERT_TRUE(connection.respond(stream, head, status >= 200));
    exchange();
  }

 private:
  sp::testing::FakeLoop& loop_;

 public:
  Scripted wire;
  codec::h2::Log log;
  LoggedStream stream{log};
  Connection connection{*this, {.role = codec::h2::Role::server}};
};

struct Asked {
  Asked() : pair(sp::testing::make_pipe(net.loop)), server(net.loop, std::move(pair.b)) {
    scope.spawn(ask());
    net.loop.settle();
    server.exchange();
  }
  ~Asked() {
    pair.a->abort(Code::cancelled);
    server.connection.release(server.stream, codec::h2::ErrorCode::cancel);
    net.loop.settle();
    EXPECT_EQ(scope.running(), 0u);
  }
  runtime::Task<void> ask() {
    const Question question{.path = "/ping?full=1", .host = "app.internal", .scheme = "http"};
    status = co_await ask_http2(*pair.a, question, net.loop.now() + 2s);
    done = true;
  }

  Network net;
  sp::testing::PipePair pair;
  Server server;
  runtime::Scope scope;
  Result<std::uint16_t> status = std::uint16_t{0};
  bool done = false;
};

TEST(Http2Question, is_asked_and_answered) {
  Asked asked;
  EXPECT_EQ(asked.server.stream.request.method, http::Method::get);
  EXPECT_EQ(asked.server.stream.request.path, "/ping");
  EXPECT_EQ(asked.server.stream.request.query, "full=1");
  EXPECT_EQ(asked.server.stream.request.authority, "app.internal");
  asked.server.respond(103);
  EXPECT_FALSE(asked.done);
  asked.server.respond(503);
  ASSERT_TRUE(asked.done);
  EXPECT_EQ(asked.status.value_or(0), 503);
}

TEST(Http2Question, has_no_answer_where_the_connection_ends) {
  Asked asked;
  asked.server.wire.close();
  asked.net.loop.settle();
  ASSERT_TRUE(asked.done);
  EXPECT_EQ(asked.status.error().code, Code::end_of_stream);
}

TEST(Http2Question, has_no_answer_where_the_stream_is_refused) {
  Asked asked;
  asked.server.connection.reset(asked.server.stream, codec::h2::ErrorCode::refused_stream);
  asked.server.exchange();
  ASSERT_TRUE(asked.done);
  EXPECT_EQ(asked.status.error().code, Code::upstream_reset);
}

TEST(Http2Question, has_no_answer_from_a_server_of_HTTP_1) {
  Asked asked;
  asked.server.wire.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(asked.done);
  EXPECT_FALSE(asked.status);
}

TEST(Http2Question, waits_no_longer_than_it_may) {
  Asked asked;
  asked.net.loop.advance(2s);
  ASSERT_TRUE(asked.done);
  EXPECT_EQ(asked.status.error().code, Code::timeout);
}

}  // namespace
}  // namespace sp::health
