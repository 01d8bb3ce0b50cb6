#include "codec/tls_hello/shape.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/tls_hello/captured_for_tests.h"
#include "codec/tls_hello/rows_for_tests.h"

namespace sp::codec::tls_hello {
namespace {

using namespace std::string_literals;
using rows::extension, rows::hello, rows::in_records, rows::message, rows::server_name, rows::vector;

std::uint64_t shape(std::string_view of) { return shape_of(in_records(of, 16384)); }

std::string with_suites(std::string_view suites, std::string_view extensions = {}, char random = 'r') {
  return message("\x03\x03"s + std::string(32, random) + vector(1, "") + vector(2, suites) + vector(1, "\0"s) +
                 vector(2, extensions));
}

const std::string h2 = extension(16, vector(2, vector(1, "h2"))), h1 = extension(16, vector(2, vector(1, "http/1.1")));
const std::string groups = extension(10, vector(2, "\x00\x1d"s)), tickets = extension(35, "");

TEST(HelloShape, is_the_same_for_one_program) {
  const std::uint64_t usual = shape(with_suites("\x13\x01\x13\x02", h2 + groups));
  EXPECT_NE(usual, 0u);
  EXPECT_EQ(shape(with_suites("\x13\x01\x13\x02", h2 + groups, 's')), usual) << "another connection";
  EXPECT_EQ(shape(with_suites("\x13\x01\x13\x02", groups + h2)), usual) << "another order of extensions";
  EXPECT_EQ(shape(with_suites("\x13\x01\x13\x02", server_name("a.example") + h2 + groups)), usual);
  EXPECT_EQ(shape(with_suites("\x2a\x2a\x13\x01\x13\x02", extension(0x1a1a, "") + h2 + groups)), usual) << "made up";
  EXPECT_EQ(shape(with_suites("\x13\x01\x13\x02", h2 + groups + extension(41, "ticket") + extension(21, "\0\0"s))),
            usual)
      << "resumed";
}

TEST(HelloShape, differs_between_programs) {
  const std::uint64_t usual = shape(with_suites("\x13\x01\x13\x02", h2 + groups));
  const std::string resumable = groups + tickets;
  for (const std::string& other :
       {with_suites("\x13\x02\x13\x01", h2 + groups), with_suites("\x13\x01", h2 + groups),
        with_suites("\x13\x01\x13\x02", h1 + groups), with_suites("\x13\x01\x13\x02", groups),
        with_suites("\x13\x01\x13\x02", h2 + resumable), with_suites("\x13\x01\x13\x02")})
    EXPECT_NE(shape(other), usual);
}

TEST(HelloShape, is_nothing_where_the_hello_is_cut) {
  const std::string whole = in_records(with_suites("\x13\x01\x13\x02", h2 + groups), 16384);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(shape_of(whole.substr(0, size)), 0u) << size;
  EXPECT_EQ(shape_of(in_records(with_suites("\x13\x01\x13\x02", h2 + groups), 20)), 0u);
}

}  // namespace
}  // namespace sp::codec::tls_hello
