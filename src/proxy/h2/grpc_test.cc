// What the gate itself says to programs that speak gRPC.
#include "proxy/h2/peers_for_tests.h"

namespace sp::proxy {
namespace {

using codec::h2::Role;

std::string grpc_gate() {
  return "inbound:\n- listen: [ \"h2c://:80\" ]\n  sites:\n  - hosts: [ a.test ]\n    routes:\n"
         "    - { path: /s.S, to: \"h2c://10.0.0.1:8000\", max_body: 1KiB }\n"
         "    - { path: /closed.S, to: \"h2c://10.0.0.1:8000\", allow: [ 192.0.2.1 ] }\n";
}

class Grpc : public ::testing::Test {
 protected:
  // What the client is told of a call that the gate answers.
  const H2Peer::Stream& call(std::string_view method, std::string_view type = "application/grpc",
                             std::string content = "x") {
    http::Fields fields(arena);
    if (!type.empty()) fields.add("content-type", type);
    client.log.take();
    const H2Peer::Stream& stream = client.request("POST", method, &fields, std::move(content));
    story = client.story();
    return stream;
  }
  std::string field(const H2Peer::Stream& stream, std::string_view name) {
    const http::Field* found = stream.response.fields.find(name);
    return found == nullptr ? "-" : std::string(found->value);
  }

  Gate gate{grpc_gate()};
  Arena arena;
  H2Peer client{gate, gate.client(), Role::client};
  std::string story;
};

TEST_F(Grpc, a_server_that_is_down_is_unavailable) {
  const auto& stream = call("/s.S/Do");
  EXPECT_TRUE(story.starts_with("1 head 200 end; ")) << story;
  EXPECT_EQ(field(stream, "content-type"), "application/grpc");
  EXPECT_EQ(field(stream, "grpc-status"), "14");
  EXPECT_TRUE(
      field(stream, "grpc-message").starts_with("the server refused the connection (connection_refused, request "))
      << field(stream, "grpc-message");
  EXPECT_EQ(field(stream, "proxy-status"), "sallyport; error=connection_refused");
  EXPECT_EQ(field(stream, "content-length"), "-");
  EXPECT_EQ(gate.observed.last().code, Code::connection_refused);
  EXPECT_EQ(gate.observed.last().grpc_status, "14");
}

TEST_F(Grpc, every_refusal_has_its_status) {
  EXPECT_EQ(field(call("/none.S/Do"), "grpc-status"), "12");
  EXPECT_EQ(field(call("/closed.S/Do"), "grpc-status"), "7");
  gate.network.behave(sp::testing::endpoint("10.0.0.1:8000"), {.answer = sp::testing::Behaviour::Answer::silence});
  const auto& late = call("/s.S/Do");
  gate.loop.advance(4s);
  client.story();
  EXPECT_EQ(field(late, "grpc-status"), "4");
}

TEST_F(Grpc, a_call_that_is_too_large_exhausts_a_resource) {
  gate.server();
  EXPECT_EQ(field(call("/s.S/Do", "application/grpc+proto", std::string(2000, 'x')), "grpc-status"), "8") << story;
  EXPECT_EQ(gate.observed.last().code, Code::body_too_large);
}

TEST_F(Grpc, a_message_is_percent_encoded) {
  EXPECT_TRUE(field(call("/s.S/a%2Fb"), "grpc-message").starts_with("the path has an encoded slash (%252F), "));
}

TEST_F(Grpc, the_type_of_the_call_is_that_of_the_answer) {
  EXPECT_EQ(field(call("/s.S/Do", "application/grpc-web+proto"), "content-type"), "application/grpc-web+proto");
}

TEST_F(Grpc, others_get_the_page) {
  const auto& stream = call("/s.S/Do", "application/json");
  EXPECT_EQ(stream.response.status, 502);
  EXPECT_EQ(field(stream, "grpc-status"), "-");
  Gate over_http1;
  Scripted old = over_http1.client();
  old.send(request("POST /x", "Content-Type: application/grpc\r\nContent-Length: 0\r\n"));
  EXPECT_TRUE(old.take_all().starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
}

// What it came in is given back before the log hears of it.
TEST(GrpcOverHttp1, the_status_in_a_head_is_told) {
  Gate gate(h2c_gate());
  ScriptedServer& servers = gate.server();
  H2Peer client(gate, gate.client(), Role::client);
  client.request("POST", "/s.S/Do");
  Scripted server = servers.accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\ngrpc-status: 5\r\n\r\n");
  client.exchange();
  EXPECT_EQ(gate.observed.last().grpc_status, "5");
}

}  // namespace
}  // namespace sp::proxy
