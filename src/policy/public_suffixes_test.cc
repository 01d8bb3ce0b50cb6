#include "policy/public_suffixes.h"

#include <gtest/gtest.h>

namespace sp::policy {
namespace {

constexpr const char* list = R"(// ===BEGIN ICANN DOMAINS===
com
net
co.uk
uk
*.ck
!www.ck
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
github.io
s3.amazonaws.com
// ===END PRIVATE DOMAINS===
)";

TEST(PublicSuffixes, the_domain_that_somebody_has_registered) {
  const auto suffixes = PublicSuffixes::parse(list);
  ASSERT_TRUE(suffixes);
  struct Row {
    const char* name;
    const char* domain;
  };
  for (const Row& row : {
           Row{"a.b.example.com", "example.com"},
           Row{"example.com", "example.com"},
           Row{"a.example.co.uk", "example.co.uk"},
           Row{"co.uk", ""},
           Row{"com", ""},
           Row{"me.github.io", "me.github.io"},
           Row{"x.me.github.io", "me.github.io"},
           Row{"github.io", ""},
           Row{"bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"},
           Row{"ec2.amazonaws.com", "amazonaws.com"},
           Row{"a.b.c.ck", "b.c.ck"},
           Row{"a.www.ck", "www.ck"},
           Row{"host.example.unknown", ""},  // the list does not know what is below `unknown`
           Row{"", ""},
       }) {
    EXPECT_EQ(suffixes->registrable_domain(row.name), row.domain) << row.name;
  }
}

TEST(PublicSuffixes, names_of_several_parties) {
  const auto suffixes = PublicSuffixes::parse(list);
  ASSERT_TRUE(suffixes);
  for (const char* name : {"com", "co.uk", "github.io", "s3.amazonaws.com", "amazonaws.com", "slack.com"})
    EXPECT_TRUE(suffixes->is_shared(name)) << name;
  for (const char* name : {"example.com", "me.github.io", "ec2.amazonaws.com", "files.slack.com"})
    EXPECT_FALSE(suffixes->is_shared(name)) << name;
}

TEST(PublicSuffixes, what_is_no_list_is_none) {
  EXPECT_FALSE(PublicSuffixes::parse(""));
  EXPECT_FALSE(PublicSuffixes::parse("// nothing\n"));
}

}  // namespace
}  // namespace sp::policy
