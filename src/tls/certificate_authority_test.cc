// The root for inspection: what is in it, what it may sign, and its files.
#include "tls/certificate_authority.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testing/temporary_folder.h"
#include "tls/certificate_names.h"
#include "tls/inspection_for_tests.h"
#include "tls/self_signed.h"

namespace sp::tls {
namespace {

using sp::testing::FakeLoop;

constexpr auto start = FakeLoop::start_of_time;

TEST(Authority, is_a_root_that_signs_servers_and_no_other_authorities) {
  const X509Ptr root = read_certificate(make_root().certificate);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(verdict(root.get(), nullptr, make_root().certificate, ""), "self-signed certificate");
  EXPECT_EQ(common_name(root.get()), "Sallyport inspection of gate.example");
  EXPECT_EQ(X509_get_pathlen(root.get()), 0);
  EXPECT_EQ(X509_get_key_usage(root.get()), static_cast<std::uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  EXPECT_NE(X509_get_extension_flags(root.get()) & EXFLAG_CA, 0u);
  for (const int nid : {NID_basic_constraints, NID_key_usage}) {
    const int at = X509_get_ext_by_NID(root.get(), nid, -1);
    EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(root.get(), at)), 1);
  }
  ASSERT_NE(X509_get0_subject_key_id(root.get()), nullptr);
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(root.get()), X509_get0_authority_key_id(root.get())), 0);
  EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(root.get())), 256);
  EXPECT_EQ(time_of(X509_get0_notBefore(root.get())), start - std::chrono::hours(1));
  EXPECT_EQ(time_of(X509_get0_notAfter(root.get())), start + std::chrono::days(3650));
  EXPECT_EQ(ASN1_STRING_length(X509_get0_serialNumber(root.get())), 16);
  const X509Ptr other = read_certificate(make_root().certificate);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(root.get()), X509_get0_serialNumber(other.get())), 0);
}

TEST(Authority, has_a_name_that_fits) {
  AuthorityRequest request{.common_name = "", .not_before = start, .not_after = start + std::chrono::days(1)};
  EXPECT_EQ(make_authority(request).error().code, Code::config_invalid);
  request.common_name = std::string(65, 'x');
  EXPECT_EQ(make_authority(request).error().code, Code::config_invalid);
  request.common_name =
      "Pr\xc3\xbc"
      "fung";
  EXPECT_TRUE(make_authority(request).has_value());
  request.common_name = "\xff\xfe";
  EXPECT_EQ(make_authority(request).error().code, Code::config_invalid);
}

// What the library says of a leaf for `name` under a root that is bound to `only`.
std::string judged(const Permitted& only, const std::string& name) {
  const PemPair root = make_root(only);
  const auto leaf = issue({.common_name = "",
                           .names = {name},
                           .not_before = start - std::chrono::hours(1),
                           .not_after = start + std::chrono::days(1)},
                          &root);
  const X509Ptr certificate = read_certificate(leaf->certificate);
  const std::string said = verdict(certificate.get(), nullptr, root.certificate, "", start, Strictness::lenient);
  const bool permitted = NameConstraints::of(read_certificate(root.certificate).get()).permit(name);
  // What the gate thinks that clients will think.
  EXPECT_EQ(permitted, said == "ok") << name << ": " << said;
  return permitted ? "permitted" : said;
}

