// Tunnels of a way out that are opened: what their clients and servers see, what is judged, and what stays closed.
#include "proxy/h2/peers_for_tests.h"
#include "proxy/outbound/use.h"
#include "proxy/tls_for_tests.h"
#include "tls/inspection_for_tests.h"

namespace sp::proxy {
namespace {

using namespace std::string_literals;
using codec::h2::Role;
using sp::testing::GateOptions;

constexpr std::string_view client_at = "127.0.0.1:50000";
constexpr std::string_view gate_at = "127.0.0.1:3128";
constexpr std::string_view site_at = "1.2.3.4:443";
constexpr std::string_view both[] = {"h2", "http/1.1"};

const Pairs& pairs() {
  static const Pairs made{
      {"root", tls::make_root()},
      {"small", tls::make_root({.domains = {"site.test"}, .networks = {}})},
      {"site", test_authority().leaf({"site.test", "more.test"})},
      {"other", test_authority().leaf({"other.test"})},
      {"expired", test_authority().leaf({"site.test"}, {.from_days = -30, .until_days = -1})},
      {"unknown", sp::testing::self_signed({"site.test"})},
  };
  return made;
}

const std::string everything_allowed = "      - { allow: [ site.test, more.test, 1.2.3.4 ], ports: [ 80, 443, 25 ] }\n";

std::string inspecting(std::string_view rules = everything_allowed, std::string_view more = {},
                       std::string_view authority = "root") {
  return joined({"outbound:\n  - listen: [ \"proxy://127.0.0.1:3128\" ]\n    inspect:\n      ca: { cert: ", authority,
                 ".pem, key: ", authority, ".key }\n      upstream_tls: { ca: authority.pem }\n", more, "    rules:\n",
                 rules});
}

struct Stand {
  explicit Stand(const std::string& yaml = inspecting(), const std::string& certificate = "site",
                 std::span<const std::string_view> alpn = http11_only)
      : gate(yaml, GateOptions{.files = files_with(pairs())}) {
    peer.trusts = "root.pem";
    for (const std::string_view name : {"site.test", "more.test"}) gate.resolver.set(name, {"1.2.3.4"});
    if (!certificate.empty()) peer.listen(site_at, certificate, {}, alpn);
  }

  Scripted tunnel(std::string_view to = "site.test:443") {
    Scripted client = gate.client(client_at, gate_at);
    client.send(joined({"CONNECT ", to, " HTTP/1.1\r\nHost: ", to, "\r\n\r\n"}));
    EXPECT_TRUE(client.take_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    return client;
  }
  // TLS inside.
  Scripted secure(Scripted client, std::string_view name = "site.test",
                  std::span<const std::string_view> alpn = http11_only) {
    Scripted secured = peer.secure(client.release(), name, {}, alpn);
    EXPECT_TRUE(peer.shaken) << sp::name(peer.shaken.error().code);
    return secured;
  }
  Scripted inside(std::string_view to = "site.test:443", std::string_view name = "site.test",
                  std::span<const std::string_view> alpn = http11_only) {
    return secure(tunnel(to), name, alpn);
  }
  static std::string get(std::string_view path, std::string_view host = "site.test", std::string_view more = {}) {
    return joined({"GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\n", more, "\r\n"});
  }
  static void expect_status(Scripted& client, std::string_view status) {
    const std::string head = client.take_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with(joined({"HTTP/1.1 ", status, " "}))) << head;
  }
  std::string_view code() const { return name(gate.observed.last().code); }
  // What the inside is answered with, and why.
  void expect_inside(Scripted& client, std::string_view request, std::string_view status, std::string_view why) {
    client.send(request);
    expect_status(client, status);
    client.close();
    gate.loop.settle();
    EXPECT_EQ(code(), why);
  }

