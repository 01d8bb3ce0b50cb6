// The content of requests on its way to the server, and everything that can come between.
#include <new>

#include "proxy/h1/upstream.h"
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Uploads : public OneServer {
 protected:
  void begin(std::string_view line, std::string_view framing, std::string_view content) {
    client.send(request(line, framing) + std::string(content));
    server = accept();
    server.expect(forwarded(line, "", framing) + std::string(content));
  }
  void expect_status(std::string_view status, Code code) {
    const std::string text = client.take_all();
    EXPECT_TRUE(text.starts_with(joined({"HTTP/1.1 ", status, " "}))) << text.substr(0, 200);
    EXPECT_EQ(name(gate.observed.last().code), name(code));
  }
};

TEST_F(Uploads, stream_as_they_come) {
  begin("POST /", "Content-Length: 9\r\n", "abc");
  client.send("def");
  server.expect("def");
  client.send("ghi");
  server.expect("ghi");
  server.send(hi);
  client.expect(hi_there);
  pass("GET /next");
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(Uploads, of_nothing_say_so) {
  client.send(request("POST /"));
  server = accept();
  server.expect(forwarded("POST /", "", "Content-Length: 0\r\n"));
}

TEST_F(Uploads, wait_for_a_server_that_does_not_read) {
  begin("POST /", "Content-Length: 8000000\r\n", "");
  const std::size_t taken = client.send_some(std::string(8'000'000, 'x'));
  EXPECT_LT(taken, 500'000u);  // two connections and a buffer
  EXPECT_EQ(server.take_all().size(), taken);
}

TEST_F(Uploads, that_the_client_ends_are_cut_off_and_do_not_look_whole) {
  begin("POST /", "Content-Length: 9\r\n", "abc");
  client.finish();
  expect_status("400", Code::body_incomplete);
  server.expect_reset();
}

TEST_F(Uploads, in_chunks_that_the_client_ends_are_cut_off_and_do_not_look_whole) {
  begin("POST /", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n");
  client.finish();
  expect_status("400", Code::body_incomplete);
  server.expect_reset();
}

TEST_F(Uploads, whose_client_is_gone_are_cut_off) {
  begin("POST /", "Content-Length: 9\r\n", "abc");
  client.reset();
  server.expect_reset();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(Uploads, with_malformed_chunks_are_cut_off) {
  begin("POST /", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n");
  client.send("zz\r\n");
  expect_status("400", Code::bad_chunk);
  client.expect_end();
  server.expect_reset();
}

TEST_F(Uploads, may_be_answered_before_they_end) {
  begin("POST /", "Content-Length: 100000\r\n", "abc");
  server.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  server.expect_reset();
  client.send("still sending");  // and is not reset for it: the answer must arrive
  client.expect(response("403 Forbidden", "Content-Length: 2\r\nConnection: close\r\n") + "no");
  client.expect_end();
  client.close();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Uploads, go_on_beside_a_response_that_began_early) {
  begin("POST /", "Content-Length: 9\r\n", "abc");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  client.expect(response("200 OK", "Transfer-Encoding: chunked\r\nConnection: close\r\n") + "2\r\nab\r\n");
  client.send("def");
  server.expect("def");
  server.send("2\r\ncd\r\n");
  client.expect("2\r\ncd\r\n");
  client.send("ghi");
  server.expect("ghi");
  server.send("0\r\n\r\n");
  client.expect("0\r\n\r\n");
  client.expect_end();
}

TEST_F(Uploads, to_a_server_that_closes_without_an_answer_fail) {
  begin("POST /", "Content-Length: 9\r\n", "abc");
  server.close();
  expect_status("502", Code::upstream_closed);
}

TEST_F(Uploads, to_a_server_that_answers_and_closes_give_its_answer) {
  begin("POST /", "Content-Length: 100000\r\n", "abc");
  server.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
  server.finish();
  client.send("more");
  client.expect(response("413 Content Too Large", "Content-Length: 2\r\nConnection: close\r\n") + "no");
}

TEST_F(Uploads, that_nobody_wanted_are_read_to_their_end_if_they_are_short) {
  ASSERT_TRUE(gate.reload(
      one_site("- { path: /no, respond: { status: 403, body: no } }\n- { path: /, to: \"http://10.0.0.1:8000\" }")));
  client = gate.client();
  client.send(request("POST /no", "Content-Length: 5\r\n"));
  client.expect("HTTP/1.1 403 Forbidden\r\n");
  EXPECT_EQ(client.take_all().find("Connection: close"), std::string::npos);
  client.send("abcde");
  pass("GET /next");
}

TEST_F(Uploads, that_nobody_wanted_end_the_connection_if_they_are_long) {
  ASSERT_TRUE(gate.reload(one_site("- { path: /no, respond: { status: 403, body: no } }")));
  client = gate.client();
  client.send(request("POST /no", "Content-Length: 500000\r\n") + "abc");
  EXPECT_NE(client.take_all().find("Connection: close\r\n"), std::string::npos);
  client.expect_end();
}

TEST_F(Uploads, of_lingering_clients_are_not_read_forever) {
  ASSERT_TRUE(gate.reload(one_site("- { path: /no, respond: { status: 403, body: no } }")));
  client = gate.client();
  client.send(request("POST /no", "Transfer-Encoding: chunked\r\n") + "fffffff\r\n");
  EXPECT_NE(client.take_all().find("Connection: close\r\n"), std::string::npos);
  EXPECT_LT(client.send_some(std::string(8'000'000, 'x')), 3'000'000u);
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Uploads, of_lingering_clients_that_say_nothing_end_soon) {
  ASSERT_TRUE(gate.reload(one_site("- { path: /no, respond: { status: 403, body: no } }")));
  client = gate.client();
  client.send(request("POST /no", "Transfer-Encoding: chunked\r\n"));
  client.take_all();
  gate.loop.advance(3s);
  EXPECT_EQ(gate.sessions(), 0u);
}

// There is no memory to read it.
class Unreadable final : public BodySource {
 public:
  runtime::Task<Result<ByteView>> read() override { throw std::bad_alloc(); }
  Result<ByteView> buffered() override { return ByteView{}; }
  bool complete() const override { return false; }
  void govern(std::uint64_t, const Pace&) override {}
};

TEST(Upload, for_which_memory_ends_ends_alone) {
  Gate gate;
  auto pipe = sp::testing::make_pipe(gate.loop);
  Unreadable content;
  ClientConnection client;
  Arena arena;
  runtime::CancelSource token;
  Exchange exchange(gate.worker(), client, arena, token);
  exchange.connection = std::make_unique<H1Upstream>(nullptr, std::move(pipe.a), "10.0.0.1:8000", "", codec::Limits{});
  exchange.body = &content;
  ASSERT_TRUE(exchange.upload.prepare(exchange));
  exchange.scope.spawn(exchange.upload.run(exchange));
  EXPECT_EQ(exchange.scope.running(), 0u);
  EXPECT_TRUE(exchange.upload.over());
  EXPECT_FALSE(exchange.upload.complete());
  EXPECT_EQ(exchange.upload.failure.code, Code::out_of_memory);
  exchange.connection.reset();
  char octet;
  EXPECT_EQ(pipe.b->try_read({&octet, 1}).code, Code::upstream_reset);  // it does not look whole
}

}  // namespace
}  // namespace sp::proxy
