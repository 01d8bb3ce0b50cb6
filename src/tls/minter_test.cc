// Certificates for inspection: whose names and dates they have, and that clients believe them and no more than that.
#include "tls/minter.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "tls/certificate_names.h"
#include "tls/inspection_for_tests.h"
#include "tls/test_world.h"

namespace sp::tls {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using Time = std::chrono::system_clock::time_point;
using Minted = std::shared_ptr<const Certificate>;

constexpr Time start = FakeLoop::start_of_time;

class Minting : public TlsWorld {
 protected:
  std::shared_ptr<const SigningAuthority> load(const PemPair& pair) {
    return SigningAuthority::load(store_pair("root", pair), files, start, findings);
  }
  Minter minter_of(const PemPair& pair, std::size_t most_cached = 1000) { return Minter(load(pair), most_cached); }

  // What a server of these names shows, signed by an authority that clients would trust.
  X509Ptr real(std::vector<std::string> names, Time from = start - days(10), Time until = start + days(80),
               std::string common_name = "") {
    issued_ = issue(
        {.common_name = std::move(common_name), .names = std::move(names), .not_before = from, .not_after = until},
        nullptr);
    return read_certificate(issued_->certificate);
  }
  std::string judged(const Minted& minted, const std::string& host, Time now = start) {
    return verdict(minted->leaf.get(), minted->chain.get(), root.certificate, host, now);
  }

  PemPair root = make_root();
  Result<PemPair> issued_;
};

using Names = std::vector<std::string>;

TEST_F(Minting, makes_what_a_strict_verifier_takes) {
  Minter minter = minter_of(root);
  ASSERT_TRUE(findings.empty());
  const auto minted = minter.mint({.name = "www.example.com"}, start);
  ASSERT_TRUE(minted);
  X509* leaf = (*minted)->leaf.get();
  EXPECT_EQ(judged(*minted, "www.example.com"), "ok");
  EXPECT_EQ(judged(*minted, "example.com"), "hostname mismatch");
  EXPECT_EQ((*minted)->names, Names{"www.example.com"});
  EXPECT_EQ(common_name(leaf), "www.example.com");
  EXPECT_EQ(X509_get_key_usage(leaf), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(leaf), static_cast<std::uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(X509_get_extension_flags(leaf) & EXFLAG_CA, 0U);
  EXPECT_EQ(X509_check_ca(leaf), 0);
  EXPECT_EQ(ASN1_STRING_length(X509_get0_serialNumber(leaf)), 16);
  const X509Ptr issuer = read_certificate(root.certificate);
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf), X509_get0_subject_key_id(issuer.get())), 0);
  EXPECT_NE(X509_get0_subject_key_id(leaf), nullptr);
  EXPECT_EQ(X509_check_private_key(leaf, (*minted)->key.get()), 1);
  EXPECT_EQ((*minted)->kind, KeyKind::ecdsa);
  EXPECT_EQ(sk_X509_num((*minted)->chain.get()), 0);  // clients have the root
}

TEST_F(Minting, is_for_addresses_too) {
  Minter minter = minter_of(root);
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    const auto minted = minter.mint({.name = address}, start);
    ASSERT_TRUE(minted);
    EXPECT_EQ(judged(*minted, address), "ok");
    EXPECT_EQ((*minted)->names, Names{address});
  }
  EXPECT_EQ(minter.mint({.name = "2001:DB8:0::1"}, start).value()->names, Names{"2001:db8::1"});
  EXPECT_EQ(minter.cached(), 2U);
}

TEST_F(Minting, compares_names_without_case_and_trailing_dot) {
  Minter minter = minter_of(root);
  const Minted first = minter.mint({.name = "WWW.Example.com."}, start).value();
  EXPECT_EQ(first->names, Names{"www.example.com"});
  EXPECT_EQ(minter.mint({.name = "www.example.com"}, start).value(), first);
}