  Gate gate;
  TlsPeer peer{gate, pairs()};
};

void answer(Scripted& server, std::string_view expected) {
  server.expect(expected);
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

TEST(Inspection, requests_in_tls_are_seen_and_passed_on) {
  Stand stand;
  Scripted client = stand.inside();
  Scripted server = stand.peer.accept();
  for (const std::string_view path : {"/a?b", "/c"}) {
    client.send(Stand::get(path, "site.test", "Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\n"));
    answer(server, joined({"GET ", path, " HTTP/1.1\r\nHost: site.test\r\n\r\n"}));
    Stand::expect_status(client, "200");
    client.expect("ok");
  }
  client.close();
  server.close();
  ASSERT_EQ(stand.gate.observed.exchanges.size(), 3u);
  EXPECT_EQ(stand.gate.observed.exchanges.front().authority, "site.test:443");
  EXPECT_EQ(stand.gate.observed.last().server, "1.2.3.4:443");
  EXPECT_EQ(stand.code(), "ok");
}

TEST(Inspection, the_certificate_has_the_names_of_the_real_one) {
  Stand stand;
  Scripted client = stand.tunnel("more.test:443");
  Scripted secured = stand.secure(std::move(client), "more.test");
  auto& stream = static_cast<tls::TlsStream&>(secured.stream());
  const auto shown = stream.peer_certificate();
  ASSERT_TRUE(shown);
  EXPECT_NE(shown->issuer.find("Sallyport inspection"), std::string::npos);
  EXPECT_EQ(shown->common_name, "site.test");
  secured.close();
}

TEST(Inspection, rules_about_paths_hold_inside) {
  Stand stand(inspecting("      - { allow: [ site.test ], methods: [ GET ], paths: [ /api ] }\n"));
  Scripted client = stand.inside();
  Scripted server = stand.peer.accept();
  client.send(Stand::get("/api/x"));
  answer(server, "GET /api/x HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(client, "200");
  client.expect("ok");
  client.send(Stand::get("/private"));
  Stand::expect_status(client, "403");
  EXPECT_EQ(stand.code(), "destination_refused");
  client.take_all();
  client.send("DELETE /api/x HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(client, "403");
  server.expect_nothing();
  client.close();
  server.close();
}

TEST(Inspection, who_is_refused_is_told_inside_and_nothing_is_looked_up) {
  Stand stand(inspecting("      - { deny: [ \"*\" ], reason: \"ask the operators\" }\n"));
  Scripted client = stand.inside();
  client.send(Stand::get("/"));
  Stand::expect_status(client, "403");
  EXPECT_NE(client.take_all().find("ask the operators"), std::string::npos);
  client.close();
  EXPECT_TRUE(stand.gate.resolver.asked().empty());
  EXPECT_EQ(stand.code(), "destination_refused");
  ASSERT_EQ(stand.gate.observed.exchanges.size(), 2u);
  EXPECT_EQ(name(stand.gate.observed.exchanges.front().code), "destination_refused");
}

TEST(Inspection, where_no_tls_is_expected_the_connect_is_refused) {
  Stand stand(inspecting("      - { allow: [ site.test ] }\n"));
  Scripted client = stand.gate.client(client_at, gate_at);
  client.send("CONNECT site.test:25 HTTP/1.1\r\nHost: site.test:25\r\n\r\n");
  Stand::expect_status(client, "403");
  client.close();
}

TEST(Inspection, private_addresses_are_refused_inside) {
  Stand stand;
  stand.gate.resolver.set("site.test", {"10.0.0.1"});
  Scripted client = stand.inside();
  stand.expect_inside(client, Stand::get("/"), "403", "destination_address_refused");
}

struct BadServer {
  const char* certificate;
  std::string_view code;
};
class InspectionOfBadServers : public ::testing::TestWithParam<BadServer> {};
INSTANTIATE_TEST_SUITE_P(Rows, InspectionOfBadServers,
                         ::testing::Values(BadServer{"expired", "upstream_certificate_expired"},
                                           BadServer{"unknown", "upstream_certificate_untrusted"},
                                           BadServer{"other", "upstream_certificate_name"}));

TEST_P(InspectionOfBadServers, are_shown_as_what_they_are) {
  Stand stand(inspecting(), GetParam().certificate);
  Scripted client = stand.inside();
  stand.expect_inside(client, Stand::get("/"), "502", GetParam().code);
  // There is no `to`, and no route, whose TLS one could set.
  const std::string& remedy = stand.gate.observed.last().remedy;
  const bool of_another_day = std::string_view(GetParam().code) == "upstream_certificate_expired";
  EXPECT_EQ(remedy.contains("`except` of `inspect`"), !of_another_day) << remedy;
}

TEST(Inspection, http_in_clear_is_seen_as_well) {
  Stand stand(inspecting("      - { allow: [ site.test ], paths: [ /api ] }\n"), "");
  ScriptedServer& listener = stand.gate.server("1.2.3.4:80");
  Scripted client = stand.tunnel("site.test:80");
  client.send(Stand::get("/api"));
  Scripted server = listener.accept();
  answer(server, "GET /api HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(client, "200");
  client.expect("ok");
  client.send(Stand::get("/x"));
  Stand::expect_status(client, "403");
  client.close();
  server.close();
}

TEST(Inspection, what_is_no_http_passes_where_rules_allow_a_closed_tunnel) {
  Stand stand(inspecting(), "");
  ScriptedServer& listener = stand.gate.server("1.2.3.4:443");
  Scripted client = stand.tunnel();
  client.send("SSH-2.0-x y\r\n");
  Scripted server = listener.accept();
  server.expect("SSH-2.0-x y\r\n");
  server.send("hello");
  client.expect("hello");
  client.close();
  server.close();
}

TEST(Inspection, what_is_no_http_is_ended_where_rules_have_to_see_it) {
  Stand stand(inspecting("      - { allow: [ site.test ], paths: [ /api ] }\n"), "");
  ScriptedServer& listener = stand.gate.server("1.2.3.4:443");
  Scripted client = stand.tunnel();
  Scripted server = listener.accept();
  client.send("SSH-2.0-x y\r\n");
  client.expect_end();
  server.expect_end();
  EXPECT_EQ(stand.code(), "destination_refused");
}

TEST(Inspection, a_server_may_speak_first) {
  Stand stand(inspecting(), "");
  ScriptedServer& listener = stand.gate.server("1.2.3.4:25");
  Scripted client = stand.tunnel("site.test:25");
  Scripted server = listener.accept();
  server.send("220 hello\r\n");
  client.expect("220 hello\r\n");
  client.send("EHLO x\r\n");
  server.expect("EHLO x\r\n");
  client.close();
  server.close();
}

TEST(Inspection, who_says_nothing_is_not_waited_for) {
  Stand stand(inspecting(), "");
  ScriptedServer& listener = stand.gate.server("1.2.3.4:443");
  Scripted client = stand.tunnel();
  Scripted server = listener.accept();
  stand.gate.loop.advance(11s);
  client.expect_end();
  server.expect_end();
  EXPECT_EQ(stand.code(), "head_timeout");
}

TEST(Inspection, what_is_misdirected_was_in_the_tunnel_too) {
  Stand stand;
  auto kind = policy::OutboundRequest::Kind::plain;
  stand.gate.observed.also = [&](const Exchange& exchange) { kind = exchange.outbound->request.kind; };
  Scripted client = stand.inside();
  stand.expect_inside(client, Stand::get("/", "other.test"), "421", "misdirected");
  EXPECT_EQ(kind, policy::OutboundRequest::Kind::inspected);
}

TEST(Inspection, a_request_for_somebody_else_is_misdirected) {
  for (const std::string_view host : {"elsewhere.test", "site.test:444", "1.2.3.5", "127.1"}) {
    Stand stand;
    Scripted client = stand.inside();
    stand.expect_inside(client, Stand::get("/", host), "421", "misdirected");
  }
  Stand stand;
  Scripted client = stand.inside();
  stand.expect_inside(client, "GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\n\r\n", "421", "misdirected");
}

TEST(Inspection, a_name_in_tls_that_is_another_has_to_be_allowed_too) {
  Stand stand;
  Scripted client = stand.inside("site.test:443", "more.test");
  Scripted server = stand.peer.accept();
  client.send(Stand::get("/", "more.test"));
  answer(server, "GET / HTTP/1.1\r\nHost: more.test\r\n\r\n");
  Stand::expect_status(client, "200");
  client.close();
  server.close();
  Stand refusing(inspecting("      - { allow: [ site.test ] }\n"));
  Scripted fronting = refusing.inside("site.test:443", "more.test");
  refusing.expect_inside(fronting, Stand::get("/", "more.test"), "403", "destination_refused");
}

TEST(Inspection, an_address_is_opened_for_the_name_in_tls) {
  Stand stand;
  Scripted client = stand.inside("1.2.3.4:443");
  Scripted server = stand.peer.accept();
  client.send(Stand::get("/"));
  answer(server, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(client, "200");
  client.close();
  server.close();
}

TEST(Inspection, what_is_excepted_stays_closed) {
  for (const std::string_view more : {"      except: [ site.test ]\n", "      only: [ more.test ]\n"}) {
    Stand stand(inspecting(everything_allowed, more));
    stand.peer.trusts = "authority.pem";
    Scripted client = stand.inside();
    Scripted server = stand.peer.accept();
    client.send("hello");
    server.expect("hello");
    client.close();
    server.close();
  }
}

TEST(Inspection, what_the_authority_may_not_sign_stays_closed) {
  Stand stand(inspecting(everything_allowed, {}, "small"));
  stand.peer.trusts = "authority.pem";
  Scripted client = stand.inside("more.test:443", "more.test");
  Scripted server = stand.peer.accept();
  client.send("hello");
  server.expect("hello");
  client.close();
  server.close();
}

TEST(Inspection, who_refuses_the_certificate_is_passed_on_next_time) {
  Stand stand;
  stand.peer.trusts = "authority.pem";
  for (int i = 0; i < 2; ++i) {
    Scripted client = stand.tunnel();
    Scripted secured = stand.peer.secure(client.release(), "site.test", {}, http11_only);
    EXPECT_EQ(stand.peer.shaken.has_value(), i == 1);
    if (i == 0) (void)stand.peer.accept();
    if (i == 1) {
      Scripted server = stand.peer.accept();
      secured.send("hello");
      server.expect("hello");
      server.close();
    }
    secured.close();
    stand.gate.loop.settle();
    if (i == 0) EXPECT_EQ(stand.code(), "minted_certificate_refused");
  }
  ASSERT_EQ(stand.gate.observed.events.size(), 1u);
  EXPECT_TRUE(stand.gate.observed.events.front().starts_with("minted_certificate_refused"))
      << stand.gate.observed.events.front();
}

TEST(Inspection, who_refuses_the_certificate_is_not_passed_on_where_that_is_not_wanted) {
  Stand stand(inspecting(everything_allowed, "      pinned: refuse\n"));
  stand.peer.trusts = "authority.pem";
  for (int i = 0; i < 2; ++i) {
    Scripted client = stand.tunnel();
    Scripted secured = stand.peer.secure(client.release(), "site.test", {}, http11_only);
    EXPECT_FALSE(stand.peer.shaken);
    secured.close();
  }
  stand.gate.loop.settle();
  EXPECT_EQ(stand.code(), "minted_certificate_refused");
  EXPECT_EQ(stand.gate.observed.events.size(), 1u);
}

TEST(Inspection, who_leaves_twice_when_it_has_seen_the_certificate_has_refused_it) {
  Stand stand;
  const auto leave = [&](Stand& from, runtime::Duration after) {
    Scripted client = from.inside();
    client.expect_nothing();  // its last message of the handshake leaves
    from.gate.loop.advance(after);
    client.close();
    from.gate.loop.settle();
    return from.code();
  };
  EXPECT_EQ(leave(stand, {}), "client_closed");
  EXPECT_TRUE(stand.gate.observed.events.empty());
  EXPECT_EQ(leave(stand, {}), "minted_certificate_refused");
  EXPECT_TRUE(stand.gate.observed.last().detail.ends_with("it left as soon as it had seen the certificate"));
  EXPECT_EQ(stand.gate.observed.events.size(), 1u);
  Stand patient;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(leave(patient, 3s), "client_closed");
}

// A browser opens two connections at once, speaks HTTP/2 on the first that stands, and closes the other.
TEST(Inspection, a_connection_too_many_of_a_client_that_uses_the_certificate_is_not_a_refusal) {
  Stand stand;
  Scripted first = stand.inside();
  Scripted server = stand.peer.accept();
  first.send(Stand::get("/x"));
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(first.take_until("hi").starts_with("HTTP/1.1 200 "));
  for (int i = 0; i < 3; ++i) {
    Scripted other = stand.inside();
    other.expect_nothing();
    other.close();
    stand.gate.loop.settle();
    EXPECT_EQ(stand.code(), "client_closed");
  }
  EXPECT_TRUE(stand.gate.observed.events.empty());
  first.close();
  server.close();
}

TEST(Inspection, http2_is_spoken_where_both_speak_it) {
  Stand stand(inspecting(), "site", both);
  Scripted wire = stand.inside("site.test:443", "site.test", both);
  EXPECT_EQ(static_cast<tls::TlsStream&>(wire.stream()).info().alpn, "h2");
  auto client = std::make_unique<H2Peer>(stand.gate, std::move(wire), Role::client);
  client->authority = "site.test";
  client->scheme = "https";
  client->request("GET", "/x");
  auto server = std::make_unique<H2Peer>(stand.gate, stand.peer.accept(), Role::server);
  auto& came = server->came();
  server->respond(came, 200, "hello");
  EXPECT_EQ(client->story(), "1 head 200; 1 content hello; 1 ended; 1 closed NO_ERROR");
  client->authority = "elsewhere.test";
  client->request("GET", "/x");
  EXPECT_TRUE(client->story().starts_with("3 head 421"));
  client.reset();
  server.reset();
}

TEST(Inspection, a_client_speaks_what_the_server_does) {
  Stand stand;
  Scripted client = stand.inside("site.test:443", "site.test", both);
  EXPECT_EQ(static_cast<tls::TlsStream&>(client.stream()).info().alpn, "http/1.1");
  client.close();
}

TEST(Inspection, websockets_pass) {
  Stand stand;
  Scripted client = stand.inside();
  Scripted server = stand.peer.accept();
  client.send(Stand::get("/ws", "site.test",
                         "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
  server.take_until("\r\n\r\n");
  server.send(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  Stand::expect_status(client, "101");
  client.send("ping");
  server.expect("ping");
  server.send("pong");
  client.expect("pong");
  client.close();
  server.close();
}

TEST(Inspection, another_connection_is_made_where_the_first_has_ended) {
  Stand stand;
  Scripted client = stand.inside();
  stand.peer.accept().close();
  client.send(Stand::get("/"));
  Scripted server = stand.peer.accept();
  answer(server, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(client, "200");
  client.close();
  server.close();
  EXPECT_EQ(stand.gate.observed.last().attempts, 1u);
}

TEST(Inspection, goes_through_a_parent_as_well) {
  std::string yaml = inspecting();
  yaml.insert(yaml.find("    rules:"), "    parent: { url: \"http://192.168.4.5:3128\" }\n");
  Stand stand(yaml, "");
  ScriptedServer& parent = stand.gate.server("192.168.4.5:3128");
  Scripted client = stand.gate.client(client_at, gate_at);
  client.send("CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n");
  Scripted way = parent.accept();
  EXPECT_TRUE(way.take_until("\r\n\r\n").starts_with("CONNECT site.test:443 "));
  way.send("HTTP/1.1 200 OK\r\n\r\n");
  Stand::expect_status(client, "200");
  stand.peer.present("site");
  stand.peer.serve(way.release());
  Scripted secured = stand.secure(std::move(client));
  Scripted server = stand.peer.accept();
  secured.send(Stand::get("/a"));
  answer(server, "GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(secured, "200");
  secured.close();
  server.close();
}

TEST(Inspection, tunnels_of_socks_are_opened_as_well) {
  Stand stand;
  Scripted client = stand.gate.client(client_at, gate_at);
  client.send("\x05\x01\x00"s);
  client.expect("\x05\x00"s);
  client.send(
      "\x05\x01\x00\x03\x09"
      "site.test\x01\xbb"s);
  client.expect("\x05\x00\x00\x01\0\0\0\0\0\0"s);
  Scripted secured = stand.secure(std::move(client));
  Scripted server = stand.peer.accept();
  secured.send(Stand::get("/"));
  answer(server, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  Stand::expect_status(secured, "200");
  secured.close();
  server.close();
}

TEST(Inspection, a_hello_that_is_none_ends_the_tunnel) {
  Stand stand;
  Scripted client = stand.tunnel();
  client.send("\x16\x03\x01\x00\x00"s);
  client.expect_end();
  EXPECT_EQ(stand.code(), "client_hello_malformed");
}

// Behind a parent the addresses of a name are looked up for the rules: those of the CONNECT as well as those of the
// name in TLS.
TEST(Inspection, behind_a_parent_both_names_are_judged_by_their_addresses) {
  std::string yaml = inspecting(
      "      - { allow: [ site.test ], methods: [ GET ] }\n"
      "      - { allow: [ more.test, 5.6.7.0/24 ] }\n");
  yaml.insert(yaml.find("    rules:"), "    parent: { url: \"http://192.168.4.5:3128\" }\n");
  for (const std::string_view method : {"GET", "POST"}) {
    Stand stand(yaml, "");
    ScriptedServer& parent = stand.gate.server("192.168.4.5:3128");
    Scripted client = stand.gate.client(client_at, gate_at);
    client.send("CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n");
    Scripted way = parent.accept();
    EXPECT_TRUE(way.take_until("\r\n\r\n").starts_with("CONNECT site.test:443 "));
    way.send("HTTP/1.1 200 OK\r\n\r\n");
    Stand::expect_status(client, "200");
    stand.peer.present("site");
    stand.peer.serve(way.release());
    Scripted secured = stand.secure(std::move(client), "more.test");
    Scripted server = stand.peer.accept();
    secured.send(joined({method, " /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 0\r\n\r\n"}));
    if (method == "GET") {
      EXPECT_TRUE(server.take_until("\r\n\r\n").starts_with("GET /a "));
      server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    Stand::expect_status(secured, method == "GET" ? "200" : "403");
    secured.close();
    server.close();
  }
}

TEST(Inspection, behind_a_parent_a_tunnel_that_stays_closed_is_judged_by_its_addresses) {
  std::string yaml = inspecting(
      "      - { deny: [ 1.2.3.0/24 ], paths: [ /p ] }\n"
      "      - { allow: [ site.test ] }\n");
  yaml.insert(yaml.find("    rules:"), "    parent: { url: \"http://192.168.4.5:3128\" }\n");
  Stand stand(yaml, "");
  ScriptedServer& parent = stand.gate.server("192.168.4.5:3128");
  Scripted client = stand.gate.client(client_at, gate_at);
  client.send("CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n");
  Scripted way = parent.accept();
  way.take_until("\r\n\r\n");
  way.send("HTTP/1.1 200 OK\r\n\r\n");
  Stand::expect_status(client, "200");
  client.send("\x01neither TLS nor HTTP"s);
  client.expect_end();
  EXPECT_EQ(way.take_all(), "");
  EXPECT_EQ(stand.code(), "destination_refused");
  way.close();
}

TEST(Inspection, behind_a_parent_rules_about_an_address_hold_whatever_the_tls_asks_for) {
  std::string yaml = inspecting(
      "      - { deny: [ 1.2.3.0/24 ], methods: [ POST ] }\n"
      "      - { allow: [ '*' ] }\n");
  yaml.insert(yaml.find("    rules:"), "    parent: { url: \"http://192.168.4.5:3128\", lookup: off }\n");
  Stand stand(yaml, "");
  ScriptedServer& parent = stand.gate.server("192.168.4.5:3128");
  Scripted client = stand.gate.client(client_at, gate_at);
  client.send("CONNECT 1.2.3.4:443 HTTP/1.1\r\nHost: 1.2.3.4:443\r\n\r\n");
  Scripted way = parent.accept();
  way.take_until("\r\n\r\n");
  way.send("HTTP/1.1 200 OK\r\n\r\n");
  Stand::expect_status(client, "200");
  stand.peer.present("site");
  stand.peer.serve(way.release());
  Scripted secured = stand.secure(std::move(client));
  Scripted server = stand.peer.accept();
  stand.expect_inside(secured, "POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 0\r\n\r\n", "403",
                      "destination_refused");
  server.close();
}

}  // namespace
}  // namespace sp::proxy
