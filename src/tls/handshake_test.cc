// Versions, names, protocols, resumption, and what comes instead of a handshake.
#include <openssl/ssl.h>

#include "tls/test_world.h"

namespace sp::tls {
namespace {

class Handshake : public TlsWorld {};

TEST_F(Handshake, speaks_tls_1_3_and_says_what_was_settled) {
  auto server = make_server_for({"a.example"});
  auto client = make_client();
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  for (const TlsInfo& info : {ends.server->info(), ends.client->info()}) {
    EXPECT_EQ(info.version, "TLSv1.3");
    EXPECT_TRUE(info.cipher.starts_with("TLS_")) << info.cipher;
    EXPECT_EQ(info.sni, "a.example");
    EXPECT_EQ(info.alpn, "http/1.1");
    EXPECT_FALSE(info.resumed);
  }
  EXPECT_TRUE(findings.empty());
}

TEST_F(Handshake, speaks_tls_1_2_with_ephemeral_keys) {
  auto server = make_server_for({"a.example"});
  auto client = make_client();
  SSL_CTX_set_max_proto_version(client->handle(), TLS1_2_VERSION);
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  EXPECT_EQ(ends.server->info().version, "TLSv1.2");
  EXPECT_TRUE(ends.server->info().cipher.starts_with("ECDHE-ECDSA-")) << ends.server->info().cipher;
}

TEST_F(Handshake, modern_profile_refuses_tls_1_2) {
  auto server = make_server_for({"a.example"}, {.profile = config::TlsProfile::modern});
  auto client = make_client();
  SSL_CTX_set_max_proto_version(client->handle(), TLS1_2_VERSION);
  Ends ends = handshake(*server, *client, "a.example");
  ASSERT_FALSE(ends.client_result.has_value());
  EXPECT_EQ(ends.client_result.error().code, Code::upstream_tls_alert);
  EXPECT_EQ(ends.client_result.error().retry, Retry::safe);
  EXPECT_NE(ends.client_text().find("protocol_version"), std::string::npos) << ends.client_text();
  EXPECT_EQ(ends.server_result.error().code, Code::client_tls_failed);
  EXPECT_EQ(ends.server_result.error().side, Side::client);
}

TEST_F(Handshake, survives_every_way_of_cutting_the_octets) {
  auto server = make_server_for({"a.example"});
  auto client = make_client();
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Ends ends = handshake(*server, *client, "a.example", {.capacity = 1 + seed * 7, .seed = seed});
    expect_talk(ends);
  }
}

TEST_F(Handshake, takes_as_few_calls_as_can_be) {
  auto server = make_server_for({"a.example"});
  auto client = make_client();
  Ends ends = connect(*server, *client, "a.example", "a.example");
  runtime::Scope scope;
  scope.spawn(shake(*ends.server, runtime::never, ends.server_result, false));
  scope.spawn(shake(*ends.client, runtime::never, ends.client_result, false));
  loop.settle();
  ASSERT_TRUE(ends.client_result.has_value());
  EXPECT_EQ(scope.running(), 1u);
  EXPECT_TRUE(loop.run(send_all(*ends.client, "hello")).has_value());
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_TRUE(loop.run(send_all(*ends.server, "welcome")).has_value());
  EXPECT_EQ(loop.run(receive(*ends.server, 5)).value_or("failed"), "hello");
  EXPECT_EQ(loop.run(receive(*ends.client, 7)).value_or("failed"), "welcome");
  // The flight of the server; the session ticket leaves together with its first data.
  EXPECT_EQ(ends.server_pipe->counts().writes, 2u);
  // The hello; the last message of the handshake leaves together with the first data.
  EXPECT_EQ(ends.client_pipe->counts().writes, 2u);
}

TEST_F(Handshake, chooses_the_certificate_by_name) {
  auto store = store_of({store_pair("first", authority.leaf({"first.example"})),
                         store_pair("wild", authority.leaf({"*.wild.example"})),
                         store_pair("exact", authority.leaf({"exact.wild.example"}))});
  auto server = make_server(store);
  auto client = make_client();
  for (const char* name : {"first.example", "any.wild.example", "exact.wild.example"}) {
    SCOPED_TRACE(name);
    Ends ends = handshake(*server, *client, name);
    expect_talk(ends);
    EXPECT_TRUE(ends.server->covers(name));
    EXPECT_FALSE(ends.server->covers("other.example"));
  }
  Ends exact = handshake(*server, *client, "exact.wild.example");
  EXPECT_EQ(exact.server->certificates(), store->find("exact.wild.example"));
  EXPECT_FALSE(exact.server->covers("any.wild.example"));
}

TEST_F(Handshake, gives_strangers_the_default_certificate) {
  auto marked = store_pair("second", authority.leaf({"second.example"}));
  marked.is_default = true;
  auto server = make_server(store_of({store_pair("first", authority.leaf({"first.example"})), marked}));
  auto client = make_client();
  Ends unknown = connect(*server, *client, "second.example", "unknown.example");
  shake_hands(unknown);
  expect_talk(unknown);
  EXPECT_TRUE(unknown.server->covers("second.example"));
  EXPECT_EQ(unknown.server->info().sni, "unknown.example");
  Ends none = connect(*server, *client, "second.example", "192.0.2.1");
  shake_hands(none);
  expect_talk(none);
  EXPECT_EQ(none.server->info().sni, "");
}

TEST_F(Handshake, has_both_kinds_of_key_for_one_name) {
  auto store =
      store_of({store_pair("rsa", authority.leaf({"a.example"}, {.key = CertificateRequest::Key::rsa})),
                store_pair("ec", authority.leaf({"a.example"})), store_pair("b", authority.leaf({"b.example"}))});
  auto server = make_server(store);
  for (const auto& [signatures, expected] :
       {std::pair("RSA+SHA256", "ECDHE-RSA-"), std::pair("ECDSA+SHA256", "ECDHE-ECDSA-")}) {
    auto client = make_client();
    SSL_CTX_set_max_proto_version(client->handle(), TLS1_2_VERSION);
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client->handle(), signatures), 1);
    Ends ends = handshake(*server, *client, "a.example");
    expect_talk(ends);
    EXPECT_TRUE(ends.server->info().cipher.starts_with(expected)) << ends.server->info().cipher;
  }
  // The certificate of another name must not help out where its kind of key would suit the client.
  auto client = make_client();
  SSL_CTX_set_max_proto_version(client->handle(), TLS1_2_VERSION);
  SSL_CTX_set1_sigalgs_list(client->handle(), "RSA+SHA256");
  Ends ends = handshake(*server, *client, "b.example");
  EXPECT_FALSE(ends.ok());
}

