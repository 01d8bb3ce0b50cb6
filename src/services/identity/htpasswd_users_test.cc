#include "services/identity/htpasswd_users.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "runtime/scope.h"
#include "testing/fake_loop.h"

namespace sp::identity {
namespace {

using namespace std::chrono_literals;
using Answer = proxy::Users::Answer;

const std::string secret = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

class HtpasswdFile : public ::testing::Test {
 protected:
  std::shared_ptr<proxy::Users> load(const std::string& text) {
    files.files["/etc/users"] = text;
    return load_users({.value = "/etc/users", .place = {.file = "sallyport.yaml", .line = 4, .column = 12}}, files,
                      findings);
  }
  Answer ask(proxy::Users& users, std::string_view user, std::string_view password) {
    std::optional<Answer> answer;
    runtime::Scope scope;
    scope.spawn(keep(users, user, password, scope.token(), answer));
    while (!answer) {
      loop.settle();
      std::this_thread::sleep_for(1ms);
    }
    return *answer;
  }
  static runtime::Task<void> keep(proxy::Users& users, std::string_view user, std::string_view password,
                                  runtime::CancelToken& token, std::optional<Answer>& answer) {
    const Answer given = co_await users.verify(user, password, token);
    answer = given;
  }

  sp::testing::FakeLoop loop;
  config::MemoryFileSystem files;
  std::vector<config::Finding> findings;
};

TEST_F(HtpasswdFile, knows_its_users) {
  const auto users = load("alice:" + secret + "\n");
  ASSERT_NE(users, nullptr);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask(*users, "alice", "secret"), Answer::right);
    EXPECT_EQ(ask(*users, "alice", "guess"), Answer::wrong);
    EXPECT_EQ(ask(*users, "Alice", "secret"), Answer::wrong);
    EXPECT_EQ(ask(*users, "bob", "secret"), Answer::wrong);  // of a stranger even the password of another is wrong
    EXPECT_EQ(ask(*users, "", ""), Answer::wrong);
  }
}

TEST_F(HtpasswdFile, what_was_verified_is_answered_at_once) {
  const auto users = load("alice:" + secret + "\n");
  ASSERT_EQ(ask(*users, "alice", "secret"), Answer::right);
  std::optional<Answer> answer;
  runtime::Scope scope;
  scope.spawn(keep(*users, "alice", "secret", scope.token(), answer));
  EXPECT_EQ(answer, Answer::right);
}

TEST_F(HtpasswdFile, a_new_file_is_another_one) {
  ASSERT_EQ(ask(*load("alice:" + secret + "\n"), "alice", "secret"), Answer::right);
  EXPECT_EQ(ask(*load("bob:" + secret + "\n"), "alice", "secret"), Answer::wrong);
}

TEST_F(HtpasswdFile, of_nobody) {
  const auto users = load("# nobody yet\n");
  ASSERT_NE(users, nullptr);
  EXPECT_EQ(ask(*users, "alice", "secret"), Answer::wrong);
}

// With a hash that takes a while, a stranger's answer takes as long, whatever the machine does besides.
TEST_F(HtpasswdFile, a_stranger_takes_as_long) {
  const auto users = load("alice:$2b$11" + secret.substr(6) + "\n");
  ASSERT_NE(users, nullptr);
  const auto time_of = [&](std::string_view user) {
    auto least = std::chrono::steady_clock::duration::max();
    for (const char* password : {"a", "b", "c"}) {
      const auto begin = std::chrono::steady_clock::now();
      EXPECT_EQ(ask(*users, user, password), Answer::wrong);
      least = std::min(least, std::chrono::steady_clock::now() - begin);
    }
    return least;
  };
  EXPECT_GT(time_of("stranger") * 3, time_of("alice"));
}

TEST_F(HtpasswdFile, findings_have_the_place_of_the_key_and_the_line_of_the_file) {
  EXPECT_EQ(load("alice:" + secret + "\nbob:hunter2\ncarol\n"), nullptr);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].message,
            "/etc/users:2: what follows the name is no hash that is known, or a password in clear");
  EXPECT_EQ(findings[1].message, "/etc/users:3: the line has no `user:hash`");
  for (const config::Finding& each : findings) {
    EXPECT_EQ(each.severity, config::Finding::Severity::error);
    EXPECT_EQ(config::text(each.place), "sallyport.yaml:4:12");
    EXPECT_TRUE(each.remedy.contains("htpasswd -B"));
  }
}

TEST_F(HtpasswdFile, that_is_not_there) {
  EXPECT_EQ(load_users({.value = "/etc/none", .place = {}}, files, findings), nullptr);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].message, "the file of users `/etc/none` cannot be read");
}

}  // namespace
}  // namespace sp::identity
