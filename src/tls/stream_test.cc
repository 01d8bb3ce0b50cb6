// The contract of Stream, kept over a lower stream that cuts, blocks, breaks and lies.
#include "tls/stream.h"

#include <openssl/ssl.h>

#include <random>

#include "tls/out_buffer.h"
#include "tls/test_world.h"

namespace sp::tls {
namespace {

using runtime::IoStatus;

std::string random_text(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

class Streams : public TlsWorld {
 protected:
  void SetUp() override {
    server_ = make_server_for({"a.example"});
    client_ = make_client();
  }
  Ends connected(PipeOptions options = {}) { return handshake(*server_, *client_, "a.example", options); }
  // Both ends have nothing left to say from the handshake.
  void quiet(Ends& ends) {
    char buffer[1];
    EXPECT_EQ(ends.server->try_read(buffer).status, IoStatus::would_block);
    EXPECT_EQ(ends.client->try_read(buffer).status, IoStatus::would_block);
    loop.settle();
  }
  static runtime::IoResult write(TlsStream& stream, std::initializer_list<std::string_view> parts) {
    std::vector<iovec> pieces;
    for (std::string_view part : parts) pieces.push_back({const_cast<char*>(part.data()), part.size()});
    return stream.try_write(pieces);
  }
  std::unique_ptr<ServerContext> server_;
  std::unique_ptr<ClientContext> client_;
};

TEST_F(Streams, carry_large_transfers_both_ways_however_they_are_cut) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Ends ends = connected({.capacity = seed % 3 == 0 ? 3000u : 100'000u, .seed = seed});
    ASSERT_TRUE(ends.ok());
    const std::string up = random_text(700'000, seed), down = random_text(300'000, seed + 1);
    Result<void> up_sent, down_sent;
    Result<std::string> up_got, down_got;
    runtime::Scope scope;
    scope.spawn(keep(send_all(*ends.client, up), up_sent));
    scope.spawn(keep(send_all(*ends.server, down), down_sent));
    scope.spawn(keep(receive(*ends.server, up.size()), up_got));
    scope.spawn(keep(receive(*ends.client, down.size()), down_got));
    ASSERT_TRUE(loop.run_until([&] { return scope.running() == 0; }));
    EXPECT_TRUE(up_sent.has_value() && down_sent.has_value());
    EXPECT_TRUE(up_got.value_or("") == up);
    EXPECT_TRUE(down_got.value_or("") == down);
  }
}

TEST_F(Streams, put_a_head_and_its_body_into_one_record_and_one_write) {
  Ends ends = connected();
  quiet(ends);
  const auto before = ends.server_pipe->counts();
  const std::string head(300, 'h'), body(1024, 'b');
  EXPECT_EQ(write(*ends.server, {head, "", body}).bytes, 1324u);
  EXPECT_EQ(ends.server_pipe->counts().writes - before.writes, 1u);
  EXPECT_EQ(ends.server_pipe->counts().bytes_written - before.bytes_written, 1324u + 22u);
  char buffer[4000];
  EXPECT_EQ(ends.client->try_read(buffer).bytes, 1324u);
}

TEST_F(Streams, begin_a_burst_with_small_records_in_one_write) {
  Ends ends = connected({.capacity = 200'000});
  quiet(ends);
  loop.advance(std::chrono::seconds(5));
  const auto before = ends.server_pipe->counts();
  const std::string body(std::size_t{64} * 1024, 'b');
  EXPECT_EQ(write(*ends.server, {body}).bytes, body.size());
  EXPECT_EQ(ends.server_pipe->counts().writes - before.writes, 1u);
  const auto overhead = ends.server_pipe->counts().bytes_written - before.bytes_written - body.size();
  EXPECT_EQ(overhead, 22u * (4 + 3));  // four small ones, and then large ones
  const auto middle = ends.server_pipe->counts();
  EXPECT_EQ(write(*ends.server, {body}).bytes, body.size());
  EXPECT_EQ(ends.server_pipe->counts().bytes_written - middle.bytes_written - body.size(), 22u * 4);
}

TEST_F(Streams, count_as_written_only_what_has_left) {
  Ends ends = connected({.capacity = 10'000});
  quiet(ends);
  const std::string body = random_text(40'000, 1);
  std::string got;
  std::size_t reported = 0;
  char buffer[3000];
  int blocked = 0;
  while (got.size() < body.size() && blocked < 1000) {
    if (reported < body.size()) {
      const auto written = write(*ends.server, {std::string_view(body).substr(reported)});
      ASSERT_NE(written.status, IoStatus::failed);
      if (written.status == IoStatus::would_block) ++blocked;
      reported += written.bytes;
    }
    const auto read = ends.client->try_read(buffer);
    got.append(buffer, read.bytes);
    // What is reported has left us: it is in the pipe, or read ahead by the other side.
    ASSERT_LE(reported, got.size() + 10'000 + 17'000);
  }
  EXPECT_TRUE(got == body);
  EXPECT_EQ(reported, body.size());
}

TEST_F(Streams, take_the_rest_in_other_pieces_than_before) {
  Ends ends = connected({.capacity = 1'000});
  quiet(ends);
  const std::string body = random_text(5'000, 2);
  ASSERT_EQ(write(*ends.server, {body}).status, IoStatus::would_block);
  std::string got;
  std::size_t reported = 0;
  char buffer[700];
  while (got.size() < body.size()) {
    got.append(buffer, ends.client->try_read(buffer).bytes);
    if (reported < body.size()) reported += write(*ends.server, {std::string_view(body).substr(reported, 100)}).bytes;
  }
  EXPECT_TRUE(got == body);
  while (reported < body.size()) reported += write(*ends.server, {std::string_view(body).substr(reported, 100)}).bytes;
  EXPECT_EQ(reported, body.size());
}

TEST_F(Streams, know_whether_reading_is_worth_trying) {
  Ends ends = connected();
  quiet(ends);
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::would_block);
  EXPECT_EQ(write(*ends.server, {"0123456789"}).bytes, 10u);
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::done);
  char buffer[4];
  EXPECT_EQ(ends.client->try_read(buffer).bytes, 4u);
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::done);  // the rest lies in our buffer
  EXPECT_EQ(ends.client->try_read(buffer).bytes, 4u);
  EXPECT_EQ(ends.client->try_read(buffer).bytes, 2u);
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::would_block);
}

TEST_F(Streams, do_not_call_half_a_record_worth_reading) {
  Ends ends = connected();
  quiet(ends);
  std::string kept;
  ends.server_pipe->tap_writes([&](std::string& octets) {
    kept = octets.substr(10);
    octets.resize(10);
  });
  EXPECT_EQ(write(*ends.server, {"hello"}).bytes, 5u);
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::done);
  char buffer[10];
  EXPECT_EQ(ends.client->try_read(buffer).status, IoStatus::would_block);
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::would_block);
  ends.server_pipe->tap_writes({});
  ends.client->release_buffers();  // does not lose it
  const iovec rest{kept.data(), kept.size()};
  EXPECT_EQ(ends.server_pipe->try_write({&rest, 1}).bytes, kept.size());
  EXPECT_EQ(ends.client->try_read({}).status, IoStatus::done);
  EXPECT_EQ(ends.client->try_read(buffer).bytes, 5u);
}

TEST_F(Streams, read_several_records_at_once) {
  Ends ends = connected();
  quiet(ends);
  for (const char* text : {"one ", "two ", "three"}) EXPECT_NE(write(*ends.server, {text}).bytes, 0u);
  char buffer[100];
  const auto before = ends.client_pipe->counts();
  const auto got = ends.client->try_read(buffer);
  EXPECT_EQ(std::string_view(buffer, got.bytes), "one two three");
  EXPECT_EQ(ends.client_pipe->counts().reads - before.reads, 1u);
  EXPECT_EQ(ends.client_pipe->counts().blocked - before.blocked, 0u);
}

TEST_F(Streams, tell_a_clean_end_from_a_cut) {
  for (bool clean : {true, false}) {
    SCOPED_TRACE(clean);
    Ends ends = connected();
    quiet(ends);
    EXPECT_EQ(write(*ends.server, {"bye"}).bytes, 3u);
    if (clean) {
      EXPECT_EQ(ends.server->try_finish().status, IoStatus::done);
    } else {
      EXPECT_EQ(ends.server_pipe->try_finish().status, IoStatus::done);
    }
    char buffer[10];
    EXPECT_EQ(ends.client->try_read(buffer).bytes, 3u);
    EXPECT_EQ(ends.client->try_read({}).status, IoStatus::done);
    EXPECT_EQ(ends.client->try_read(buffer).status, IoStatus::end);
    EXPECT_EQ(ends.client->try_read(buffer).status, IoStatus::end);
    EXPECT_EQ(ends.client->clean_end(), clean);
    EXPECT_EQ(ends.client->diagnosis(), nullptr);
    // The other direction goes on.
    EXPECT_EQ(transfer(*ends.client, *ends.server, "still here"), "still here");
  }
}

TEST_F(Streams, finish_when_everything_has_left) {
  Ends ends = connected({.capacity = 1'000});
  quiet(ends);
  const std::string body(5'000, 'x');
  Result<std::string> got;
  runtime::Scope scope;
  scope.spawn([](runtime::Stream& stream, std::string_view text) -> Task<void> {
    EXPECT_TRUE((co_await send_all(stream, text)).has_value());
    EXPECT_TRUE((co_await stream.finish()).has_value());
  }(*ends.server, body));
  scope.spawn(keep(receive(*ends.client, 6'000), got));
  ASSERT_TRUE(loop.run_until([&] { return scope.running() == 0; }));
  EXPECT_EQ(got.value_or(""), body);
  EXPECT_TRUE(ends.client->clean_end());
}

TEST_F(Streams, finish_though_somebody_reads_meanwhile) {
  Ends ends = connected({.capacity = 1'000});
  quiet(ends);
  const std::string body(978, 'x');  // its record fills the way to the client
  ASSERT_EQ(write(*ends.server, {body}).bytes, body.size());
  Result<void> finished = fail(Code::io_error, "not yet");
  Result<std::string> heard, got;
  runtime::Scope scope;
  scope.spawn([](runtime::Stream& stream, Result<void>& result) -> Task<void> {
    result = co_await stream.finish(runtime::Loop::current().now() + std::chrono::hours(1));
  }(*ends.server, finished));
  scope.spawn(keep(receive(*ends.server, 5), heard));
  EXPECT_EQ(write(*ends.client, {"hello"}).bytes, 5u);
  loop.settle();
  EXPECT_EQ(heard.value_or(""), "hello");
  EXPECT_EQ(scope.running(), 1u);
  scope.spawn(keep(receive(*ends.client, 6'000), got));
  loop.settle();
  EXPECT_TRUE(finished.has_value());
  EXPECT_EQ(got.value_or(""), body);
  EXPECT_TRUE(ends.client->clean_end());
  if (scope.running() != 0) std::abort();  // what waits cannot be given up
}

TEST_F(Streams, refuse_a_record_that_was_changed_on_the_way) {
  Ends ends = connected();
  quiet(ends);
  ends.server_pipe->tap_writes([](std::string& octets) { octets.back() = static_cast<char>(octets.back() ^ 1); });
  EXPECT_EQ(write(*ends.server, {"hello"}).bytes, 5u);
  char buffer[10];
  const auto got = ends.client->try_read(buffer);
  EXPECT_EQ(got.status, IoStatus::failed);
  EXPECT_EQ(got.code, Code::upstream_tls_failed);
  ASSERT_NE(ends.client->diagnosis(), nullptr);
  EXPECT_EQ(write(*ends.client, {"x"}).status, IoStatus::failed);
  // The other side hears of it.
  EXPECT_EQ(ends.server->try_read(buffer).code, Code::client_tls_failed);
  EXPECT_FALSE(ends.server->clean_end());
  ASSERT_NE(ends.server->diagnosis(), nullptr);
  EXPECT_NE(ends.server->diagnosis()->text.find("bad_record_mac"), std::string::npos) << ends.server->diagnosis()->text;
}

TEST_F(Streams, pass_on_how_the_connection_broke) {
  Ends ends = connected();
  quiet(ends);
  struct Count {
    int calls = 0;
    static void call(void* self) { ++static_cast<Count*>(self)->calls; }
  } count;
  const runtime::HangupWatch watch{&Count::call, &count};
  ends.client->watch_hangup(&watch);
  ends.server->reset_on_close();
  ends.server.reset();
  loop.settle();
  EXPECT_EQ(count.calls, 1);
  char buffer[10];
  EXPECT_EQ(ends.client->try_read(buffer).code, Code::upstream_reset);
  EXPECT_EQ(write(*ends.client, {"x"}).code, Code::upstream_reset);
}

TEST_F(Streams, let_what_has_arrived_be_read_when_writing_fails) {
  Ends ends = connected();
  quiet(ends);
  EXPECT_EQ(write(*ends.server, {"413"}).bytes, 3u);
  ends.server.reset();  // nothing unread: an end, not a reset
  EXPECT_EQ(write(*ends.client, {"upload"}).status, IoStatus::failed);
  char buffer[10];
  EXPECT_EQ(ends.client->try_read(buffer).bytes, 3u);
  EXPECT_EQ(ends.client->try_read(buffer).status, IoStatus::end);
}

TEST_F(Streams, end_waiting_operations_when_aborted) {
  Ends ends = connected();
  quiet(ends);
  Result<std::string> got;
  runtime::Scope scope;
  scope.spawn(keep(receive(*ends.client, 1), got));
  loop.settle();
  ends.client->abort(Code::shutting_down);
  loop.settle();
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(got.error().code, Code::shutting_down);
  EXPECT_EQ(write(*ends.client, {"x"}).code, Code::shutting_down);
}

TEST_F(Streams, end_reading_at_the_deadline) {
  Ends ends = connected();
  quiet(ends);
  char buffer[1];
  auto late =
      loop.run([](runtime::Stream& s, std::span<char> into, runtime::TimePoint until) -> Task<Result<std::size_t>> {
        co_return co_await s.read(into, until);
      }(*ends.client, buffer, loop.now() + std::chrono::seconds(3)));
  EXPECT_EQ(late.error().code, Code::timeout);
}

TEST_F(Streams, change_keys_without_anybody_noticing) {
  Ends ends = connected();
  expect_talk(ends);
  auto* raw = ends.client->native();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(SSL_key_update(raw, SSL_KEY_UPDATE_REQUESTED), 1);
    EXPECT_EQ(transfer(*ends.client, *ends.server, "after"), "after");
    EXPECT_EQ(transfer(*ends.server, *ends.client, "and back"), "and back");
  }
}

TEST_F(Streams, bound_what_control_messages_can_fill) {
  Ends ends = connected({.capacity = 4'000});
  quiet(ends);
  char buffer[100];
  runtime::IoResult got = runtime::IoResult::would_block();
  int sent = 0;
  for (; sent < 20'000 && got.status == IoStatus::would_block; ++sent) {
    SSL_key_update(ends.client->native(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(ends.client->native());
    ends.client->release_buffers();
    got = ends.server->try_read(buffer);  // whose answers nobody reads
  }
  EXPECT_EQ(got.code, Code::client_tls_failed);
  EXPECT_LT(sent, 5'000);
  EXPECT_EQ(ends.server->diagnosis()->text,
            "the TLS connection with the client broke: it sends control messages without end");
}

TEST_F(Streams, refuse_renegotiation) {
  SSL_CTX_set_max_proto_version(client_->handle(), TLS1_2_VERSION);
  SSL_CTX_clear_options(client_->handle(), SSL_OP_NO_RENEGOTIATION);
  Ends ends = connected();
  expect_talk(ends);
  ASSERT_EQ(SSL_renegotiate(ends.client->native()), 1);
  SSL_do_handshake(ends.client->native());
  ends.client->try_finish();
  char buffer[10];
  const auto got = ends.server->try_read(buffer);
  EXPECT_TRUE(got.status == IoStatus::failed || got.status == IoStatus::end);
}

TEST_F(Streams, give_back_their_buffers_and_go_on) {
  Ends ends = connected();
  expect_talk(ends);
  for (int i = 0; i < 3; ++i) {
    ends.client->release_buffers();
    ends.server->release_buffers();
    expect_talk(ends);
  }
}

TEST(OutBufferTest, credits_octets_when_their_records_have_left) {
  auto out = std::make_unique<OutBuffer>();
  ASSERT_TRUE(out->append("control"));
  ASSERT_TRUE(out->append(std::string(100, 'a')));
  out->mark(80);
  ASSERT_TRUE(out->append(std::string(50, 'b')));
  out->mark(30);
  EXPECT_EQ(out->owed(), 110u);
  out->consume(106);
  EXPECT_EQ(out->take_credit(), 0u);
  out->consume(1);
  EXPECT_EQ(out->take_credit(), 80u);
  EXPECT_EQ(out->owed(), 30u);
  ASSERT_TRUE(out->append(std::string(OutBuffer::capacity - 50, 'c')));  // makes room at the front
  EXPECT_FALSE(out->append("d"));
  out->consume(50);
  EXPECT_EQ(out->take_credit(), 30u);
  EXPECT_EQ(out->size(), OutBuffer::capacity - 50);
}

}  // namespace
}  // namespace sp::tls
