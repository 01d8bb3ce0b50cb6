#include "tls/certificate_store.h"

#include "tls/certificate_names.h"
#include "tls/test_world.h"

namespace sp::tls {
namespace {

class Store : public TlsWorld {
 protected:
  // The one finding of loading this file pair.
  config::Finding finding_of(const std::string& cert, const std::string& key) {
    files.files["x.pem"] = cert;
    files.files["x.key"] = key;
    config::CertificateConfig config;
    config.cert = {"x.pem", {"sallyport.yaml", 3, 11}};
    config.key = {"x.key", {"sallyport.yaml", 3, 30}};
    return finding_of(config);
  }
  config::Finding finding_of(const config::CertificateConfig& config) {
    findings.clear();
    store_of({config});
    EXPECT_EQ(findings.size(), 1u);
    return findings.empty() ? config::Finding{} : findings.front();
  }
};

TEST_F(Store, finds_exact_names_before_wildcards) {
  auto store =
      store_of({store_pair("a", authority.leaf({"a.example", "b.example"})),
                store_pair("w", authority.leaf({"*.example"})), store_pair("ip", authority.leaf({"192.0.2.1"}))});
  ASSERT_TRUE(findings.empty());
  const auto holder = [&](std::string_view name) {
    const CertificateSet* set = store->find(name);
    return set == nullptr ? std::string("none") : set->all().front()->config.cert.value;
  };
  EXPECT_EQ(holder("a.example"), "a.pem");
  EXPECT_EQ(holder("B.EXAMPLE."), "a.pem");
  EXPECT_EQ(holder("c.example"), "w.pem");
  EXPECT_EQ(holder("d.c.example"), "none");
  EXPECT_EQ(holder("example"), "none");
  EXPECT_EQ(holder(".example"), "none");
  EXPECT_EQ(holder(""), "none");
  EXPECT_EQ(holder("192.0.2.1"), "ip.pem");
  EXPECT_EQ(store->choose("nobody"), store->default_set());
  EXPECT_TRUE(store->default_set()->covers("A.example"));
}

TEST_F(Store, names_the_hosts_that_have_no_certificate) {
  auto store = store_of({store_pair("a", authority.leaf({"a.example", "*.w.example"}))});
  const config::Text hosts[] = {
      {"a.example", {}}, {"*", {}}, {"*.w.example", {}}, {"x.w.example", {}}, {"b.example", {"sallyport.yaml", 7, 3}},
      {"*.example", {}}};
  const auto missing = find_hosts_without_certificate(*store, hosts);
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].message, "no certificate is for b.example: browsers will refuse the connection");
  EXPECT_EQ(missing[0].place.line, 7);
  EXPECT_EQ(find_hosts_without_certificate(*store_of({}), hosts).size(), 6u);
}

TEST_F(Store, prefers_the_certificate_that_is_valid_longer) {
  auto store = store_of({store_pair("new", authority.leaf({"a.example"}, {.until_days = 80})),
                         store_pair("old", authority.leaf({"a.example"}, {.until_days = 10})),
                         store_pair("newest", authority.leaf({"a.example"}, {.until_days = 85}))});
  ASSERT_EQ(store->find("a.example")->all().size(), 1u);
  EXPECT_EQ(store->find("a.example")->all().front()->config.cert.value, "newest.pem");
}

TEST_F(Store, is_empty_without_certificates) {
  auto store = store_of({});
  EXPECT_EQ(store->default_set(), nullptr);
  EXPECT_EQ(store->choose("a.example"), nullptr);
  EXPECT_EQ(make_server(store), nullptr);
}

TEST_F(Store, takes_the_key_from_the_file_of_the_certificate) {
  const PemPair pair = authority.leaf({"a.example"});
  files.files["both.pem"] = pair.key + pair.certificate;
  config::CertificateConfig config;
  config.cert.value = "both.pem";
  EXPECT_NE(store_of({config})->find("a.example"), nullptr);
  EXPECT_TRUE(findings.empty());
}