TEST_F(Minting, refuses_what_is_no_name) {
  Minter minter = minter_of(root);
  using namespace std::string_view_literals;
  const std::string long_label(64, 'a'), long_name = std::string(250, 'a') + ".com";
  for (const std::string_view name :
       {""sv, "."sv, "a..b"sv, ".a"sv,
        "b\xc3\xbc"
        "cher.example"sv,
        "a b"sv, "a,DNS:b"sv, "a\0.example"sv, "a\n"sv, "*.example.com"sv, "*"sv, "a/b"sv, "a:b"sv, "[2001:db8::1]"sv,
        std::string_view(long_label), std::string_view(long_name)}) {
    const auto minted = minter.mint({.name = name}, start);
    ASSERT_FALSE(minted) << name;
    EXPECT_EQ(minted.error().code, Code::bad_host) << name;
  }
  EXPECT_TRUE(minter.mint({.name = "_dmarc.xn--bcher-kva.example"}, start));
}

TEST_F(Minting, has_no_common_name_where_the_name_is_too_long_for_one) {
  Minter minter = minter_of(root);
  const std::string name = std::string(60, 'a') + ".example.com";
  const Minted minted = minter.mint({.name = name}, start).value();
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(minted->leaf.get())), 0);
  EXPECT_EQ(judged(minted, name), "ok");  // strict: the alternative names are critical then
}

TEST_F(Minting, has_the_names_of_the_real_one) {
  Minter minter = minter_of(root);
  const X509Ptr server = real({"example.com", "*.example.com", "192.0.2.7", "other.example"}, start - days(10),
                              start + days(80), "*.example.com");
  const Minted minted = minter.mint({.name = "www.example.com", .real = server.get()}, start).value();
  EXPECT_EQ(minted->names, (Names{"example.com", "*.example.com", "192.0.2.7", "other.example"}));
  EXPECT_EQ(certificate_names(minted->leaf.get()), minted->names);
  EXPECT_EQ(common_name(minted->leaf.get()), "*.example.com");
  for (const char* host : {"example.com", "www.example.com", "192.0.2.7", "other.example"}) {
    EXPECT_EQ(judged(minted, host), "ok") << host;
  }
}

TEST_F(Minting, is_for_no_name_that_the_real_one_is_not_for) {
  Minter minter = minter_of(root);
  const X509Ptr server = real({"other.example"});
  const Minted minted = minter.mint({.name = "www.example.com", .real = server.get()}, start).value();
  EXPECT_EQ(minted->names, Names{"other.example"});
  EXPECT_EQ(judged(minted, "www.example.com"), "hostname mismatch");
}

TEST_F(Minting, leaves_out_what_no_certificate_should_say) {
  Minter minter = minter_of(root);
  const X509Ptr odd = real({"f*.example.com", "*.*.example.com", "www.example.com"}, start - days(1), start + days(1),
                           "The server\xc3\xbc");
  const Minted minted = minter.mint({.name = "www.example.com", .real = odd.get()}, start).value();
  EXPECT_EQ(minted->names, Names{"www.example.com"});
  EXPECT_EQ(common_name(minted->leaf.get()), "");
  EXPECT_EQ(judged(minted, "www.example.com"), "ok");
  const X509Ptr nothing = real({}, start - days(1), start + days(1), "The server");
  EXPECT_FALSE(minter.mint({.name = "www.example.com", .real = nothing.get()}, start));
}

TEST_F(Minting, keeps_the_name_that_was_asked_for_among_too_many) {
  Minter minter = minter_of(root);
  Names names;
  for (int i = 0; i < 500; ++i) names.push_back("host" + std::to_string(i) + ".example");
  const X509Ptr server = real(names);
  const Minted minted = minter.mint({.name = "host444.example", .real = server.get()}, start).value();
  EXPECT_EQ(minted->names.size(), Minter::most_names);
  EXPECT_EQ(judged(minted, "host444.example"), "ok");
}

