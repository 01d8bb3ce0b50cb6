#include "services/doctor/farewell.h"

#include <gtest/gtest.h>

#include <string>

namespace sp::doctor {
namespace {

// What is said to a server that says these lines, one at a time, whatever it hears.
std::string said_to(std::initializer_list<std::string_view> lines) {
  Farewell farewell;
  std::string heard, said;
  for (const std::string_view line : lines) {
    for (const char c : line) {
      heard += c;
      said += farewell.next(heard);
    }
  }
  return said + (farewell.said() ? "." : "");
}

TEST(Farewells, wait_for_the_greeting) {
  EXPECT_EQ(said_to({"220-mail.exam"}), "");
  EXPECT_EQ(said_to({"220-mail.example.com\r\n"}), "");
  EXPECT_EQ(said_to({"220-mail\r\n", "220 ESMTP\r\n"}), "EHLO sallyport.invalid\r\n");
  EXPECT_EQ(said_to({"\"SIEVE\" \"fileinto\"\r\n"}), "");
  EXPECT_EQ(said_to({"SSH-2.0-OpenSSH\r\n"}), "");
}

TEST(Farewells, are_those_of_each_protocol) {
  EXPECT_EQ(said_to({"220 mail\r\n", "250-mail\r\n", "250 OK\r\n"}), "EHLO sallyport.invalid\r\nQUIT\r\n.");
  EXPECT_EQ(said_to({"* OK ready\r\n"}), "d1 LOGOUT\r\n.");
  EXPECT_EQ(said_to({"+OK ready\r\n"}), "QUIT\r\n.");
  EXPECT_EQ(said_to({"\"SIEVE\" \"fileinto\"\r\n", "OK \"ready\"\r\n"}), "LOGOUT\r\n.");
}

TEST(Farewells, are_short_where_the_server_sends_away) {
  EXPECT_EQ(said_to({"421 busy\r\n"}), "QUIT\r\n.");
  EXPECT_EQ(said_to({"554 no service\r\n"}), "QUIT\r\n.");
}

}  // namespace
}  // namespace sp::doctor
