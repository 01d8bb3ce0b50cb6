#include "http/basic_credentials.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <ostream>
#include <vector>

namespace sp::http {
namespace {

using namespace std::string_literals;

std::string base64(std::string_view octets) {
  std::string text(octets.size() / 3 * 4 + 5, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// "user|password", or "nothing".
std::string parsed(std::string_view value) {
  const auto credentials = parse_basic_credentials(value);
  return credentials ? credentials->user + '|' + credentials->password : "nothing";
}
std::string parsed_of(std::string_view octets) { return parsed("Basic " + base64(octets)); }

TEST(BasicCredentials, examples_of_the_rfc) {
  EXPECT_EQ(parsed("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(parsed("Basic dGVzdDoxMjPCow=="), "test|123\xc2\xa3");
}

TEST(BasicCredentials, the_name_of_the_scheme) {
  EXPECT_EQ(parsed("basic YTpi"), "a|b");
  EXPECT_EQ(parsed("BASIC YTpi"), "a|b");
  EXPECT_EQ(parsed("Basic   YTpi"), "a|b");
  for (const char* other : {"", "Basic", "Basic ", "Basic  ", "BasicYTpi", "Basic\tYTpi", " Basic YTpi", "Bearer YTpi",
                            "Digest username=\"a\"", "YTpi"})
    EXPECT_EQ(parsed(other), "nothing") << other;
}

TEST(BasicCredentials, the_first_colon_parts_them) {
  EXPECT_EQ(parsed_of("a:b:c"), "a|b:c");
  EXPECT_EQ(parsed_of("a::"), "a|:");
  EXPECT_EQ(parsed_of("a:"), "a|");
  EXPECT_EQ(parsed_of("a"), "nothing");
  EXPECT_EQ(parsed_of(":b"), "nothing");
  EXPECT_EQ(parsed_of(":"), "nothing");
}

TEST(BasicCredentials, base64_has_one_form) {
  EXPECT_EQ(parsed("Basic YTpi"), "a|b");
  EXPECT_EQ(parsed("Basic YTo="), "a|");
  EXPECT_EQ(parsed("Basic YTpiYg=="), "a|bb");
  for (const char* other :
       {"Basic YTo", "Basic YTpiYg", "Basic YTpiYg=", "Basic YTpiYg===", "Basic YTpiYh==", "Basic YTp=", "Basic YT=i",
        "Basic YTpi====", "Basic ====", "Basic =", "Basic YTpi ", "Basic YTpi YTpi", "Basic YTpi\tYTp", "Basic Y!pi",
        "Basic YTpi,", "Basic YTp-", "Basic YTp_", "Basic YT\xc3\xa9", "Basic YTpi\n\n\n\n"})
    EXPECT_EQ(parsed(other), "nothing") << other;
  EXPECT_EQ(parsed("Basic YTp\0"s), "nothing");
}

TEST(BasicCredentials, no_control_characters) {
  for (int c = 0; c < 256; ++c) {
    const std::string octet(1, static_cast<char>(c));
    const bool control = c < 0x20 || c == 0x7f;
    EXPECT_EQ(parsed_of("a:" + octet), control ? "nothing" : "a|" + octet) << c;
    if (c == ':') continue;
    EXPECT_EQ(parsed_of(octet + ":b"), control ? "nothing" : octet + "|b") << c;
  }
}

TEST(BasicCredentials, bounded) {
  const std::string longest(511, 'x');
  EXPECT_EQ(parsed_of("a:" + longest), "a|" + longest);
  EXPECT_EQ(parsed_of(longest + ":a"), longest + "|a");
  EXPECT_EQ(parsed_of("a:x" + longest), "nothing");
  EXPECT_EQ(parsed_of("a:" + std::string(1 << 20, 'x')), "nothing");
}

TEST(BasicCredentials, what_is_written_is_read) {
  EXPECT_EQ(basic_credentials("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(parsed(basic_credentials("a", "b:c")), "a|b:c");
  EXPECT_EQ(parsed(basic_credentials("a", "")), "a|");
}

}  // namespace
}  // namespace sp::http
