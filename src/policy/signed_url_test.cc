// URLs that were signed as camo signs them (digests by Python's hmac), and what of them can be fetched.
#include "policy/signed_url.h"

#include <gtest/gtest.h>

#include <vector>

namespace sp::policy {
namespace {

constexpr std::string_view key = "0x24FEEDFACEDEADBEEFCAFE";  // that of camo's own examples
constexpr std::string_view picture = "http://example.org/a.png?x=1&y=2";
const std::string digest = "2e434bd803446601823989ee29d603c383cae50e";
const std::string hex = "687474703a2f2f6578616d706c652e6f72672f612e706e673f783d3126793d32";

TEST(SignedUrls, both_forms_are_read) {
  EXPECT_EQ(read_signed_url(digest + "/" + hex, {}, key).value_or(""), picture);
  EXPECT_EQ(read_signed_url(digest, "url=http%3A%2F%2Fexample.org%2Fa.png%3Fx%3D1%26y%3D2", key).value_or(""), picture);
  EXPECT_EQ(read_signed_url(digest, "a=b&url=http://example.org/a.png%3fx=1%26y=2&c", key).value_or(""), picture);
  std::string upper = digest;
  for (char& c : upper) c = static_cast<char>(c >= 'a' ? c - 32 : c);
  EXPECT_EQ(read_signed_url(upper + "/" + hex, {}, key).value_or(""), picture);
}

struct Row {
  std::string name, rest, query;
  SignedUrlFault fault;
};
class WrongUrls : public ::testing::TestWithParam<Row> {};
TEST_P(WrongUrls, are_refused) {
  const auto read = read_signed_url(GetParam().rest, GetParam().query, key);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error(), GetParam().fault);
}
using enum SignedUrlFault;
INSTANTIATE_TEST_SUITE_P(Rows, WrongUrls,
                         ::testing::ValuesIn(std::vector<Row>{
                             {"nothing", "", "", shape},
                             {"no_url", digest, "", shape},
                             {"an_empty_url", digest, "url=", shape},
                             {"two_urls", digest, "url=a&url=b", shape},
                             {"half_an_encoding", digest, "url=%4", shape},
                             {"short_digest", digest.substr(2) + "/" + hex, "", shape},
                             {"long_digest", digest + "00/" + hex, "", shape},
                             {"no_hex_in_the_digest", "zz" + digest.substr(2) + "/" + hex, "", shape},
                             {"no_hex_in_the_url", digest + "/zz", "", shape},
                             {"odd_hex", digest + "/" + hex + "0", "", shape},
                             {"more_behind_it", digest + "/" + hex + "/x", "", shape},
                             {"another_url", digest + "/" + hex + "30", "", signature},
                             {"another_digest", "00" + digest.substr(2) + "/" + hex, "", signature},
                             {"another_last_octet", digest.substr(0, 38) + "00/" + hex, "", signature},
                             {"the_path_wins_over_the_query", digest + "/" + hex + "30",
                              "url=http://example.org/a.png%3fx=1%26y=2", signature},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(SignedUrls, another_key_makes_another_digest) {
  EXPECT_FALSE(read_signed_url(digest + "/" + hex, {}, "another").has_value());
  EXPECT_FALSE(read_signed_url(digest + "/" + hex, {}, "").has_value());
}

struct Fetch {
  std::string_view written, fetched;  // empty: it is not
};
TEST(FetchableUrls, are_what_a_request_can_ask_for) {
  for (const Fetch& row : std::vector<Fetch>{
           {"http://example.org/a.png", "http://example.org/a.png"},
           {"HTTPS://Example.ORG", "https://example.org/"},
           {"http://example.org?x", "http://example.org/?x"},
           {"http://example.org:8080/a", "http://example.org:8080/a"},
           {"http://example.org/a#b", "http://example.org/a"},
           {"http://example.org/a b", "http://example.org/a%20b"},
           {"http://example.org/a%20b", "http://example.org/a%20b"},
           {"http://example.org/50%", "http://example.org/50%25"},
           {"http://example.org/\xc3\xa4?\xc3\xa4", "http://example.org/%C3%A4?%C3%A4"},
           {"http://example.org/[1]|\"<>", "http://example.org/%5B1%5D%7C%22%3C%3E"},
           {"http://b\xc3\xbc"
            "cher.example:81/",
            "http://xn--bcher-kva.example:81/"},
           {"http://[2001:db8::1]/", "http://[2001:db8::1]/"},
           {"http://127.1/", ""},
           {"http://2130706433/", ""},
           {"http://user@example.org/", ""},
           {"http://user:pass@example.org/", ""},
           {"http://example.org\\@evil/", ""},
           {"http://example.org:0/", ""},
           {"http+unix:///run/x.sock:/a", ""},
           {"ftp://example.org/", ""},
           {"file:///etc/passwd", ""},
           {"//example.org/", ""},
           {"http:/example.org/", ""},
           {"http://", ""},
           {"http://example.org/a\r\nHost: x", ""},
           {std::string_view("http://example.org/a\0b", 22), ""},
       }) {
    const auto url = fetchable_url(row.written);
    EXPECT_EQ(url ? url->text() : "", row.fetched) << row.written;
  }
}

TEST(Redirects, lead_where_a_browser_would_go) {
  const auto from = fetchable_url("https://example.org/a/b?c");
  ASSERT_TRUE(from);
  for (const Fetch& row : std::vector<Fetch>{
           {"http://other.example/x", "http://other.example/x"},
           {"//other.example/x", "https://other.example/x"},
           {"/x?y", "https://example.org/x?y"},
           {"x", "https://example.org/a/x"},
           {"../x", "https://example.org/x"},
           {"../../../x", "https://example.org/x"},
           {"./", "https://example.org/a/"},
           {"..", "https://example.org/"},
           {"?z", "https://example.org/a/b?z"},
           {"", "https://example.org/a/b"},
           {"#top", "https://example.org/a/b"},
           {"/x?u=http://y/", "https://example.org/x?u=http://y/"},
           {"ftp://example.org/", ""},
           {"http://user@example.org/", ""},
           {"http://127.1/", ""},
       }) {
    const auto url = redirected_url(*from, row.written);
    EXPECT_EQ(url ? url->text() : "", row.fetched) << row.written;
  }
}

}  // namespace
}  // namespace sp::policy
