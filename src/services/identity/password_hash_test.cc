#include "services/identity/password_hash.h"

#include <crypt.h>
#include <gtest/gtest.h>

namespace sp::identity {
namespace {

using namespace std::string_literals;

// All of "secret", as crypt(3) makes them with these salts.
const std::string bcrypt = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
const std::string sha256 = "$5$salt$kpa26zwgX83BPSR8d7w93OIXbFt/d3UOTZaAu5vsTM6";
const std::string sha512 =
    "$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00";
const std::string sha512_rounds =
    "$6$rounds=5000$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00";
const std::string yescrypt = "$y$j9T$abcdefgh$IUWJt2doU4Kf6E/JP1UkAT3S5O3Q7SSA8SJirXIlEu9";

// What is wrong, or "good".
std::string fault(std::string_view hash) { return fault_of_hash(hash).value_or("good"); }

const std::string incomplete = "the hash is not complete, or too long";
const std::string too_dear = "to verify this hash takes more than a second";
const std::string unknown = "what follows the name is no hash that is known, or a password in clear";

TEST(PasswordHash, matches_its_password_alone) {
  for (const std::string& hash :
       {bcrypt, "$2b" + bcrypt.substr(3), "$2a" + bcrypt.substr(3), sha256, sha512, sha512_rounds, yescrypt}) {
    EXPECT_EQ(fault(hash), "good") << hash;
    EXPECT_TRUE(matches("secret", hash)) << hash;
    for (const std::string& other : {""s, "Secret"s, "secre"s, "secrets"s, "secret\0"s, "secret\0x"s, hash})
      EXPECT_FALSE(matches(other, hash)) << hash;
  }
}

TEST(PasswordHash, passwords_longer_than_crypt_takes_match_nothing) {
  for (const std::size_t size : {511u, 512u, 100'000u}) EXPECT_FALSE(matches(std::string(size, 'x'), sha512));
}

TEST(PasswordHash, what_crypt_does_not_know_matches_nothing) {
  for (const char* hash : {"", "*", "*0", "*1", "x", "$", "$9$salt$hash", "$6$", "secret"})
    EXPECT_FALSE(matches("secret", hash)) << hash;
}

// Whatever crypt_gensalt(3) makes by itself is taken.
TEST(PasswordHash, takes_the_usual_costs) {
  for (const char* prefix : {"$2y$", "$2b$", "$5$", "$6$", "$y$"}) {
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    ASSERT_NE(crypt_gensalt_rn(prefix, 0, nullptr, 0, setting, sizeof setting), nullptr);
    crypt_data work{};
    const std::string hash = crypt_r("secret", setting, &work);
    EXPECT_EQ(fault(hash), "good") << hash;
    EXPECT_TRUE(matches("secret", hash)) << hash;
  }
}

TEST(PasswordHash, every_octet_that_is_cut_off_is_missed) {
  for (const std::string& hash : {bcrypt, sha256, sha512, sha512_rounds, yescrypt}) {
    for (std::size_t size = 3; size < hash.size(); ++size) EXPECT_NE(fault(hash.substr(0, size)), "good") << size;
    EXPECT_EQ(fault(hash + "x"), incomplete);
    EXPECT_EQ(fault(hash + "$"), incomplete);
    EXPECT_EQ(fault(hash + std::string(1000, 'x')), incomplete);
    EXPECT_EQ(fault(hash.substr(0, hash.size() - 1) + "!"), incomplete);
  }
}

TEST(PasswordHash, bounded_in_time) {
  const std::string bcrypt_rest = bcrypt.substr(6);
  EXPECT_EQ(fault("$2y$14" + bcrypt_rest), "good");
  EXPECT_EQ(fault("$2y$15" + bcrypt_rest), too_dear);
  EXPECT_EQ(fault("$2y$31" + bcrypt_rest), too_dear);
  for (const char* cost : {"03", "32", "99", "5", "005", "0x", "-5", "+5", ""})
    EXPECT_EQ(fault(std::string("$2y$") + cost + bcrypt_rest), incomplete) << cost;
  const std::string sha_rest = sha512.substr(2);
  EXPECT_EQ(fault("$6$rounds=2000000" + sha_rest), "good");
  EXPECT_EQ(fault("$6$rounds=2000001" + sha_rest), too_dear);
  EXPECT_EQ(fault("$6$rounds=999999999" + sha_rest), too_dear);
  for (const char* rounds : {"999", "0", "", "-1", "+5000", "5000x", "1000000000", "99999999999999999999"})
    EXPECT_EQ(fault(std::string("$6$rounds=") + rounds + sha_rest), incomplete) << rounds;
  const std::string yescrypt_rest = yescrypt.substr(6);
  for (const char* cost : {"j75", "j85", "j7T", "j9T", "jCT"})
    EXPECT_EQ(fault(std::string("$y$") + cost + yescrypt_rest), "good") << cost;
  for (const char* cost : {"jDT", "jFT", "jzT", "j9T/.", "j9", "k9T", ""})
    EXPECT_EQ(fault(std::string("$y$") + cost + yescrypt_rest), too_dear) << cost;
}

TEST(PasswordHash, a_salt_that_crypt_would_cut) {
  EXPECT_EQ(fault("$6$" + std::string(16, 's') + sha512.substr(7)), "good");
  EXPECT_EQ(fault("$6$" + std::string(17, 's') + sha512.substr(7)), incomplete);
  EXPECT_EQ(fault("$6$" + sha512.substr(7)), incomplete);
}

TEST(PasswordHash, too_weak_or_none) {
  EXPECT_EQ(fault(""), "the user has no hash");
  EXPECT_EQ(fault("$apr1$mPVP8fDy$TwxdxG5OBK02lc7eojWq6/"), "the hash is MD5, which is too fast to be one");
  EXPECT_EQ(fault("$1$abc$iCQ2D3nhptRYi27fDYv2s1"), "the hash is MD5, which is too fast to be one");
  EXPECT_EQ(fault("{SHA}6dcfXufJLW3J6S/9rRe4vUlBj5g="), "the hash is SHA-1 without salt, which is too fast to be one");
  EXPECT_EQ(fault(bcrypt + "\n"), "a control character in the hash");
  for (const char* other : {"BuwwMAUAWMJ3k", "secret", "$2x$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
                            "$3$$878d8014606cda29677a44efa1353fc7", "$7$CU..../....abcdefgh$XWs9", "$", "*", "!"})
    EXPECT_EQ(fault(other), unknown) << other;
}

TEST(PasswordHash, argon2_where_crypt_has_it) {
  const std::string argon2 = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA";
  const bool known = crypt_checksalt(argon2.c_str()) == CRYPT_SALT_OK;
  EXPECT_EQ(fault(argon2), known ? "good" : "crypt(3) of this system has no argon2");
}

}  // namespace
}  // namespace sp::identity
