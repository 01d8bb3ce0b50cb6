// The way to a server: names, addresses, time, and what the client is told when it cannot be reached.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

using Answer = sp::testing::Behaviour::Answer;
using sp::testing::endpoint;
const Endpoint at = endpoint("10.0.0.1:8000");
const std::string by_name = one_site("- { path: /, to: \"http://app.internal:8000\" }");

class Connecting : public ::testing::Test {
 protected:
  void expect_failure(Gate& gate, std::string_view status, Code code, runtime::Duration after = 0ms) {
    Scripted client = gate.client();
    client.send(request("GET /"));
    if (after > 0ms) {
      gate.loop.advance(after - 1ms);
      client.expect_nothing();
      gate.loop.advance(1ms);
    }
    const std::string text = client.take_all();
    EXPECT_TRUE(text.starts_with(joined({"HTTP/1.1 ", status, " "}))) << text;
    EXPECT_NE(text.find(joined({"Proxy-Status: sallyport; error=", info(code).proxy_status, "\r\n"})),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("10.0.0.1"), std::string::npos) << text;
    EXPECT_EQ(text.find("app.internal"), std::string::npos) << text;
    EXPECT_EQ(name(gate.observed.last().code), name(code));
    detail = gate.observed.last().detail;
  }
  std::string detail;
};

TEST_F(Connecting, to_nobody_is_refused) {
  Gate gate;
  expect_failure(gate, "502", Code::connection_refused);
  EXPECT_EQ(detail, "10.0.0.1:8000 refused");
}

TEST_F(Connecting, to_an_unreachable_address_fails) {
  Gate gate;
  gate.network.behave(at, {.answer = Answer::unreachable});
  expect_failure(gate, "502", Code::connection_unreachable);
}

TEST_F(Connecting, to_a_silent_address_takes_as_long_as_it_may) {
  Gate gate;
  gate.network.behave(at, {.answer = Answer::silence});
  expect_failure(gate, "504", Code::connection_timeout, 3s);
  EXPECT_EQ(detail, "10.0.0.1:8000 timed out");
}

TEST_F(Connecting, without_descriptors_is_our_own_fault) {
  Gate gate;
  gate.network.behave(at, {.answer = Answer::no_descriptors});
  expect_failure(gate, "503", Code::no_descriptors);
  EXPECT_EQ(gate.observed.last().side, Side::local);
}

TEST_F(Connecting, to_a_name_that_does_not_exist_fails) {
  Gate gate(by_name);
  expect_failure(gate, "502", Code::dns_error);
  EXPECT_EQ(detail, "app.internal: the name of the server could not be resolved");
}

TEST_F(Connecting, to_a_name_without_addresses_fails) {
  Gate gate(by_name);
  gate.resolver.set_failure("app.internal", Code::dns_no_address);
  expect_failure(gate, "502", Code::dns_no_address);
}

TEST_F(Connecting, to_a_name_that_nobody_resolves_in_time_fails) {
  Gate gate(by_name);
  gate.resolver.set("app.internal", {"10.0.0.1"}, 1h);
  expect_failure(gate, "504", Code::dns_timeout, 3s);
}

TEST_F(Connecting, to_a_name_tries_all_of_its_addresses) {
  Gate gate(by_name);
  gate.resolver.set("app.internal", {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  gate.network.behave(at, {.answer = Answer::unreachable});
  Scripted client = gate.client();
  ScriptedServer& third = gate.server("10.0.0.3:8000");
  client.send(request("GET /"));
  Scripted server = third.accept();
  server.expect("GET / HTTP/1.1\r\nHost: a.test\r\n");
  server.take_until("\r\n\r\n");
  server.send(hi);
  client.expect(hi_there);
  EXPECT_EQ(gate.observed.last().server, "10.0.0.3:8000");
}

TEST_F(Connecting, goes_to_unix_sockets_too) {
  Gate gate(one_site("- { path: /, to: \"http+unix:///run/app.sock\" }"));
  ScriptedServer& app = gate.server("unix:/run/app.sock");
  Scripted client = gate.client();
  client.send(request("GET /"));
  app.accept().expect(forwarded("GET /"));
}

TEST_F(Connecting, says_that_a_unix_socket_does_not_exist) {
  Gate gate(one_site("- { path: /, to: \"http+unix:///run/app.sock\" }"));
  gate.network.behave(sp::testing::endpoint("unix:/run/app.sock"), {.answer = Answer::not_found});
  expect_failure(gate, "502", Code::connection_refused);
  EXPECT_EQ(detail, "unix:/run/app.sock does not exist");
}

TEST_F(Connecting, without_permission_to_use_a_unix_socket_fails) {
  Gate gate(one_site("- { path: /, to: \"http+unix:///run/app.sock\" }"));
  gate.network.behave(sp::testing::endpoint("unix:/run/app.sock"), {.answer = Answer::forbidden});
  expect_failure(gate, "502", Code::connection_failed);
}

TEST_F(Connecting, ends_when_the_client_is_gone) {
  Gate gate;
  gate.network.behave(at, {.answer = Answer::silence});
  Scripted client = gate.client();
  client.send(request("GET /"));
  client.reset();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(Connecting, ends_when_the_client_is_gone_while_a_name_is_looked_up) {
  Gate gate(by_name);
  gate.resolver.set("app.internal", {"10.0.0.1"}, 1h);
  Scripted client = gate.client();
  client.send(request("GET /"));
  client.reset();
  EXPECT_EQ(gate.sessions(), 0u);
}

}  // namespace
}  // namespace sp::proxy