TEST_F(Handshake, refuses_a_client_that_speaks_no_common_protocol) {
  auto server = make_server_for({"a.example"});
  static constexpr std::string_view h2[] = {"h2"};
  auto client = make_client({}, h2);
  Ends ends = handshake(*server, *client, "a.example");
  ASSERT_FALSE(ends.ok());
  EXPECT_NE(ends.client_text().find("no_application_protocol"), std::string::npos) << ends.client_text();
}

TEST_F(Handshake, prefers_our_order_of_protocols) {
  static constexpr std::string_view ours[] = {"h2", "http/1.1"}, theirs[] = {"http/1.1", "h2"};
  auto server = make_server(store_of({store_pair("a", authority.leaf({"a.example"}))}), {}, ours);
  auto client = make_client({}, theirs);
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  EXPECT_EQ(ends.server->info().alpn, "h2");
  auto silent = make_client({}, {});
  Ends without = handshake(*server, *silent, "a.example");
  expect_talk(without);
  EXPECT_EQ(without.server->info().alpn, "");
}

TEST_F(Handshake, is_over_at_its_deadline) {
  auto server = make_server_for({"a.example"});
  auto pipes = sp::testing::make_pipe(loop);
  auto stream = server->accept(std::move(pipes.a));
  const auto begin = loop.now();
  auto result = loop.run(stream->handshake(begin + std::chrono::seconds(10)));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::timeout);
  EXPECT_EQ(loop.now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(stream->diagnosis()->code, Code::timeout);
}

struct Opener {
  const char* name;
  std::string_view octets;
  Code code;
  std::string_view text;
};

