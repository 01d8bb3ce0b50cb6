// Connections that wait for a request without a session: nobody can tell them from the others.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Parked : public ::testing::Test {
 protected:
  // A client that has asked once and whose connection is parked, since another one waits in place.
  Scripted parked() {
    Scripted client = gate.client();
    ask(client, "GET /first");
    Scripted other = gate.client();
    ask(other, "GET /second");
    others.push_back(std::move(other));
    return client;
  }
  void ask(Scripted& client, std::string_view line) {
    client.send(request(line));
    if (!server_of_all.open()) server_of_all = gate.server().accept();
    server_of_all.expect(forwarded(line));
    server_of_all.send(hi);
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 OK\r\n"));
  }

  Gate gate{one_server(), {.most_idle = 1}};
  ScriptedServer& servers = gate.server();
  Scripted server_of_all{gate.loop, nullptr};
  std::vector<Scripted> others;
};

TEST_F(Parked, are_sessions_without_a_session) {
  Scripted client = parked();
  EXPECT_EQ(gate.sessions(), 2u);
  EXPECT_EQ(gate.worker().parked(), 1u);
}

TEST_F(Parked, are_served_when_the_client_asks_again) {
  Scripted client = parked();
  for (int i = 0; i < 3; ++i) {
    ask(client, "GET /again");
    ask(others[0], "GET /again");
  }
  EXPECT_EQ(gate.worker().parked(), 1u);
}

TEST_F(Parked, wait_on_when_only_a_part_of_a_head_comes) {
  Scripted client = parked();
  client.send("GET /again HTTP/1.1\r\n");
  gate.loop.advance(5s);
  client.send("Host: a.test\r\n\r\n");
  server_of_all.expect(forwarded("GET /again"));
  server_of_all.send(hi);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(Parked, are_closed_when_they_were_idle_for_long_enough) {
  Scripted client = gate.client();
  ask(client, "GET /first");
  gate.loop.advance(30s);
  Scripted other = gate.client();
  ask(other, "GET /second");
  EXPECT_EQ(gate.worker().parked(), 1u);
  gate.loop.advance(29s);
  client.expect_nothing();
  gate.loop.advance(2s);  // since its own last response
  client.expect_end();
  EXPECT_EQ(gate.sessions(), 1u);
}

TEST_F(Parked, are_all_of_them_when_nothing_goes_on) {
  Scripted client = parked();
  gate.loop.advance(5s);
  EXPECT_EQ(gate.worker().parked(), 2u);
  ask(client, "GET /again");
  ask(others[0], "GET /again");
}

TEST_F(Parked, end_when_the_client_goes) {
  Scripted client = parked();
  client.close();
  EXPECT_EQ(gate.worker().parked(), 0u);
  Scripted another = parked();
  another.reset();
  EXPECT_EQ(gate.worker().parked(), 1u);  // of the two that wait in place one went there
}

TEST_F(Parked, are_closed_when_the_gate_drains) {
  Scripted client = parked();
  gate.worker().drain();
  client.expect_end();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Parked, get_their_answer_from_the_configuration_with_which_they_began) {
  Scripted client = parked();
  ASSERT_TRUE(gate.reload(one_site("- { path: /, respond: { status: 403, body: no } }")));
  client.send(request("GET /again"));
  server_of_all = gate.server().accept();
  server_of_all.expect(forwarded("GET /again"));
  server_of_all.send(hi);
  client.expect(hi_and_bye);
  client.expect_end();
}

}  // namespace
}  // namespace sp::proxy
