#include "services/identity/htpasswd.h"

#include <gtest/gtest.h>

namespace sp::identity {
namespace {

using namespace std::string_literals;

const std::string hash = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

// How many users, or the problems as "line: message", one behind the other.
std::string parsed(std::string_view text) {
  const auto hashes = parse_htpasswd(text);
  if (hashes) return std::to_string(hashes->size());
  std::string problems;
  for (const LineProblem& each : hashes.error())
    problems += (problems.empty() ? "" : "; ") + std::to_string(each.line) + ": " + each.problem.message;
  return problems;
}

TEST(Htpasswd, users_and_their_hashes) {
  const auto hashes = parse_htpasswd("# who may go out\nalice:" + hash + "\n\nbob:" + hash + ":Bob, third floor\r\n" +
                                     "Alice:" + hash + "\n\xc3\xa9ve x:" + hash);
  ASSERT_TRUE(hashes);
  EXPECT_EQ(hashes->size(), 4u);
  for (const char* user : {"alice", "bob", "Alice", "\xc3\xa9ve x"}) EXPECT_EQ(hashes->at(user), hash) << user;
}

TEST(Htpasswd, nobody) {
  EXPECT_EQ(parsed(""), "0");
  EXPECT_EQ(parsed("\n\r\n# alice:x\n"), "0");
}

TEST(Htpasswd, each_bad_line_with_its_number) {
  EXPECT_EQ(parsed("alice:" + hash + "\nbob\n:" + hash + "\ncarol:\ndave:{SHA}6dcfXufJLW3J6S/9rRe4vUlBj5g=\n" +
                   "eve:$apr1$mPVP8fDy$TwxdxG5OBK02lc7eojWq6/\nfrank:$2y$05$short\nalice:" + hash + "\n"),
            "2: the line has no `user:hash`; 3: the line has no `user:hash`; 4: the user has no hash; "
            "5: the hash is SHA-1 without salt, which is too fast to be one; "
            "6: the hash is MD5, which is too fast to be one; 7: the hash is not complete, or too long; "
            "8: the user is in the file twice");
}

TEST(Htpasswd, names_are_bounded_and_can_be_logged) {
  const std::string bad = "1: the name is too long, or holds control characters";
  EXPECT_EQ(parsed(std::string(255, 'x') + ":" + hash), "1");
  EXPECT_EQ(parsed(std::string(256, 'x') + ":" + hash), bad);
  EXPECT_EQ(parsed("a\tb:" + hash), bad);
  EXPECT_EQ(parsed("a\x1b[31m:" + hash), bad);
  EXPECT_EQ(parsed("a\0b:"s + hash), bad);
}

TEST(Htpasswd, says_what_to_do_and_nothing_of_the_secret) {
  for (const std::string& secret : {"hunter2"s, "$apr1$hunter2$hunter2"s, "{SHA}hunter2"s, "$2y$05$hunter2"s}) {
    const auto hashes = parse_htpasswd("alice:" + secret);
    ASSERT_FALSE(hashes);
    const config::Problem& problem = hashes.error().front().problem;
    EXPECT_FALSE((problem.message + problem.remedy).contains("hunter2"));
    EXPECT_TRUE(problem.remedy.contains("htpasswd -B"));
  }
}

TEST(Htpasswd, stops_counting_what_is_wrong) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "x\n";
  const auto hashes = parse_htpasswd(text);
  ASSERT_FALSE(hashes);
  EXPECT_EQ(hashes.error().size(), 20u);
}

TEST(Htpasswd, not_more_users_than_there_may_be) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ":" + hash + "\n";
  EXPECT_EQ(parsed(text), "100000");
  EXPECT_EQ(parsed(text + "one more:" + hash), "100001: there are more than 100000 users");
}

}  // namespace
}  // namespace sp::identity
