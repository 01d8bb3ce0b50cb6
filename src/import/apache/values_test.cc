#include "import/apache/values.h"

#include <gtest/gtest.h>

namespace sp::import::apache {
namespace {

TEST(AddressPattern, every_form_that_apache_knows) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"10", "10.0.0.0/8"},
      {"10.", "10.0.0.0/8"},
      {"172.20", "172.20.0.0/16"},
      {"192.168.2", "192.168.2.0/24"},
      {"10.1.0.0/16", "10.1.0.0/16"},
      {"10.1.2.3/16", "10.1.0.0/16"},
      {"10.1.0.0/255.255.0.0", "10.1.0.0/16"},
      {"192.0.2.0/255.255.255.255", "192.0.2.0/32"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:db8::ffff/33", "2001:db8::/33"},
  };
  for (const auto& [apache, ours] : rows) EXPECT_EQ(address_pattern(apache), ours) << apache;
  for (const std::string_view bad : {"", "example.com", ".example.com", "10.1.2.3.4", "300", "10.0.0.0/33",
                                     "10.0.0.0/255.0.255.0", "10.0.0.0/", "1/8"}) {
    EXPECT_FALSE(address_pattern(bad)) << bad;
  }
}

TEST(Seconds, with_the_units_of_apache) {
  EXPECT_EQ(parse_seconds("60"), 60);
  EXPECT_EQ(parse_seconds("1500ms"), 2);
  EXPECT_EQ(parse_seconds("5mi"), 300);
  EXPECT_EQ(parse_seconds("2h"), 7200);
  EXPECT_FALSE(parse_seconds(""));
  EXPECT_FALSE(parse_seconds("5x"));
  EXPECT_FALSE(parse_seconds("99999999999999999999"));
}

TEST(Units, as_a_person_writes_them) {
  EXPECT_EQ(duration_text(60), "60s");
  EXPECT_EQ(duration_text(300), "5m");
  EXPECT_EQ(duration_text(3600), "1h");
  EXPECT_EQ(size_text(1073741824), "1GiB");
  EXPECT_EQ(size_text(104857600), "100MiB");
  EXPECT_EQ(size_text(1000), "1000B");
}

TEST(Urls, in_their_parts) {
  const auto url = parse_url("HTTPS://h.example:8443/a?b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme + " " + url->authority + " " + url->path, "https h.example:8443 /a?b");
  const auto socket = parse_url("unix:/run/x.sock|http://localhost/app");
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->unix_path + " " + socket->path, "/run/x.sock /app");
  EXPECT_FALSE(parse_url("/path"));
  EXPECT_FALSE(parse_url("unix:/run/x.sock"));
  EXPECT_FALSE(parse_url("http:///x"));
}

TEST(Covers, at_segment_boundaries) {
  EXPECT_TRUE(covers("/", "/x"));
  EXPECT_TRUE(covers("", "/"));
  EXPECT_TRUE(covers("/a", "/a"));
  EXPECT_TRUE(covers("/a", "/a/b"));
  EXPECT_TRUE(covers("/a/", "/a/b"));
  EXPECT_FALSE(covers("/a", "/ab"));
  EXPECT_FALSE(covers("/a/b", "/a"));
}

}  // namespace
}  // namespace sp::import::apache