TEST(Authority, is_bound_to_names_and_networks) {
  const Permitted domains{.domains = {"example.net", "chat.example"}, .networks = {}};
  for (const char* name : {"example.net", "a.example.net", "b.a.example.net", "*.example.net", "chat.example"}) {
    EXPECT_EQ(judged(domains, name), "permitted") << name;
  }
  for (const char* name : {"example.com", "badexample.net", "net", "example.net.org", "*.example"}) {
    EXPECT_EQ(judged(domains, name), "permitted subtree violation") << name;
  }
  for (const char* name : {"192.0.2.1", "2001:db8::1"}) EXPECT_EQ(judged(domains, name), "excluded subtree violation");

  const Permitted networks{.domains = {},
                           .networks = {*config::parse_network("10.0.0.0/9"), *config::parse_network("2001:db8::/32")}};
  for (const char* name : {"10.1.2.3", "10.127.255.255", "2001:db8:5::1"}) {
    EXPECT_EQ(judged(networks, name), "permitted") << name;
  }
  for (const char* name : {"10.128.0.1", "192.0.2.1", "2001:db9::1"}) {
    EXPECT_EQ(judged(networks, name), "permitted subtree violation") << name;
  }
  EXPECT_EQ(judged(networks, "example.net"), "excluded subtree violation");

  const Permitted one_family{.domains = {"example.net"}, .networks = {*config::parse_network("192.0.2.1")}};
  EXPECT_EQ(judged(one_family, "192.0.2.1"), "permitted");
  EXPECT_EQ(judged(one_family, "2001:db8::1"), "permitted subtree violation");
  EXPECT_EQ(judged({}, "anything.example"), "permitted");
  EXPECT_EQ(judged({}, "192.0.2.1"), "permitted");
}

TEST(Authority, says_that_its_bounds_are_critical) {
  const X509Ptr root = read_certificate(make_root({.domains = {"example.net"}, .networks = {}}).certificate);
  const int at = X509_get_ext_by_NID(root.get(), NID_name_constraints, -1);
  ASSERT_GE(at, 0);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(root.get(), at)), 1);
}

class Files : public ::testing::Test {
 protected:
  Files() { paths = {.certificate = folder + "/ca.pem", .key = folder + "/ca.key"}; }

  static unsigned mode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files_left() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator{}));
  }

  const sp::testing::TemporaryFolder temporary;
  const std::string& folder = temporary.path;
  AuthorityPaths paths;
  PemPair pair{"the certificate", "the key"};
};

TEST_F(Files, are_written_with_their_permissions_whatever_the_umask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    const mode_t before = ::umask(mask);
    const auto stored = store_authority(pair, paths);
    ::umask(before);
    ASSERT_TRUE(stored) << stored.error();
    EXPECT_EQ(mode(paths.key), 0600U);
    EXPECT_EQ(mode(paths.certificate), 0644U);
    EXPECT_EQ(content(paths.key), "the key");
    EXPECT_EQ(content(paths.certificate), "the certificate");
    EXPECT_EQ(files_left(), 2U);
    ::unlink(paths.key.c_str());
    ::unlink(paths.certificate.c_str());
  }
}

TEST_F(Files, are_never_overwritten) {
  ASSERT_TRUE(store_authority(pair, paths));
  const PemPair other{"another certificate", "another key"};
  EXPECT_EQ(store_authority(other, paths).error(), "cannot write " + paths.key + ": File exists");
  EXPECT_EQ(content(paths.key), "the key");
  EXPECT_EQ(files_left(), 2U);

  // Not even one of the two, and the other does not stay behind.
  ::unlink(paths.key.c_str());
  EXPECT_EQ(store_authority(other, paths).error(), "cannot write " + paths.certificate + ": File exists");
  EXPECT_EQ(content(paths.certificate), "the certificate");
  EXPECT_EQ(files_left(), 1U);

  // Nor what a link points at, be there something or not.
  ::unlink(paths.certificate.c_str());
  ASSERT_EQ(::symlink((folder + "/elsewhere").c_str(), paths.key.c_str()), 0);
  EXPECT_EQ(store_authority(other, paths).error(), "cannot write " + paths.key + ": File exists");
  EXPECT_EQ(files_left(), 1U);
}

TEST_F(Files, say_what_the_system_has_against_them) {
  EXPECT_EQ(store_authority(pair, {.certificate = paths.certificate, .key = folder + "/none/ca.key"}).error(),
            "cannot make a file for " + folder + "/none/ca.key: No such file or directory");
  EXPECT_EQ(store_authority(pair, {.certificate = paths.key, .key = paths.key}).error(),
            "cannot write " + paths.key + ": File exists");
  EXPECT_EQ(files_left(), 0U);
}

}  // namespace
}  // namespace sp::tls
