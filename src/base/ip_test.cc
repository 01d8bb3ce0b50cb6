#include "base/ip.h"

#include <gtest/gtest.h>

namespace sp {
namespace {

TEST(IpAddress, is_written_as_it_was_read) {
  for (const char* text : {"0.0.0.0", "1.2.3.4", "10.0.0.100", "255.255.255.255", "::", "::1", "2001:db8::7"})
    EXPECT_EQ(IpAddress::parse(text)->text(), text);
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1")->text(), "192.0.2.1");
}

TEST(IpAddress, knows_those_of_this_machine) {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  for (const char* text : {"128.0.0.1", "10.0.0.127", "::", "::2", "7f00::1", "fe80::1"})
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
}

}  // namespace
}  // namespace sp