TEST_F(Minting, is_valid_for_a_week_at_most_and_no_longer_than_the_real_one_or_the_authority) {
  Minter minter = minter_of(root);
  const Minted alone = minter.mint({.name = "a.example"}, start + days(10)).value();
  EXPECT_EQ(alone->not_before, start + days(9));
  EXPECT_EQ(alone->not_after, start + days(16));
  // Dates in the certificate and beside it are the same.
  EXPECT_EQ(time_of(X509_get0_notBefore(alone->leaf.get())), alone->not_before);
  EXPECT_EQ(time_of(X509_get0_notAfter(alone->leaf.get())), alone->not_after);

  EXPECT_EQ(minter.mint({.name = "a.example"}, start).value()->not_before, start - hours(1));  // the authority's own

  const X509Ptr young = real({"a.example"}, start - minutes(5), start + days(90));
  EXPECT_EQ(minter.mint({.name = "a.example", .real = young.get()}, start).value()->not_before, start - minutes(5));
  const X509Ptr old = real({"a.example"}, start - days(90), start + hours(3));
  EXPECT_EQ(minter.mint({.name = "a.example", .real = old.get()}, start).value()->not_after, start + hours(3));

  const Minted last = minter.mint({.name = "a.example"}, start + days(3649)).value();
  EXPECT_EQ(last->not_after, start + days(3650));
  const auto after = minter.mint({.name = "b.example"}, start + days(3651));
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, Code::config_invalid);
}

TEST_F(Minting, is_refused_for_the_date_where_the_real_one_is) {
  Minter minter = minter_of(root);
  const X509Ptr expired = real({"a.example"}, start - days(90), start - days(30));
  const Minted minted = minter.mint({.name = "a.example", .real = expired.get()}, start).value();
  EXPECT_EQ(judged(minted, "a.example"), "certificate has expired");
  EXPECT_EQ(minted->not_after, start - days(30));
  EXPECT_EQ(minted->not_before, start - days(37));
  const X509Ptr early = real({"a.example"}, start + days(2), start + days(90));
  const Minted future = minter.mint({.name = "a.example", .real = early.get()}, start).value();
  EXPECT_EQ(judged(future, "a.example"), "certificate is not yet valid");
  EXPECT_EQ(future->not_after, start + days(9));
  EXPECT_EQ(minter.cached(), 0U);  // what they are worth changes with time
}

TEST_F(Minting, signs_within_the_bounds_of_the_authority) {
  root = make_root({.domains = {"example.net"}, .networks = {}});
  Minter minter = minter_of(root);
  const X509Ptr server =
      real({"www.example.net", "www.example.com", "192.0.2.1"}, start - days(1), start + days(1), "www.example.com");
  const Minted minted = minter.mint({.name = "www.example.net", .real = server.get()}, start).value();
  EXPECT_EQ(minted->names, Names{"www.example.net"});
  EXPECT_EQ(judged(minted, "www.example.net"), "ok");
  EXPECT_EQ(common_name(minted->leaf.get()), "");
  for (const char* name : {"www.example.com", "192.0.2.1"}) {
    const auto refused = minter.mint({.name = name}, start);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, Code::config_invalid);
  }
}

TEST_F(Minting, keeps_what_it_has_made_for_a_name_and_a_real_certificate) {
  Minter minter = minter_of(root, 2);
  const X509Ptr one = real({"a.example"});
  const X509Ptr renewed = real({"a.example"});
  const auto mint = [&](const char* name, X509* server = nullptr) {
    return minter.mint({.name = name, .real = server}, start).value();
  };
  const Minted first = mint("a.example", one.get());
  EXPECT_EQ(mint("a.example", one.get()), first);
  EXPECT_NE(mint("a.example", renewed.get()), first);
  EXPECT_EQ(minter.cached(), 2U);
  EXPECT_EQ(mint("a.example", one.get()), first);  // used: `renewed` is now the one to go
  const Minted other = mint("b.example");
  EXPECT_EQ(minter.cached(), 2U);
  EXPECT_EQ(mint("a.example", one.get()), first);
  EXPECT_EQ(mint("b.example"), other);
  EXPECT_EQ(mint("c.example"), mint("c.example"));
  EXPECT_NE(mint("a.example", one.get()), first);
}

