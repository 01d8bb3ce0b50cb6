// Certificates of servers, judged by upstream_tls; certificates of clients, judged by the listener.
#include <openssl/ssl.h>

#include "tls/alert.h"
#include "tls/test_world.h"

namespace sp::tls {
namespace {

using config::ClientCertificates;
using config::Verify;

enum class Bad { no, expired, future, self_signed, stranger, client_only };

struct Case {
  const char* what;
  Verify verify;
  Bad bad;
  std::vector<std::string> names;
  std::string name;  // in `to`
  Code code;         // ok: the handshake succeeds
  std::string_view text = "";
};

class ServerVerification : public TlsWorld {
 protected:
  PemPair pair_for(const Case& c) {
    switch (c.bad) {
      case Bad::expired: return authority.leaf(c.names, {.from_days = -60, .until_days = -2});
      case Bad::future: return authority.leaf(c.names, {.from_days = 10, .until_days = 20});
      case Bad::self_signed: return sp::testing::self_signed(c.names);
      case Bad::stranger: return TestAuthority("Stranger").leaf(c.names);
      case Bad::client_only: return authority.leaf(c.names, {.use = CertificateRequest::Use::client});
      case Bad::no: break;
    }
    return authority.leaf(c.names);
  }
  std::unique_ptr<ServerContext> serve(const PemPair& pair) {
    return make_server(store_of({store_pair("server", pair)}));
  }
};

TEST_F(ServerVerification, accepts_and_refuses_with_both_names) {
  const Case cases[] = {
      {"good", Verify::full, Bad::no, {"a.example"}, "a.example", Code::ok},
      {"case", Verify::full, Bad::no, {"a.example"}, "A.Example", Code::ok},
      {"wildcard", Verify::full, Bad::no, {"*.example.com"}, "x.example.com", Code::ok},
      {"two labels",
       Verify::full,
       Bad::no,
       {"*.example.com"},
       "y.x.example.com",
       Code::upstream_certificate_name,
       "the certificate of 10.0.0.7:443 is for *.example.com, not for y.x.example.com"},
      {"address", Verify::full, Bad::no, {"a.example", "10.0.0.7"}, "10.0.0.7", Code::ok},
      {"address 6", Verify::full, Bad::no, {"2001:db8::7"}, "2001:db8::7", Code::ok},
      {"other address",
       Verify::full,
       Bad::no,
       {"10.0.0.8"},
       "10.0.0.7",
       Code::upstream_certificate_name,
       "the certificate of 10.0.0.7:443 is for 10.0.0.8, not for 10.0.0.7"},
      {"name for address",
       Verify::full,
       Bad::no,
       {"a.example"},
       "10.0.0.7",
       Code::upstream_certificate_name,
       "the certificate of 10.0.0.7:443 is for a.example, not for 10.0.0.7"},
      {"name",
       Verify::full,
       Bad::no,
       {"sympa-backend.internal"},
       "actual.host",
       Code::upstream_certificate_name,
       "the certificate of 10.0.0.7:443 is for sympa-backend.internal, not for actual.host"},
      {"many names",
       Verify::full,
       Bad::no,
       {"a.x", "b.x", "c.x", "d.x", "e.x"},
       "actual.host",
       Code::upstream_certificate_name,
       "the certificate of 10.0.0.7:443 is for a.x, b.x, c.x and 2 more, not for actual.host"},
      {"any name", Verify::chain, Bad::no, {"sympa-backend.internal"}, "actual.host", Code::ok},
      {"expired",
       Verify::full,
       Bad::expired,
       {"a.example"},
       "a.example",
       Code::upstream_certificate_expired,
       "the certificate of 10.0.0.7:443 expired on 2025-12-30"},
      {"expired, any name",
       Verify::chain,
       Bad::expired,
       {"a.example"},
       "b.example",
       Code::upstream_certificate_expired},
      {"future",
       Verify::full,
       Bad::future,
       {"a.example"},
       "a.example",
       Code::upstream_certificate_expired,
       "the certificate of 10.0.0.7:443 is not valid before 2026-01-11"},
      {"self-signed",
       Verify::full,
       Bad::self_signed,
       {"a.example"},
       "a.example",
       Code::upstream_certificate_untrusted,
       "the certificate of 10.0.0.7:443 is signed by itself (CN=a.example), and not trusted here"},
      {"stranger",
       Verify::chain,
       Bad::stranger,
       {"a.example"},
       "a.example",
       Code::upstream_certificate_untrusted,
       "the certificate of 10.0.0.7:443 is signed by \"CN=Stranger\", which is not trusted here"},
      {"client certificate",
       Verify::full,
       Bad::client_only,
       {"a.example"},
       "a.example",
       Code::upstream_certificate_untrusted},
      {"no check: expired", Verify::none, Bad::expired, {"x"}, "a.example", Code::ok},
      {"no check: self-signed", Verify::none, Bad::self_signed, {"x"}, "a.example", Code::ok},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    auto server = serve(pair_for(c));
    auto client = make_client({.verify = c.verify});
    Ends ends = handshake(*server, *client, c.name);
    if (c.code == Code::ok) {
      expect_talk(ends);
      continue;
    }
    ASSERT_FALSE(ends.client_result.has_value());
    EXPECT_EQ(name(ends.client_result.error().code), name(c.code));
    EXPECT_EQ(ends.client_result.error().side, Side::upstream);
    EXPECT_EQ(ends.client_result.error().retry, Retry::safe);
    if (!c.text.empty()) {
      EXPECT_EQ(ends.client_text(), c.text);
    }
    EXPECT_EQ(ends.server_result.error().code, Code::client_tls_failed);  // it heard of it by an alert
    EXPECT_NE(ends.server_text().find("alert"), std::string::npos) << ends.server_text();
  }
}

TEST_F(ServerVerification, says_what_to_do_about_the_name_of_a_certificate_that_is_not_trusted) {
  struct Row {
    Verify verify;
    const char* name;
    bool said;
  };
  const std::string for_name = "it is for backend.internal, not for actual.host: with `ca`, set verify: chain too";
  for (Bad bad : {Bad::self_signed, Bad::stranger}) {
    auto server =
        serve(pair_for({.what = "", .verify = {}, .bad = bad, .names = {"backend.internal"}, .name = "", .code = {}}));
    for (const Row& row : {Row{Verify::full, "actual.host", true}, Row{Verify::full, "Backend.internal", false},
                           Row{Verify::chain, "actual.host", false}}) {
      auto client = make_client({.verify = row.verify});
      Ends ends = handshake(*server, *client, row.name);
      ASSERT_NE(ends.client->diagnosis(), nullptr);
      const std::string& remedy = ends.client->diagnosis()->remedy;
      EXPECT_NE(remedy.find("upstream_tls.ca"), std::string::npos) << remedy;
      EXPECT_EQ(remedy.find(for_name) != std::string::npos, row.said) << row.name << ": " << remedy;
    }
  }
}

TEST_F(ServerVerification, reads_the_common_name_only_where_there_is_no_other) {
  auto server = serve(authority.leaf({}, {.common_name = "old.internal"}));
  auto client = make_client();
  Ends ends = handshake(*server, *client, "old.internal");
  expect_talk(ends);
}

TEST_F(ServerVerification, takes_the_certificate_itself_as_its_authority) {
  const PemPair pair = sp::testing::self_signed({"a.example"});
  files.files["itself.pem"] = pair.certificate;
  auto server = serve(pair);
  auto client = make_client({.ca = {"itself.pem", {}}});
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  // One that an authority has signed, too.
  const PemPair signed_pair = authority.leaf({"b.example"});
  files.files["leaf.pem"] = signed_pair.certificate;
  auto other = serve(signed_pair);
  auto other_client = make_client({.ca = {"leaf.pem", {}}});
  Ends second = handshake(*other, *other_client, "b.example");
  expect_talk(second);
}

TEST_F(ServerVerification, needs_the_intermediate_certificate) {
  const TestAuthority between = authority.intermediate("Between");
  PemPair pair = between.leaf({"a.example"});
  auto client = make_client();
  auto incomplete = serve(pair);
  Ends refused = handshake(*incomplete, *client, "a.example");
  EXPECT_EQ(refused.client_result.error().code, Code::upstream_certificate_untrusted);
  EXPECT_NE(refused.client_text().find("\"CN=Between\""), std::string::npos);
  pair.certificate += between.pem();
  auto complete = serve(pair);
  Ends ends = handshake(*complete, *client, "a.example");
  expect_talk(ends);
}

TEST_F(ServerVerification, holds_pins_in_every_mode) {
  auto server = serve(authority.leaf({"a.example"}));
  const std::string wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  auto mistaken = make_client({.verify = Verify::none, .pin = {wrong}});
  Ends refused = handshake(*server, *mistaken, "a.example");
  ASSERT_FALSE(refused.client_result.has_value());
  EXPECT_EQ(refused.client_result.error().code, Code::upstream_certificate_pin);
  const std::string text = refused.client_text();
  const std::size_t at = text.find("sha256//");
  ASSERT_NE(at, std::string::npos) << text;
  const std::string seen = text.substr(at, 8 + 44);
  for (Verify verify : {Verify::none, Verify::chain, Verify::full}) {
    auto client = make_client({.verify = verify, .pin = {wrong, seen}});
    Ends ends = handshake(*server, *client, "a.example");
    expect_talk(ends);
  }
  // Both conditions hold: the right key does not help a wrong name.
  auto client = make_client({.verify = Verify::full, .pin = {seen.substr(8)}});
  Ends named = handshake(*server, *client, "b.example");
  EXPECT_EQ(named.client_result.error().code, Code::upstream_certificate_name);
  EXPECT_EQ(make_client({.pin = {"sha256//short"}}), nullptr);
  EXPECT_EQ(findings.size(), 1u);
}

TEST_F(ServerVerification, sends_the_configured_name) {
  auto server = serve(authority.leaf({"a.example"}));
  auto client = make_client({.sni = "Other.Example."});
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  EXPECT_EQ(ends.server->info().sni, "other.example");
}

TEST_F(ServerVerification, explains_servers_that_speak_no_tls) {
  auto client = make_client();
  const std::pair<std::string_view, std::string_view> answers[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "10.0.0.7:443 answered in plain text: HTTP"},
      {"220 mail.example ESMTP\r\n", "10.0.0.7:443 answered in plain text: SMTP or FTP"},
      {"* OK IMAP4rev1 ready\r\n", "10.0.0.7:443 answered in plain text: IMAP"},
      {"", "10.0.0.7:443 ended the connection during the TLS handshake"}};
  for (const auto& [answer, text] : answers) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      auto pipes = sp::testing::make_pipe(loop, {.seed = seed});
      auto stream =
          client->connect(std::move(pipes.a), {.endpoint = "10.0.0.7:443", .name = "a.example", .sni = "a.example"});
      ASSERT_TRUE(loop.run(send_all(*pipes.b, answer)).has_value());
      ASSERT_TRUE(loop.run([](runtime::Stream& s) -> Task<Result<void>> { co_return co_await s.finish(); }(*pipes.b))
                      .has_value());
      auto result = loop.run(stream->handshake());
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code, Code::upstream_tls_failed);
      EXPECT_EQ(stream->diagnosis()->text, text);
    }
  }
}

