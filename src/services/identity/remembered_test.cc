#include "services/identity/remembered.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sp::identity {
namespace {

using namespace std::chrono_literals;

class RememberedAnswers : public ::testing::Test {
 protected:
  Digest digest(int number) { return digests.of(std::to_string(number), "secret"); }

  DigestKey key;
  KeyedDigest digests{key};
  Remembered remembered{3};
  const runtime::TimePoint now{std::chrono::hours(1000)};
};

TEST_F(RememberedAnswers, right_for_five_minutes) {
  remembered.note(digest(1), true, now);
  EXPECT_EQ(remembered.find(digest(1), now + 5min - 1ms), true);
  EXPECT_EQ(remembered.find(digest(1), now + 5min), std::nullopt);
  EXPECT_EQ(remembered.find(digest(2), now), std::nullopt);
}

TEST_F(RememberedAnswers, wrong_for_ten_seconds) {
  remembered.note(digest(1), false, now);
  EXPECT_EQ(remembered.find(digest(1), now + 10s - 1ms), false);
  EXPECT_EQ(remembered.find(digest(1), now + 10s), std::nullopt);
}

TEST_F(RememberedAnswers, the_last_one_counts) {
  remembered.note(digest(1), true, now);
  remembered.note(digest(1), false, now);
  EXPECT_EQ(remembered.find(digest(1), now), false);
  remembered.note(digest(1), true, now);
  EXPECT_EQ(remembered.find(digest(1), now + 1min), true);
  remembered.note(digest(1), true, now + 4min);
  EXPECT_EQ(remembered.find(digest(1), now + 8min), true);
}

TEST_F(RememberedAnswers, the_oldest_is_forgotten_first) {
  for (int i = 0; i < 3; ++i) remembered.note(digest(i), true, now);
  remembered.note(digest(0), true, now);
  remembered.note(digest(3), true, now);
  EXPECT_EQ(remembered.find(digest(0), now), true);
  EXPECT_EQ(remembered.find(digest(1), now), std::nullopt);
  EXPECT_EQ(remembered.find(digest(2), now), true);
  EXPECT_EQ(remembered.find(digest(3), now), true);
}

TEST_F(RememberedAnswers, guessing_pushes_nobody_out) {
  remembered.note(digest(0), true, now);
  for (int i = 1; i < 100; ++i) remembered.note(digest(i), false, now);
  EXPECT_EQ(remembered.find(digest(0), now), true);
  EXPECT_EQ(remembered.find(digest(96), now), std::nullopt);
  EXPECT_EQ(remembered.find(digest(97), now), false);
}

TEST(Digests, part_user_and_password) {
  const DigestKey key;
  KeyedDigest digests(key);
  EXPECT_EQ(digests.of("a", "b"), digests.of("a", "b"));
  EXPECT_NE(digests.of("a", "b"), digests.of("b", "a"));
  EXPECT_NE(digests.of("ab", ""), digests.of("a", "b"));
  EXPECT_NE(digests.of("", "ab"), digests.of("a", "b"));
  EXPECT_NE(digests.of("1:a", ""), digests.of("", "1:a"));
}

TEST(Digests, are_of_no_use_without_the_key) {
  const DigestKey one, other;
  EXPECT_NE(KeyedDigest(one).of("a", "b"), KeyedDigest(other).of("a", "b"));
  EXPECT_EQ(KeyedDigest(one).of("a", "b"), KeyedDigest(one).of("a", "b"));
}

// The key stays, however often it is asked.
TEST(Digests, are_hmac_sha_256) {
  const DigestKey key;
  KeyedDigest digests(key);
  for (const std::string& password : {std::string("secret"), std::string(), std::string(500, 'x')}) {
    const std::string text = "5:alice" + password;
    Digest expected{};
    HMAC(EVP_sha256(), key.octets.data(), static_cast<int>(key.octets.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), expected.data(), nullptr);
    EXPECT_EQ(digests.of("alice", password), expected);
  }
}

}  // namespace
}  // namespace sp::identity
