// TLS on both sides of a gate: what passes, what is told to whom when it does not, and http that belongs to https.
#include "proxy/tls_for_tests.h"

namespace sp::proxy {
namespace {

using sp::testing::GateOptions;
using Use = tls::CertificateRequest::Use;

std::string https_gate(std::string_view tls = {}) {
  std::string text =
      "certificates: [ { cert: a.pem, key: a.key } ]\ninbound:\n- listen: [ \"https://:443\", \"http://:80\" ]\n";
  if (!tls.empty()) text += joined({"  tls: ", tls, "\n"});
  return text +
         "  sites:\n  - { hosts: [ a.test ], routes: [ { path: /, to: \"http://10.0.0.1:8000\" } ] }\n"
         "  - { hosts: [ some.a.test ], routes: [ { path: /app, to: \"http://10.0.0.1:8000\" } ] }\n"
         "  - { hosts: [ plain.test ], routes: [ { path: /, respond: { body: plain } } ] }\n";
}

class Https : public ::testing::Test {
 protected:
  static Pairs pairs() {
    static const Pairs made{{"a", test_authority().leaf({"a.test", "some.a.test"})},
                            {"client", test_authority().leaf({"user"}, {.use = Use::client, .common_name = "user"})},
                            {"stranger", sp::testing::self_signed({"user"}, {.use = Use::client})}};
    return made;
  }
  void use(std::string_view tls) {
    peer.reset();
    gate.reset();  // loops nest: the old one must go first
    gate = std::make_unique<Gate>(https_gate(tls), GateOptions{.files = files_with(pairs())});
    gate->server();
    peer = std::make_unique<TlsPeer>(*gate, pairs());
  }
  Https() { use({}); }
  ~Https() override { peer.reset(); }
  Code last_connection() const {
    return gate->observed.connections.empty() ? Code::ok : gate->observed.connections.back().code;
  }

