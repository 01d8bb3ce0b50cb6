#include "codec/proxy_protocol/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sp::codec::proxy_protocol {
namespace {

TEST(Crc32c, of_the_check_string) { EXPECT_EQ(crc32c("123456789"), 0xe3069283u); }

TEST(Crc32c, of_nothing) { EXPECT_EQ(crc32c(""), 0u); }

// RFC 3720, appendix B.4, where the octets stand the lowest first.
TEST(Crc32c, of_the_examples_for_iscsi) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string counting;
  for (char c = 0; c < 32; ++c) counting += c;
  EXPECT_EQ(crc32c(counting), 0x46dd794eu);
  std::ranges::reverse(counting);
  EXPECT_EQ(crc32c(counting), 0x113fdb5cu);
  const std::string read_command = std::string("\x01\xc0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) +
                                   std::string("\x14\0\0\0\0\0\x04\0", 8) +
                                   std::string("\0\0\0\x14\0\0\0\x18\x28\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 24);
  EXPECT_EQ(crc32c(read_command), 0xd9963a56u);
}

TEST(Crc32c, goes_on_behind_what_was_summed) {
  const std::string text = "the octets of a header, in two parts";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text));
  }
}

}  // namespace
}  // namespace sp::codec::proxy_protocol