TEST_F(Handshake, explains_what_is_not_tls) {
  auto server = make_server_for({"a.example"});
  const Opener openers[] = {
      {"http", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", Code::plain_http_on_tls,
       "the client spoke plain HTTP on a TLS port"},
      {"http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Code::plain_http_on_tls,
       "the client spoke plain HTTP on a TLS port"},
      {"ssh", "SSH-2.0-OpenSSH_9.2\r\n", Code::client_tls_failed, "what the client sent is not TLS"},
      {"zeros", std::string_view("\0\0\0\0\0\0\0\0", 8), Code::client_tls_failed, "what the client sent is not TLS"},
      {"half", std::string_view("\x16\x03\x01\x00\x10half", 9), Code::client_tls_failed,
       "the client left during the TLS handshake"},
      {"nothing", "", Code::client_tls_failed, "the client left without a TLS handshake"},
  };
  for (const Opener& opener : openers) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      SCOPED_TRACE(opener.name);
      auto pipes = sp::testing::make_pipe(loop, {.seed = seed});
      auto stream = server->accept(std::move(pipes.a));
      EXPECT_TRUE(loop.run(send_all(*pipes.b, opener.octets)).has_value());
      EXPECT_TRUE(loop.run([](runtime::Stream& s) -> Task<Result<void>> { co_return co_await s.finish(); }(*pipes.b))
                      .has_value());
      auto result = loop.run(stream->handshake());
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code, opener.code);
      EXPECT_EQ(stream->diagnosis()->text, opener.text);
      char buffer[8];
      EXPECT_EQ(stream->try_read(buffer).status, runtime::IoStatus::failed);
    }
  }
}

TEST_F(Handshake, leaves_the_connection_for_an_answer_in_plain_text) {
  auto server = make_server_for({"a.example"});
  auto pipes = sp::testing::make_pipe(loop);
  auto stream = server->accept(std::move(pipes.a));
  ASSERT_TRUE(loop.run(send_all(*pipes.b, "GET / HTTP/1.1\r\n\r\n")).has_value());
  ASSERT_FALSE(loop.run(stream->handshake()).has_value());
  auto plain = stream->take_lower();
  ASSERT_TRUE(loop.run(send_all(*plain, "HTTP/1.1 400 Bad Request\r\n\r\n")).has_value());
  plain.reset();
  EXPECT_EQ(loop.run(receive(*pipes.b, 100)).value_or("failed"), "HTTP/1.1 400 Bad Request\r\n\r\n");
}

class Resumption : public TlsWorld, public ::testing::WithParamInterface<int> {
 protected:
  std::unique_ptr<ClientContext> client_of_version() {
    auto client = make_client();
    SSL_CTX_set_max_proto_version(client->handle(), GetParam());
    return client;
  }
  bool resumes(ServerContext& server, ClientContext& client, std::string_view name = "a.example") {
    Ends ends = handshake(server, client, name);
    expect_talk(ends);
    EXPECT_EQ(ends.server->info().resumed, ends.client->info().resumed);
    EXPECT_TRUE(ends.server->covers(name));
    return ends.server->info().resumed;
  }
};
INSTANTIATE_TEST_SUITE_P(, Resumption, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(Resumption, works_between_workers_and_over_reloads) {
  auto server = make_server_for({"a.example"});
  auto client = client_of_version();
  EXPECT_FALSE(resumes(*server, *client));
  EXPECT_TRUE(resumes(*server, *client));
  EXPECT_EQ(client->sessions().size(), 1u);
  auto other_worker = make_server_for({"a.example"});
  EXPECT_TRUE(resumes(*other_worker, *client));
}

TEST_P(Resumption, takes_tickets_for_two_rotations_and_renews_them) {
  auto server = make_server_for({"a.example"});
  auto client = client_of_version();
  EXPECT_FALSE(resumes(*server, *client));
  for (int i = 0; i < 5; ++i) {
    tickets->rotate();
    EXPECT_TRUE(resumes(*server, *client)) << i;  // with a new ticket each time
  }
  tickets->rotate();
  tickets->rotate();
  EXPECT_TRUE(resumes(*server, *client));
  for (int i = 0; i < 3; ++i) tickets->rotate();
  EXPECT_FALSE(resumes(*server, *client));
}

TEST_P(Resumption, is_for_one_server_and_name) {
  auto server = make_server_for({"a.example", "b.example"});
  auto client = client_of_version();
  EXPECT_FALSE(resumes(*server, *client, "a.example"));
  EXPECT_FALSE(resumes(*server, *client, "b.example"));
  EXPECT_TRUE(resumes(*server, *client, "a.example"));
}

TEST_P(Resumption, does_not_cross_to_a_listener_with_another_policy) {
  auto open = make_server_for({"a.example"});
  config::ListenerTlsConfig config;
  config.client_certificates.mode = config::ClientCertificates::optional;
  config.client_certificates.ca.value = "authority.pem";
  auto guarded = make_server_for({"a.example"}, config);
  auto client = client_of_version();
  EXPECT_FALSE(resumes(*open, *client));
  EXPECT_FALSE(resumes(*guarded, *client));
  EXPECT_TRUE(resumes(*guarded, *client));
}

}  // namespace
}  // namespace sp::tls