  std::unique_ptr<Gate> gate;
  std::unique_ptr<TlsPeer> peer;
};

TEST_F(Https, requests_are_passed_on_with_their_scheme) {
  Scripted client = peer->connect();
  ASSERT_TRUE(peer->shaken);
  client.send(request("GET /"));
  Scripted server = gate->server().accept();
  server.expect(
      "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Host: a.test\r\n"
      "X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nVia: 1.1 gate\r\n\r\n");
  server.send(hi);
  client.expect(hi_there);
}

TEST_F(Https, http_is_sent_there) {
  Scripted client = gate->client();
  client.send(request("GET /x?y"));
  EXPECT_TRUE(client.take_until("\r\n\r\n").starts_with("HTTP/1.1 301 Moved Permanently\r\n"));
  client.take_all();
  client.send(request("POST /x"));
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 308 Permanent Redirect\r\n")) << text;
  EXPECT_NE(text.find("Location: https://a.test/x\r\n"), std::string::npos) << text;
}

TEST_F(Https, http_is_sent_there_whatever_the_path_is) {
  Scripted client = gate->client();
  for (std::string_view path : {"/app", "/", "/none", "/a%2Fb"}) {
    client.send(joined({"GET ", path, " HTTP/1.1\r\nHost: some.a.test\r\n\r\n"}));
    const std::string text = client.take_all();
    EXPECT_TRUE(text.starts_with("HTTP/1.1 301 ")) << text;
    EXPECT_NE(text.find(joined({"Location: https://some.a.test", path, "\r\n"})), std::string::npos) << text;
  }
  client.send("OPTIONS * HTTP/1.1\r\nHost: some.a.test\r\n\r\n");
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 "));
}

TEST_F(Https, http_stays_where_the_site_has_no_certificate) {
  Scripted client = gate->client();
  client.send("GET / HTTP/1.1\r\nHost: plain.test\r\n\r\n");
  client.expect("HTTP/1.1 200 OK\r\n");
}

TEST_F(Https, plain_http_is_told_what_the_port_speaks) {
  Scripted client = gate->client("203.0.113.1:50000", "192.0.2.80:443");
  client.send(request("GET /"));
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 400 ")) << text;
  EXPECT_NE(text.find("use https://"), std::string::npos);
  EXPECT_NE(text.find("\r\nProxy-Status: sallyport; error=http_request_error\r\n"), std::string::npos) << text;
  EXPECT_EQ(last_connection(), Code::plain_http_on_tls);
}

TEST_F(Https, garbage_is_no_handshake) {
  Scripted client = gate->client("203.0.113.1:50000", "192.0.2.80:443");
  client.send(std::string("\x16\x03\x01\x00\x05hello", 10));
  gate->loop.advance(11s);
  EXPECT_EQ(gate->sessions(), 0u);
  EXPECT_EQ(last_connection(), Code::client_tls_failed);
}

// They wake a connection that waits for a request, and are none.
TEST_F(Https, octets_of_a_record_that_does_not_end_keep_no_connection) {
  Scripted client = peer->connect();
  client.expect_nothing();  // and the handshake is done
  Scripted below(gate->loop, static_cast<tls::TlsStream&>(client.stream()).take_lower());
  gate->loop.advance(5s);
  ASSERT_EQ(gate->worker().parked(), 1u);
  below.send(std::string("\x17\x03\x03\x40\x00x", 6));
  gate->loop.advance(4s);
  EXPECT_EQ(gate->sessions(), 1u);
  gate->loop.advance(2s);
  EXPECT_EQ(gate->sessions(), 0u);
}

TEST_F(Https, a_client_that_says_nothing_is_closed) {
  Scripted client = gate->client("203.0.113.1:50000", "192.0.2.80:443");
  gate->loop.advance(11s);
  EXPECT_EQ(gate->sessions(), 0u);
}

TEST_F(Https, a_client_certificate_is_required_where_it_is) {
  use("{ client_certificates: { mode: required, ca: authority.pem } }");
  Scripted client = peer->connect();
  client.take_all();  // the client's side of the handshake ends before the gate's
  EXPECT_EQ(last_connection(), Code::client_certificate_required);
  EXPECT_EQ(gate->sessions(), 0u);
}

TEST_F(Https, a_client_certificate_of_a_stranger_is_refused) {
  use("{ client_certificates: { mode: optional, ca: authority.pem } }");
  Scripted client = peer->connect("a.test", "stranger");
  client.take_all();
  EXPECT_EQ(last_connection(), Code::client_certificate_invalid);
}

TEST_F(Https, a_client_certificate_is_told_to_the_server) {
  use("{ client_certificates: { mode: optional, ca: authority.pem } }");
  Scripted client = peer->connect("a.test", "client");
  ASSERT_TRUE(peer->shaken);
  client.send(request("GET /", "X-Client-Certificate: forged\r\n"));
  const std::string head = gate->server().accept().take_until("\r\n\r\n");
  EXPECT_NE(head.find("X-Client-Certificate: fingerprint="), std::string::npos) << head;
  EXPECT_EQ(head.find("forged"), std::string::npos) << head;
}

TEST_F(Https, a_client_certificate_that_nobody_showed_cannot_be_claimed) {
  Scripted client = peer->connect();
  client.send(request("GET /", "X-Client-Certificate: forged\r\nX_Client_Certificate: forged\r\n"));
  EXPECT_EQ(gate->server().accept().take_until("\r\n\r\n").find("forged"), std::string::npos);
}

// ---- towards servers ----

struct Server {
  std::string_view name;  // of the certificate that it has
  std::string_view tls;   // upstream_tls
  Code code;
};
class TlsServers : public ::testing::TestWithParam<Server> {
 protected:
  static Pairs pairs() {
    static const Pairs made{{"app", test_authority().leaf({"app.internal", "a.test"})},
                            {"other", test_authority().leaf({"other.internal"})},
                            {"old", test_authority().leaf({"app.internal"}, {.from_days = -60, .until_days = -2})},
                            {"self", sp::testing::self_signed({"app.internal"})}};
    return made;
  }
  static std::string to_app(std::string_view tls) {
    return one_site(joined({"- { path: /, to: \"https://app.internal:8443\", upstream_tls: { ca: authority.pem",
                            tls.empty() ? "" : ", ", tls, " } }"}));
  }
};

TEST_P(TlsServers, are_verified_and_failures_named) {
  Gate gate(to_app(GetParam().tls), {.files = files_with(pairs())});
  gate.resolver.set("app.internal", {"10.0.0.5"});
  TlsPeer peer(gate, pairs());
  config::ListenerTlsConfig config;
  if (GetParam().code == Code::upstream_tls_alert) {
    config.client_certificates.mode = config::ClientCertificates::required;
    config.client_certificates.ca.value = "authority.pem";
  }
  peer.listen("10.0.0.5:8443", std::string(GetParam().name), config);
  Scripted client = gate.client();
  client.send(request("GET /"));
  Scripted server = peer.accept();
  if (GetParam().code == Code::ok) {
    server.expect(forwarded("GET /"));
    server.send(hi);
    client.expect(hi_there);
    return;
  }
  server.take_all();
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 502 ")) << text;
  EXPECT_EQ(text.find("internal"), std::string::npos) << text;
  EXPECT_EQ(name(gate.observed.last().code), name(GetParam().code));
}
INSTANTIATE_TEST_SUITE_P(Rows, TlsServers,
                         ::testing::Values(Server{"app", "", Code::ok}, Server{"other", "verify: chain", Code::ok},
                                           Server{"self", "verify: none", Code::ok},
                                           Server{"other", "", Code::upstream_certificate_name},
                                           Server{"self", "", Code::upstream_certificate_untrusted},
                                           Server{"old", "", Code::upstream_certificate_expired},
                                           Server{"app", "pin: [ \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\" ]",
                                                  Code::upstream_certificate_pin},
                                           Server{"app", "", Code::upstream_tls_alert}));

TEST(TlsServersThatSpeakPlainHttp, are_an_error) {
  Gate gate(one_site("- { path: /, to: \"https://10.0.0.1:8000\", upstream_tls: { verify: none } }"));
  ScriptedServer& plain = gate.server();
  Scripted client = gate.client();
  client.send(request("GET /"));
  Scripted server = plain.accept();
  server.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_tls_failed);
}

constexpr std::string_view two_tls_servers =
    "upstreams:\n  app:\n    servers: [ \"https://10.0.0.1:8000\", \"https://10.0.0.2:8000\" ]\n"
    "    upstream_tls: { verify: none }\n";

TEST(PoolsOfTlsServers, learn_nothing_from_clients_that_leave_during_the_handshake) {
  Gate gate(one_site("- { path: /, to: app }", two_tls_servers));
  gate.server();
  gate.server("10.0.0.2:8000");
  for (int i = 0; i < 8; ++i) {
    Scripted client = gate.client();
    client.send(request("GET /"));
    client.reset();
    EXPECT_EQ(gate.observed.last().code, Code::client_closed);
    EXPECT_EQ(gate.observed.last().side, Side::client);
  }
  EXPECT_TRUE(gate.observed.events.empty());
}

// A WebSocket is asked for in HTTP/1.1, which they do not offer.
TEST(PoolsOfTlsServers, that_speak_HTTP_2_alone_are_none_the_worse_for_websockets) {
  const Pairs pairs{{"app", test_authority().leaf({"app.internal"})}};
  Gate gate(one_site("- { path: /, to: app }", two_tls_servers), {.files = files_with(pairs)});
  TlsPeer first(gate, pairs), second(gate, pairs);
  first.listen("10.0.0.1:8000", "app", {}, h2_only);
  second.listen("10.0.0.2:8000", "app", {}, h2_only);
  for (int i = 0; i < 8; ++i) {
    Scripted client = gate.client();
    client.send(request("GET /",
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(gate.observed.last().code, Code::upstream_tls_alert);
  }
  EXPECT_TRUE(gate.observed.events.empty());
}

// What comes of two servers that refuse three handshakes: "unrecognized_name".
std::vector<std::string> marked_for_refusing(std::string_view sni) {
  Gate gate(
      one_site("- { path: /, to: app }",
               joined({"upstreams:\n  app:\n    servers: [ \"https://10.0.0.1:8000\", \"https://10.0.0.2:8000\" ]\n"
                       "    upstream_tls: { verify: none",
                       sni, " }\n"})));
  ScriptedServer& first = gate.server();
  ScriptedServer& second = gate.server("10.0.0.2:8000");
  for (int i = 0; i < 3; ++i) {
    Scripted client = gate.client();
    client.send(request("GET /"));
    for (int tries = 0; tries < 2; ++tries) {
      Scripted server = (first.waiting() != 0 ? first : second).accept();
      server.send(std::string_view("\x15\x03\x03\x00\x02\x02\x70", 7));
    }
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(gate.observed.last().code, Code::upstream_tls_alert);
  }
  return gate.observed.events;
}

// A client can make names up.
TEST(PoolsOfTlsServers, may_refuse_a_name_that_the_client_has_chosen) {
  EXPECT_TRUE(marked_for_refusing("").empty());
  EXPECT_EQ(marked_for_refusing(", sni: app.internal").size(), 2u);
}

// What the old files have vouched for is not what the new ones do.
TEST(TlsServersAfterReload, are_verified_by_what_the_files_hold_now) {
  const Pairs pairs{{"app", test_authority().leaf({"app.internal"})}};
  const std::string yaml =
      one_site("- { path: /, to: \"https://app.internal:8443\", upstream_tls: { ca: authority.pem } }");
  Gate gate(yaml, {.files = files_with(pairs)});
  gate.resolver.set("app.internal", {"10.0.0.5"});
  TlsPeer peer(gate, pairs);
  peer.listen("10.0.0.5:8443", "app");
  Scripted client = gate.client();
  client.send(request("GET /"));
  Scripted server = peer.accept();
  for (int generation = 0; generation < 2; ++generation) {  // nothing has changed: the connection stays
    server.take_until("\r\n\r\n");
    server.send(hi);
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 "));
    ASSERT_TRUE(gate.reload(yaml));
    client = gate.client();
    if (generation == 0) client.send(request("GET /"));
  }
  gate.files.files["authority.pem"] = sp::testing::TestAuthority("Another").pem();
  ASSERT_TRUE(gate.reload(yaml));
  server.expect_end();
  client = gate.client();
  client.send(request("GET /"));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_certificate_untrusted);
}

TEST(TlsServersThatSayNothing, take_as_long_as_connecting_may) {
  Gate gate(one_site("- { path: /, to: \"https://10.0.0.1:8000\", upstream_tls: { verify: none } }"));
  gate.server();
  Scripted client = gate.client();
  client.send(request("GET /"));
  gate.loop.advance(3s);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 504 "));
  EXPECT_EQ(gate.observed.last().code, Code::connection_timeout);
}

}  // namespace
}  // namespace sp::proxy
