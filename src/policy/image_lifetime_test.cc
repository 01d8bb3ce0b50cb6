#include "policy/image_lifetime.h"

#include <gtest/gtest.h>

#include <vector>

namespace sp::policy {
namespace {

using namespace std::chrono_literals;

TEST(ImageLifetimes, are_what_the_site_says_within_bounds) {
  struct Row {
    std::string_view said;
    std::chrono::seconds lifetime;
    bool shared;
    std::string_view cache_control;  // a minute later
  };
  for (const Row& row : std::vector<Row>{
           {"", 24h, true, "public, max-age=86340"},
           {"max-age=100", 100s, true, "public, max-age=40"},
           {"Max-Age=\"100\"", 100s, true, "public, max-age=40"},
           {"max-age=10", 10s, true, "public, max-age=0"},
           {"public, max-age=31536000, immutable", 720h, true, "public, max-age=2591940"},
           {"max-age=99999999999999999999", 720h, true, "public, max-age=2591940"},
           {"max-age=100, max-age=70", 70s, true, "public, max-age=10"},
           {"max-age=100, s-maxage=200", 200s, true, "public, max-age=140"},
           {"max-age=100, private", 100s, false, "private, max-age=40"},
           {"private, s-maxage=200, max-age=100", 100s, false, "private, max-age=40"},
           {"max-age=-1", 0s, true, "no-store"},
           {"max-age=x", 0s, true, "no-store"},
           {"max-age", 0s, true, "no-store"},
           {"max-age=0", 0s, true, "no-store"},
           {"no-store", 0s, false, "no-store"},
           {"max-age=100 , NO-CACHE", 0s, false, "no-store"},
           {",,=,a=b,", 24h, true, "public, max-age=86340"},
       }) {
    Arena arena;
    http::Fields fields(arena);
    if (!row.said.empty()) fields.add(http::FieldId::cache_control, row.said);
    const ImageLifetime lifetime = image_lifetime(fields);
    EXPECT_EQ(lifetime, (ImageLifetime{row.lifetime, row.shared})) << row.said;
    EXPECT_EQ(lifetime.cache_control(60s), row.cache_control) << row.said;
    EXPECT_EQ(lifetime.kept_here(), row.shared && row.lifetime > 0s) << row.said;
  }
}

}  // namespace
}  // namespace sp::policy
