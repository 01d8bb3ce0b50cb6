#include "http/message.h"

#include <gtest/gtest.h>

namespace sp::http {
namespace {

TEST(Message, knows_methods_by_their_exact_text) {
  struct Row {
    std::string_view text;
    Method method;
    bool idempotent;
  };
  const Row rows[] = {
      {"GET", Method::get, true},         {"HEAD", Method::head, true},      {"POST", Method::post, false},
      {"PUT", Method::put, true},         {"DELETE", Method::delete_, true}, {"CONNECT", Method::connect, false},
      {"OPTIONS", Method::options, true}, {"TRACE", Method::trace, true},    {"PATCH", Method::patch, false},
      {"get", Method::other, false},      {"GOT", Method::other, false},     {"PROPFIND", Method::other, false},
      {"", Method::other, false},         {"POTS", Method::other, false},    {"PITCH", Method::other, false},
      {"DELETED", Method::other, false},  {"REMOVE", Method::other, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(method_of(row.text), row.method) << row.text;
    EXPECT_EQ(idempotent(row.method), row.idempotent) << row.text;
  }
}

TEST(Message, names_versions_as_via_does) {
  EXPECT_EQ(text(Version::http10), "1.0");
  EXPECT_EQ(text(Version::http11), "1.1");
  EXPECT_EQ(text(Version::http2), "2");
  EXPECT_EQ(text(Version::http3), "3");
}

TEST(Message, has_a_phrase_for_what_is_registered) {
  int known = 0;
  for (int status = 0; status < 1000; ++status)
    known += reason_phrase(static_cast<std::uint16_t>(status)).empty() ? 0 : 1;
  EXPECT_EQ(known, 60);
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(504), "Gateway Timeout");
  EXPECT_EQ(reason_phrase(299), "");
}

TEST(Message, is_interim_unless_it_switches) {
  Arena arena;
  ResponseHead head(arena);
  const std::pair<std::uint16_t, bool> rows[] = {{99, false}, {100, true}, {101, false},
                                                 {103, true}, {199, true}, {200, false}};
  for (const auto& [status, interim] : rows) {
    head.status = status;
    EXPECT_EQ(head.interim(), interim) << status;
  }
}

}  // namespace
}  // namespace sp::http