TEST_F(Minting, forgets_what_is_not_valid_any_more) {
  Minter minter = minter_of(root);
  const X509Ptr server = real({"a.example"}, start - days(1), start + hours(2));
  const Minted first = minter.mint({.name = "a.example", .real = server.get()}, start).value();
  EXPECT_EQ(minter.mint({.name = "a.example", .real = server.get()}, start + hours(1)).value(), first);
  EXPECT_NE(minter.mint({.name = "a.example", .real = server.get()}, start + hours(2)).value(), first);
}

TEST_F(Minting, has_one_key_a_day) {
  Minter minter = minter_of(root);
  const Minted first = minter.mint({.name = "a.example"}, start).value();
  EXPECT_EQ(minter.mint({.name = "b.example"}, start + hours(23)).value()->key, first->key);
  const Minted next = minter.mint({.name = "a.example"}, start + hours(24)).value();
  EXPECT_NE(next->key, first->key);
  EXPECT_EQ(minter.cached(), 1U);
  EXPECT_EQ(judged(next, "a.example", start + hours(24)), "ok");
  EXPECT_EQ(X509_check_private_key(first->leaf.get(), first->key.get()), 1);     // connections still have the old one
  EXPECT_NE(minter.mint({.name = "a.example"}, start).value()->key, next->key);  // the clock was put back
}

TEST_F(Minting, sends_the_authorities_below_the_root) {
  const PemPair top = issue({.common_name = "The root",
                             .names = {},
                             .not_before = start - days(1),
                             .not_after = start + days(100),
                             .use = CertificateRequest::Use::authority},
                            nullptr)
                          .value();
  for (const auto key : {CertificateRequest::Key::ecdsa, CertificateRequest::Key::rsa}) {
    PemPair below = issue({.common_name = "Below it",
                           .names = {},
                           .not_before = start - days(1),
                           .not_after = start + days(100),
                           .use = CertificateRequest::Use::authority,
                           .key = key},
                          &top)
                        .value();
    below.certificate += top.certificate;
    Minter minter = minter_of(below);
    const Minted minted = minter.mint({.name = "a.example"}, start).value();
    EXPECT_EQ(sk_X509_num(minted->chain.get()), 1);
    EXPECT_EQ(
        verdict(minted->leaf.get(), minted->chain.get(), top.certificate, "a.example", start, Strictness::lenient),
        "ok");
  }
}

TEST_F(Minting, wants_an_authority) {
  EXPECT_EQ(load(sp::testing::self_signed({"a.example"})), nullptr);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().message, "the certificate in root.pem may not sign others");
  findings.clear();
  PemPair mixed = make_root();
  mixed.key = make_root().key;
  EXPECT_EQ(load(mixed), nullptr);
  EXPECT_EQ(findings.size(), 1U);
}

TEST_F(Minting, is_taken_by_a_client_that_trusts_the_root) {
  Minter minter = minter_of(root);
  files.files["root-alone.pem"] = root.certificate;
  config::UpstreamTlsConfig trusting;
  trusting.ca.value = "root-alone.pem";
  auto client = make_client(trusting);
  auto stranger = make_client();
  const Minted minted = minter.mint({.name = "a.example"}, start).value();
  auto server = make_server(CertificateStore::of({minted}));
  Ends ends = handshake(*server, *client, "a.example");
  expect_talk(ends);
  EXPECT_FALSE(handshake(*server, *stranger, "a.example").ok());
}

}  // namespace
}  // namespace sp::tls