TEST_F(Store, says_what_is_wrong_with_a_file) {
  const PemPair pair = authority.leaf({"a.example"}), other = authority.leaf({"b.example"});
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi7dvBw16MtJgICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGxIzt6jA3eQ0dy3M9ZCBO4EgZDR\n"
      "IKYKrq1J8NDHek2JP1zc37HLgYJpYvED4famn/MkScnRZYLwASoUe46rC4EF0xj9\n"
      "Cg+ajbM/uQ2hxtUsJ9OwMwcRKwUDzFY2Pk4CKJmUsxbPn4P7zjpgE51evqfVe9Zw\n"
      "aTnrNg1hRawJ+7FSyrKjC4g93p9emdzCZDMujbt4oH+lOPV2pEBxscgrJJDdoz0=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  struct Row {
    std::string cert, key;
    std::string_view message, remedy;
    int column;
  };
  const Row rows[] = {
      {pair.certificate, other.key, "the key in x.key does not belong to the certificate in x.pem (a.example)",
       "use the pair that was made together", 30},
      {pair.key, pair.certificate, "there is no certificate in x.pem", "exchanged", 11},
      {pair.certificate, pair.certificate, "there is no usable private key in x.key", "exchanged", 30},
      {"", pair.key, "there is no certificate in x.pem", "begins with", 11},
      {"\x30\x82\x01", pair.key, "there is no certificate in x.pem", "openssl x509 -inform der", 11},
      {"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", pair.key,
       "certificate number 1 in x.pem is damaged", "openssl x509", 11},
      {other.certificate + pair.certificate, pair.key,
       "x.pem does not begin with the certificate of the key, which is number 2 in it", "own certificate first", 11},
      {pair.certificate, encrypted, "the key in x.key is protected by a passphrase", "openssl pkey", 30},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.message);
    const config::Finding finding = finding_of(row.cert, row.key);
    EXPECT_EQ(finding.severity, config::Finding::Severity::error);
    EXPECT_EQ(finding.message, row.message);
    EXPECT_NE(finding.remedy.find(row.remedy), std::string::npos) << finding.remedy;
    EXPECT_EQ(finding.place.column, row.column);
    EXPECT_EQ(finding.message.find("PRIVATE"), std::string::npos);
  }
  config::CertificateConfig missing;
  missing.cert.value = "/nowhere.pem";
  EXPECT_EQ(finding_of(missing).message, "cannot read /nowhere.pem: it does not exist");
}

TEST_F(Store, warns_of_dates_and_serves_nevertheless) {
  const PemPair expired = authority.leaf({"a.example"}, {.from_days = -60, .until_days = -2});
  const config::Finding finding = finding_of(expired.certificate, expired.key);
  EXPECT_EQ(finding.severity, config::Finding::Severity::warning);
  EXPECT_EQ(finding.message, "the certificate in x.pem (a.example) expired on 2025-12-30");
  const PemPair future = authority.leaf({"a.example"}, {.from_days = 10, .until_days = 20});
  EXPECT_EQ(finding_of(future.certificate, future.key).message,
            "the certificate in x.pem (a.example) is not valid before 2026-01-11");
  EXPECT_NE(store_of({store_pair("e", expired)})->find("a.example"), nullptr);
}

TEST_F(Store, warns_of_a_certificate_whose_names_browsers_do_not_read) {
  const PemPair old = authority.leaf({}, {.common_name = "a.example"});
  const config::Finding finding = finding_of(old.certificate, old.key);
  EXPECT_EQ(finding.severity, config::Finding::Severity::warning);
  EXPECT_EQ(finding.message, "the certificate in x.pem (a.example) has no name in its subjectAltName");
  EXPECT_EQ(finding.remedy,
            "browsers and most other clients refuse it: make one with `-addext subjectAltName=DNS:a.example`");
  EXPECT_NE(store_of({store_pair("e", old)})->find("a.example"), nullptr);
}

TEST(Names, match_one_label_by_a_wildcard) {
  EXPECT_TRUE(name_matches("*.example.com", "a.example.com"));
  EXPECT_FALSE(name_matches("*.example.com", "example.com"));
  EXPECT_FALSE(name_matches("*.example.com", ".example.com"));
  EXPECT_FALSE(name_matches("*.example.com", "b.a.example.com"));
  EXPECT_FALSE(name_matches("example.com", "a.example.com"));
  EXPECT_EQ(normal_name("EXAMPLE.Com."), "example.com");
}

TEST(SelfSigned, has_all_its_names) {
  const std::vector<std::string> names = {"localhost", "*.demo.example", "127.0.0.1", "::1"};
  auto pair = make_self_signed(names, 30, FakeLoop::start_of_time);
  ASSERT_TRUE(pair.has_value());
  config::MemoryFileSystem files;
  files.files["p"] = pair->certificate + pair->key;
  config::CertificateConfig config;
  config.cert.value = "p";
  std::vector<config::Finding> findings;
  auto loaded = load_certificate(config, files, FakeLoop::start_of_time, findings);
  ASSERT_NE(loaded, nullptr);
  EXPECT_EQ(loaded->names, names);
  EXPECT_TRUE(loaded->is_self_signed);
  EXPECT_TRUE(loaded->covers("x.demo.example"));
  EXPECT_EQ(loaded->not_after, FakeLoop::start_of_time + std::chrono::days(30));
}

}  // namespace
}  // namespace sp::tls