TEST_F(ServerVerification, names_the_alert_of_the_server) {
  auto server = serve(authority.leaf({"a.example"}));
  auto client = make_client();
  SSL_CTX_set_max_proto_version(client->handle(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client->handle(), "AES256-SHA");
  Ends ends = handshake(*server, *client, "a.example");
  EXPECT_EQ(ends.client_result.error().code, Code::upstream_tls_alert);
  EXPECT_NE(ends.client_text().find("10.0.0.7:443 ended the TLS handshake with the alert handshake_failure (it found"),
            std::string::npos)
      << ends.client_text();
  EXPECT_EQ(alert(40).name, "handshake_failure");
  EXPECT_EQ(alert(200).name, "unknown");
}

class ClientVerification : public TlsWorld, public ::testing::WithParamInterface<int> {
 protected:
  std::unique_ptr<ServerContext> server_with(ClientCertificates mode) {
    config::ListenerTlsConfig config;
    config.client_certificates.mode = mode;
    config.client_certificates.ca.value = "authority.pem";
    return make_server_for({"a.example"}, config);
  }
  std::unique_ptr<ClientContext> client_with(const std::optional<PemPair>& pair) {
    config::UpstreamTlsConfig config;
    if (pair) {
      store_pair("alice", *pair);
      config.cert.value = "alice.pem";
      config.key.value = "alice.key";
    }
    auto client = make_client(config);
    SSL_CTX_set_max_proto_version(client->handle(), GetParam());
    return client;
  }
  PemPair alice() { return authority.leaf({}, {.use = CertificateRequest::Use::client, .common_name = "alice"}); }
};
INSTANTIATE_TEST_SUITE_P(, ClientVerification, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(ClientVerification, passes_on_who_it_is_even_when_resumed) {
  for (ClientCertificates mode : {ClientCertificates::optional, ClientCertificates::required}) {
    auto server = server_with(mode);
    auto client = client_with(alice());
    for (bool resumed : {false, true}) {
      Ends ends = handshake(*server, *client, "a.example");
      expect_talk(ends);
      EXPECT_EQ(ends.server->info().resumed, resumed);
      const auto certificate = ends.server->peer_certificate();
      ASSERT_TRUE(certificate.has_value());
      EXPECT_EQ(certificate->subject, "CN=alice");
      EXPECT_EQ(certificate->issuer, "CN=Test Authority");
      EXPECT_EQ(certificate->fingerprint.size(), 64u);
      EXPECT_EQ(certificate->serial.size(), 32u);
      EXPECT_EQ(certificate->not_after, "2026-04-01T00:00:00Z");
      EXPECT_TRUE(certificate->pem.starts_with("-----BEGIN CERTIFICATE-----"));
    }
  }
}

TEST_P(ClientVerification, goes_without_where_it_is_optional) {
  auto server = server_with(ClientCertificates::optional);
  auto client = client_with(std::nullopt);
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  EXPECT_FALSE(ends.server->peer_certificate().has_value());
  // And its ticket does not open the listener that requires one.
  auto strict = server_with(ClientCertificates::required);
  Ends refused = handshake(*strict, *client, "a.example");
  EXPECT_FALSE(refused.server_result.has_value());
  EXPECT_EQ(refused.server_result.error().code, Code::client_certificate_required);
}

TEST_P(ClientVerification, says_what_is_missing) {
  auto server = server_with(ClientCertificates::required);
  auto client = client_with(std::nullopt);
  Ends ends = handshake(*server, *client, "a.example");
  ASSERT_FALSE(ends.server_result.has_value());
  EXPECT_EQ(ends.server_result.error().code, Code::client_certificate_required);
  // With TLS 1.3 the client learns it only when it reads.
  char buffer[10];
  if (ends.client_result.has_value()) {
    EXPECT_EQ(ends.client->try_read(buffer).code, Code::upstream_tls_alert);
  }
  ASSERT_NE(ends.client->diagnosis(), nullptr);
  EXPECT_EQ(ends.client->diagnosis()->code, Code::upstream_tls_alert);
  EXPECT_NE(ends.client_text().find(GetParam() == TLS1_3_VERSION ? "certificate_required" : "handshake_failure"),
            std::string::npos)
      << ends.client_text();
}

TEST_P(ClientVerification, refuses_what_is_not_valid_in_both_modes) {
  const PemPair expired = authority.leaf(
      {}, {.use = CertificateRequest::Use::client, .from_days = -9, .until_days = -1, .common_name = "alice"});
  const PemPair foreign =
      TestAuthority("Stranger").leaf({}, {.use = CertificateRequest::Use::client, .common_name = "alice"});
  const PemPair wrong_use = authority.leaf({"alice"});
  for (ClientCertificates mode : {ClientCertificates::optional, ClientCertificates::required}) {
    auto server = server_with(mode);
    for (const auto& [pair, text] : {std::pair(expired, "the certificate of the client expired on 2025-12-31"),
                                     std::pair(foreign, "signed by \"CN=Stranger\", which is not trusted here"),
                                     std::pair(wrong_use, "the certificate of the client is refused: ")}) {
      auto client = client_with(pair);
      Ends ends = handshake(*server, *client, "a.example");
      ASSERT_FALSE(ends.server_result.has_value());
      EXPECT_EQ(ends.server_result.error().code, Code::client_certificate_invalid);
      EXPECT_NE(ends.server_text().find(text), std::string::npos) << ends.server_text();
    }
  }
}

// Who it is must not be said in part: something else could be meant.
TEST_P(ClientVerification, passes_on_the_whole_name) {
  std::string name, subject = "CN=";
  for (int i = 0; i < 64; ++i) {
    name += "\xc3\xa9";
    subject += "\\C3\\A9";
  }
  auto server = server_with(ClientCertificates::required);
  auto client = client_with(authority.leaf({}, {.use = CertificateRequest::Use::client, .common_name = name}));
  Ends ends = handshake(*server, *client, "a.example");
  ASSERT_TRUE(ends.ok()) << ends.server_text();
  EXPECT_EQ(ends.server->peer_certificate()->subject, subject);
}

TEST_P(ClientVerification, refuses_a_name_that_is_too_long_to_be_passed_on) {
  // The library has a limit of its own for names that it makes, not for those that it reads.
  ASSERT_EQ(ASN1_STRING_TABLE_add(NID_commonName, 1, 10'000, DIRSTRING_TYPE, 0), 1);
  const PemPair pair =
      authority.leaf({}, {.use = CertificateRequest::Use::client, .common_name = std::string(5000, 'a')});
  ASN1_STRING_TABLE_cleanup();
  for (ClientCertificates mode : {ClientCertificates::optional, ClientCertificates::required}) {
    auto server = server_with(mode);
    auto client = client_with(pair);
    Ends ends = handshake(*server, *client, "a.example");
    ASSERT_FALSE(ends.server_result.has_value());
    EXPECT_EQ(ends.server_result.error().code, Code::client_certificate_invalid);
    EXPECT_NE(ends.server_text().find("longer than 4 KiB"), std::string::npos) << ends.server_text();
  }
}

class NamesForHandshakes : public TlsWorld {};

TEST_F(NamesForHandshakes, that_are_too_long_are_the_fault_of_who_said_them) {
  auto server = make_server_for({"a.example"});
  auto client = make_client();
  const std::string name(300, 'a');
  Ends ends = connect(*server, *client, "a.example", name);
  shake_hands(ends);
  ASSERT_FALSE(ends.client_result.has_value());
  EXPECT_EQ(ends.client_result.error().code, Code::bad_host);
}

}  // namespace
}  // namespace sp::tls
