// HTTP/2 over TLS.
#include "proxy/h2/peers_for_tests.h"
#include "proxy/tls_for_tests.h"

namespace sp::proxy {
namespace {

using codec::h2::Role;

class H2OverTls : public ::testing::Test {
 protected:
  static constexpr std::string_view yaml =
      "inbound:\n- listen: [ \"https://:443\" ]\n  sites:\n  - hosts: [ a.test, b.test, c.test ]\n"
      "    routes:\n    - { path: /, respond: { body: hello } }\n"
      "certificates:\n- { cert: a.pem, key: a.key }\n- { cert: c.pem, key: c.key }\n";
  static Pairs pairs() {
    static const Pairs made{{"a", test_authority().leaf({"a.test", "b.test"})},
                            {"c", test_authority().leaf({"c.test"})}};
    return made;
  }
  ~H2OverTls() override {
    client.reset();
    peer.reset();
  }

  Gate gate{yaml, {.files = files_with(pairs())}};
  std::unique_ptr<TlsPeer> peer = std::make_unique<TlsPeer>(gate, pairs());
  std::unique_ptr<H2Peer> client = std::make_unique<H2Peer>(gate, peer->connect("a.test", {}, h2_only), Role::client);
};

TEST_F(H2OverTls, is_chosen_by_alpn) {
  client->request("GET", "/");
  EXPECT_EQ(client->story(), "1 head 200; 1 content hello; 1 ended; 1 closed NO_ERROR");
}

TEST_F(H2OverTls, names_of_one_certificate_share_a_connection) {
  client->authority = "b.test";
  client->request("GET", "/");
  EXPECT_EQ(client->story(), "1 head 200; 1 content hello; 1 ended; 1 closed NO_ERROR");
}

TEST_F(H2OverTls, names_of_another_certificate_do_not) {
  client->authority = "c.test";
  client->request("GET", "/");
  EXPECT_EQ(client->story().substr(0, 10), "1 head 421");
  EXPECT_EQ(gate.observed.last().code, Code::misdirected);
}

}  // namespace
}  // namespace sp::proxy
