// Expect: 100-continue and the other 1xx (RFC 9110 sections 10.1.1 and 15.2).
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

const std::string upload = request("PUT /up", "Expect: 100-continue\r\nContent-Length: 3\r\n");
const std::string upload_there = forwarded("PUT /up", "", "Expect: 100-continue\r\nContent-Length: 3\r\n");
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

class Interim : public OneServer {
 protected:
  void begin() {
    client.send(upload);
    server = accept();
    server.expect(upload_there);
    client.expect_nothing();
  }
};

TEST_F(Interim, the_100_of_the_server_lets_the_client_send) {
  begin();
  server.send(go_on);
  client.expect(go_on);
  server.expect_nothing();
  client.send("abc");
  server.expect("abc");
  server.send(hi);
  client.expect(hi_there);
  pass("GET /next");
}

TEST_F(Interim, a_final_answer_spares_the_client_the_upload) {
  begin();
  server.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  client.expect(response("413 Content Too Large", "Content-Length: 2\r\nConnection: close\r\n") + "no");
  client.expect_end();
  server.expect_reset();  // it may wait for three octets that never come
}

TEST_F(Interim, a_server_that_says_nothing_is_not_waited_for) {
  begin();
  gate.loop.advance(999ms);
  client.expect_nothing();
  gate.loop.advance(1ms);
  client.expect(go_on);
  client.send("abc");
  server.expect("abc");
  server.send(joined({go_on, hi}));  // too late: the client has had one
  client.expect("HTTP/1.1 200 OK\r\n");
}

TEST_F(Interim, none_falls_into_a_final_answer_that_takes_its_time) {
  begin();
  server.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nno");
  client.expect(response("413 Content Too Large", "Content-Length: 4\r\nConnection: close\r\n") + "no");
  gate.loop.advance(5s);
  client.expect_nothing();
  server.send("pe");
  client.expect("pe");
  client.expect_end();
  server.expect_reset();
}

TEST_F(Interim, a_100_and_a_final_answer_at_once_do_not_wait_for_the_upload) {
  begin();
  server.send(joined({go_on, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"}));
  client.expect(joined({go_on, response("413 Content Too Large", "Content-Length: 2\r\nConnection: close\r\n"), "no"}));
  client.expect_end();
  server.expect_reset();
}

TEST_F(Interim, a_client_need_not_wait_for_it) {
  client.send(upload + "abc");
  server = accept();
  server.expect(upload_there);
  server.send(go_on);
  server.expect("abc");
  server.send(hi);
  client.expect(joined({go_on, hi_there}));
}

TEST_F(Interim, a_100_without_being_asked_for_is_dropped) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send(joined({go_on, hi}));
  client.expect(hi_there);
}

TEST_F(Interim, other_1xx_pass_with_their_fields) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  client.expect("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  server.send("HTTP/1.1 102 Processing\r\n\r\n");
  client.expect("HTTP/1.1 102 Processing\r\n\r\n");
  server.send(hi);
  client.expect(hi_there);
  pass("GET /next");
}

TEST_F(Interim, a_client_of_http_1_0_hears_none) {
  client.send("POST / HTTP/1.0\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
  server = accept();
  EXPECT_TRUE(server.take_until("\r\n\r\n").find("Expect") == std::string::npos);
  server.expect("abc");
  server.send(joined({go_on, "HTTP/1.1 103 Early Hints\r\n\r\n", hi}));
  client.expect(hi_and_bye);
}

TEST_F(Interim, too_many_1xx_are_an_error) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  for (int i = 0; i < 33; ++i) server.send("HTTP/1.1 102 Processing\r\n\r\n");
  EXPECT_NE(client.take_all().find("HTTP/1.1 502 "), std::string::npos);
  EXPECT_EQ(gate.observed.last().code, Code::too_many_interim);
}

TEST_F(Interim, too_much_of_1xx_is_an_error_even_if_nobody_hears_it) {
  for (std::string_view version : {"1.1", "1.0"}) {
    client = gate.client();
    client.send(joined({"GET / HTTP/", version, "\r\nHost: a.test\r\n\r\n"}));
    server = accept();
    server.take_until("\r\n\r\n");
    for (int i = 0; i < 3; ++i)
      server.send("HTTP/1.1 103 Early Hints\r\nLink: <" + std::string(30'000, 'a') + ">\r\n\r\n");
    client.take_all();
    ASSERT_FALSE(gate.observed.exchanges.empty()) << version;
    EXPECT_EQ(gate.observed.last().code, Code::too_many_interim);
    gate.observed.exchanges.clear();
  }
}

TEST_F(Interim, what_was_said_holds_no_memory) {
  std::string hints = "HTTP/1.1 103 Early Hints\r\n";
  for (int i = 0; i < 50; ++i) hints += "Link: <a>; rel=preload\r\n";
  hints += "\r\n";
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  for (int i = 0; i < 30; ++i) {
    server.send(hints);
    client.expect(hints);
  }
  server.send(hi);
  client.expect(hi_there);
  EXPECT_LT(gate.observed.last().memory, 32'000u);
}

TEST_F(Interim, another_expectation_is_refused) {
  client.send(request("PUT /", "Expect: miracles\r\nContent-Length: 3\r\n"));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 417 "));
  EXPECT_EQ(gate.observed.last().code, Code::unsupported_expectation);
}

TEST_F(Interim, the_gate_refuses_without_asking_for_the_upload) {
  ASSERT_TRUE(gate.reload(one_server("max_body: 2B")));
  Scripted fresh = gate.client();
  fresh.send(upload);
  EXPECT_TRUE(fresh.take_all().starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(servers.accepted(), 0u);
}

}  // namespace
}  // namespace sp::proxy
