#include "runtime/name_sources.h"
#include "testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TEST(Hosts, names_have_addresses) {
  const HostsTable hosts = parse_hosts(
      "127.0.0.1\tlocalhost\n"
      "# a comment\n"
      "192.0.2.1  Db.Example.test db   # the old one\n"
      "2001:db8::1 db\r\n"
      "192.0.2.1 db\n"
      "fe80::1%eth0 link\n"
      "not-an-address name\n"
      "192.0.2.9\n"
      "\n"
      "192.0.2.10 bad_but_used b\xc3\xa4 last");
  EXPECT_EQ(hosts.at("localhost"), std::vector{*IpAddress::parse("127.0.0.1")});
  EXPECT_EQ(hosts.at("db.example.test"), std::vector{*IpAddress::parse("192.0.2.1")});
  EXPECT_EQ(hosts.at("db"), (std::vector{*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")}));
  EXPECT_EQ(hosts.at("last"), std::vector{*IpAddress::parse("192.0.2.10")});
  EXPECT_EQ(hosts.size(), 6u);
  EXPECT_TRUE(parse_hosts("").empty());
}

TEST(SearchList, the_last_one_counts) {
  const SearchList search = parse_search_list(
      "nameserver 192.0.2.53\n"
      "domain old.test\n"
      "search a.test B.test. ; not this\n"
      "options timeout:1 ndots:3 rotate\n");
  EXPECT_EQ(search.domains, (Names{"a.test", "b.test"}));
  EXPECT_EQ(search.ndots, 3u);
  EXPECT_EQ(parse_search_list("options ndots:99").ndots, 15u);
  EXPECT_EQ(parse_search_list("options ndots:x").ndots, 1u);
  EXPECT_EQ(parse_search_list("").ndots, 1u);
}

TEST(SearchList, only_names_with_few_dots_are_searched) {
  const SearchList search{{"a.test", "b.test"}, 2};
  EXPECT_EQ(candidates("db", search), (Names{"db.a.test", "db.b.test", "db"}));
  EXPECT_EQ(candidates("db.prod", search), (Names{"db.prod.a.test", "db.prod.b.test", "db.prod"}));
  EXPECT_EQ(candidates("www.example.com", search), Names{"www.example.com"});
  EXPECT_EQ(candidates("db.", search), Names{"db"});
  EXPECT_EQ(candidates("db", {}), Names{"db"});
  EXPECT_EQ(candidates(std::string(250, 'a'), search), Names{std::string(250, 'a')});
}

TEST(NormalName, knows_what_may_be_asked) {
  EXPECT_EQ(normal_name("WWW.Example.COM."), "www.example.com");
  EXPECT_EQ(normal_name("_a-1.b"), "_a-1.b");
  const std::string label(63, 'a');
  EXPECT_EQ(normal_name(label), label);
  std::string too_long = label;
  for (int i = 0; i < 3; ++i) too_long.append(".").append(label);
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a..b"), std::string(".a"), std::string("a b"),
        std::string("a\0b", 3), std::string("a/b"), std::string("[::1]"), std::string("\xc3\xa4"), label + "a",
        std::string("a\\.b"), too_long}) {
    EXPECT_EQ(normal_name(bad), "") << bad;
  }
}

class SystemFiles : public ::testing::Test {
 protected:
  std::string hosts() const { return folder + "/hosts"; }
  std::string conf() const { return folder + "/resolv.conf"; }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  const sp::testing::TemporaryFolder temporary;
  const std::string& folder = temporary.path;
};

TEST_F(SystemFiles, are_read_again_when_they_change_but_not_all_the_time) {
  write(hosts(), "192.0.2.1 one\n");
  SystemNameSources sources(hosts(), conf());
  TimePoint now{1h};
  const unsigned version = sources.current(now).servers_version;
  EXPECT_TRUE(sources.current(now).hosts.contains("one"));

  write(hosts(), "192.0.2.1 one\n192.0.2.2 two\n");
  write(conf(), "search a.test\n");
  EXPECT_FALSE(sources.current(now + 1s).hosts.contains("two"));
  const NameSources& later = sources.current(now + 2s);
  EXPECT_TRUE(later.hosts.contains("two"));
  EXPECT_EQ(later.search.domains, Names{"a.test"});
  EXPECT_NE(later.servers_version, version);

  const unsigned second = later.servers_version;
  EXPECT_EQ(sources.current(now + 4s).servers_version, second);
  std::remove(hosts().c_str());
  EXPECT_TRUE(sources.current(now + 6s).hosts.empty());
}

TEST_F(SystemFiles, may_be_missing) {
  SystemNameSources sources(hosts(), conf());
  const NameSources& none = sources.current(TimePoint{1h});
  EXPECT_TRUE(none.hosts.empty());
  EXPECT_TRUE(none.search.domains.empty());
  EXPECT_TRUE(none.has_v4 || none.has_v6);
}

}  // namespace
}  // namespace sp::runtime
