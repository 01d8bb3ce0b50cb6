// Time: heads have deadlines, bodies must move, and nobody who moves steadily is cut off.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Slow : public OneServer {
 protected:
  void expect_status(std::string_view status, Code code) {
    const std::string text = client.take_all();
    EXPECT_TRUE(text.starts_with(joined({"HTTP/1.1 ", status, " "}))) << text.substr(0, 200);
    EXPECT_EQ(name(gate.observed.last().code), name(code));
  }
};

TEST_F(Slow, a_client_that_says_nothing_is_closed) {
  gate.loop.advance(11s);
  client.expect_end();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Slow, a_head_that_does_not_end_is_answered_with_408) {
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\n");
  gate.loop.advance(9s);
  client.send("X: 1\r\n");  // dripping is no help
  client.expect_nothing();
  gate.loop.advance(2s);
  expect_status("408", Code::head_timeout);
  EXPECT_EQ(gate.observed.last().detail, "its end did not come within timeouts.client_head");
  client.expect_end();
}

TEST_F(Slow, a_body_that_stands_still_is_answered_with_408) {
  client.send(request("POST /", "Content-Length: 100\r\n") + "abc");
  server = accept();
  server.take_until("abc");
  gate.loop.advance(29s);
  client.expect_nothing();
  gate.loop.advance(2s);
  expect_status("408", Code::body_too_slow);
  server.expect_reset();
}

TEST_F(Slow, a_body_that_drips_is_answered_with_408) {
  client.send(request("POST /", "Content-Length: 1000\r\n"));
  server = accept();
  for (int i = 0; i < 7 && gate.observed.exchanges.empty(); ++i) {
    gate.loop.advance(10s);
    client.send_some("x");
  }
  expect_status("408", Code::body_too_slow);
  server.expect_reset();
}

TEST_F(Slow, a_server_that_stops_reading_is_given_up_at_once) {
  client.send(request("POST /", "Content-Length: 8000000\r\n"));
  server = accept();
  server.take_until("\r\n\r\n");
  client.send_some(std::string(1'000'000, 'x'));  // until nobody takes more
  gate.loop.advance(29s);
  client.expect_nothing();
  gate.loop.advance(2s);
  expect_status("504", Code::request_write_timeout);
  server.expect_reset();
}

TEST_F(Slow, a_body_that_is_slow_but_steady_passes) {
  client.send(request("POST /", "Content-Length: 132000\r\n"));
  server = accept();
  server.take_until("\r\n\r\n");
  std::size_t got = 0;
  for (int i = 0; i < 600 && gate.observed.exchanges.empty(); ++i) {  // twenty minutes at 110 octets a second
    gate.loop.advance(2s);
    client.send(std::string(220, 'x'));
    got += server.take_all().size();
  }
  EXPECT_EQ(got, 132'000u);
  server.send(hi);
  client.expect("HTTP/1.1 200 OK\r\n");
}

TEST_F(Slow, a_body_that_waits_for_the_server_is_not_blamed) {
  client.send(request("POST /", "Content-Length: 1000000\r\n"));
  server = accept();
  const std::string content(1'000'000, 'x');
  std::size_t sent = client.send_some(content);
  server.take_until("\r\n\r\n");
  std::size_t got = 0;
  for (int i = 0; i < 200 && got < content.size(); ++i) {
    gate.loop.advance(20s);  // a slow server
    got += server.take_all().size();
    sent += client.send_some(content.substr(sent));
  }
  EXPECT_EQ(got, content.size());
  server.send(hi);
  client.expect("HTTP/1.1 200 OK\r\n");
}

TEST_F(Slow, a_client_that_does_not_read_is_cut_off) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n");
  server.send_some(std::string(1'000'000, 'x'));
  gate.loop.advance(31s);
  EXPECT_EQ(gate.observed.last().code, Code::client_too_slow);
  server.expect_reset();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Slow, a_client_that_reads_slowly_but_steadily_gets_everything) {
  constexpr std::size_t size = 1'000'000;
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  const std::string content(size, 'x');
  std::size_t sent = server.send_some(content);
  std::size_t got = 0;
  client.take_until("\r\n\r\n");
  for (int i = 0; i < 2000 && got < size; ++i) {
    gate.loop.advance(10s);
    char octets[4000];
    auto read = client.stream().try_read(octets);
    got += read.bytes;
    if (got > size / 2) got += client.take_all().size();
    sent += server.send_some(content.substr(sent));
  }
  EXPECT_GE(got, size - 70'000);
  EXPECT_EQ(gate.observed.last().code, Code::ok);
}

TEST_F(Slow, a_server_that_does_not_begin_its_answer_becomes_504) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  gate.loop.advance(59s);
  client.expect_nothing();
  gate.loop.advance(2s);
  expect_status("504", Code::response_head_timeout);
  server.expect_end();
}

TEST_F(Slow, a_server_that_drips_its_head_becomes_504) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 7 && gate.observed.exchanges.empty(); ++i) {
    gate.loop.advance(10s);
    server.send_some("X: y\r\n");
  }
  expect_status("504", Code::response_head_timeout);
}

TEST_F(Slow, the_time_for_the_answer_begins_when_the_upload_ends) {
  client.send(request("POST /", "Content-Length: 40000\r\n"));
  server = accept();
  for (int i = 0; i < 10; ++i) {
    gate.loop.advance(15s);
    client.send(std::string(4000, 'x'));
  }
  gate.loop.advance(59s);
  client.expect_nothing();
  server.send(hi);
  client.expect("HTTP/1.1 200 OK\r\n");
}

TEST_F(Slow, a_server_that_stops_in_mid_response_is_cut_off) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.take_until("abc\r\n");
  gate.loop.advance(31s);
  client.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::response_body_timeout);
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST(SlowServers, that_do_not_take_the_request_become_504) {
  Gate gate(one_server(), {.network = {.capacity = 1000}});
  gate.server();
  Scripted client = gate.client();
  client.send_some(request("GET /", "X-Big: " + std::string(3000, 'x') + "\r\n"));
  gate.loop.advance(31s);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 504 "));
  EXPECT_EQ(gate.observed.last().code, Code::request_write_timeout);
}

}  // namespace
}  // namespace sp::proxy
