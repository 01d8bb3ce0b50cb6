#include "config/parent_url.h"

#include <gtest/gtest.h>

namespace sp::config {
namespace {

std::string story(const std::expected<ParentUrl, Problem>& url) {
  if (!url) return "<" + url.error().message + ">";
  return url->name() + (url->user.empty() ? "" : " " + url->user + "|" + url->password);
}
constexpr std::string_view no_url = "<it is not the URL of a proxy>";
constexpr std::string_view no_user = "<the name or the password of the URL cannot be read>";
constexpr std::string_view no_port =
    "<the URL of the proxy has no port, and programs differ about the one that is meant>";

struct Row {
  std::string_view text, expected;
};

TEST(ParentUrl, rows) {
  const Row rows[] = {
      {"http://192.168.4.5:3128", "http://192.168.4.5:3128"},
      {"http://192.168.4.5:3128/", "http://192.168.4.5:3128"},
      {"HTTP://Proxy.Example.COM.:3128", "http://proxy.example.com:3128"},
      {"https://proxy.example.com:443", "https://proxy.example.com:443"},
      {"socks5://[2001:db8::1]:1080", "socks5://[2001:db8::1]:1080"},
      {"socks5h://localhost:1080", "socks5://localhost:1080"},
      {"http://alice:secret@p:1", "http://p:1 alice|secret"},
      {"http://alice@p:1", "http://p:1 alice|"},
      {"http://alice:@p:1", "http://p:1 alice|"},
      {"http://alice:a:b@p:1", no_user},
      {"http://a%40b:c%3Ad%2f%25@p:1", "http://p:1 a@b|c:d/%"},
      {"http://a%3Ab:c@p:1", no_user},
      {"http://:c@p:1", no_user},
      {"http://@p:1", no_user},
      {"http://a:b%0a@p:1", no_user},
      {"http://a:b%7f@p:1", no_user},
      {"http://a:b%4@p:1", no_user},
      {"http://a:b%@p:1", no_user},
      {"http://a:b%g0@p:1", no_user},
      {"http://a:b%+1@p:1", no_user},
      {"http://a:p@ss@p:1", no_user},
      {"http://a:p/ss@p:1", no_user},
      {"http://a:p ss@p:1", no_user},
      {"http://p", no_port},
      {"http://a:b@p", no_port},
      {"http://p:0", no_url},
      {"http://p:65536", no_url},
      {"http://p:x", no_url},
      {"http://:3128", no_url},
      {"http://", no_url},
      {"http://p:1/path", no_url},
      {"http://p:1?q", no_url},
      {"http://p:1#f", no_url},
      {"http://2001:db8::1:80", no_url},
      {"http://[2001:db8::1]", no_port},
      {"http://p q:1", no_url},
      {"socks4://p:1", no_url},
      {"proxy://p:1", no_url},
      {"p:3128", no_url},
      {"", no_url},
  };
  for (const Row& row : rows) EXPECT_EQ(story(parse_parent_url(row.text)), row.expected) << row.text;
}

TEST(ParentUrl, a_variable_may_leave_the_scheme_out) {
  EXPECT_EQ(story(parse_parent_variable("p:3128")), "http://p:3128");
  EXPECT_EQ(story(parse_parent_variable("a:b@p:3128")), "http://p:3128 a|b");
  EXPECT_EQ(story(parse_parent_variable("https://p:3128")), "https://p:3128");
  EXPECT_EQ(story(parse_parent_variable("p")), no_port);
}

TEST(ParentUrl, names_and_passwords_are_bounded) {
  const std::string longest(255, 'x');
  EXPECT_EQ(story(parse_parent_url("http://a:" + longest + "@p:1")), "http://p:1 a|" + longest);
  EXPECT_EQ(story(parse_parent_url("http://a:x" + longest + "@p:1")), no_user);
  EXPECT_EQ(story(parse_parent_url("http://x" + longest + ":a@p:1")), no_user);
}

// What is said of a URL that is wrong holds nothing of it.
TEST(ParentUrl, nothing_of_it_is_repeated) {
  for (const std::string_view text : {"http://alice:sesame", "http://alice:sesame@", "sesame", "http://a:sesame@@:1",
                                      "sesame://a:sesame@p:1", "http://a:b@p:sesame", "http://a:b@sesame sesame:1"}) {
    const auto url = parse_parent_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_FALSE((url.error().message + url.error().remedy).contains("sesame")) << text;
  }
}

}  // namespace
}  // namespace sp::config
