#include "config/icap_url.h"

#include <gtest/gtest.h>

namespace sp::config {
namespace {

std::string read(std::string_view text) {
  const auto url = parse_icap_url(text);
  return url ? url->host + " " + std::to_string(url->port) + " " + url->path : "-";
}

TEST(IcapUrl, what_it_may_be) {
  struct Row {
    std::string_view text, expected;
  };
  for (const Row& row : {
           Row{"icap://127.0.0.1/avscan", "127.0.0.1 1344 /avscan"},
           Row{"icap://scanner.example:1345/a/b?c=d", "scanner.example 1345 /a/b?c=d"},
           Row{"icap://[::1]:1344/x", "::1 1344 /x"},
           Row{"icap://127.0.0.1:1344", "-"},
           Row{"icap://127.0.0.1:1344/", "-"},
           Row{"icap:///avscan", "-"},
           Row{"http://127.0.0.1/avscan", "-"},
           Row{"icap://127.0.0.1:0/avscan", "-"},
           Row{"icap://127.0.0.1:99999/avscan", "-"},
           Row{"icap://user@127.0.0.1/avscan", "-"},
           Row{"icap://127.0.0.1/a b", "-"},
           Row{"icap://127.0.0.1/a\r\nX: y", "-"},
       }) {
    EXPECT_EQ(read(row.text), row.expected) << row.text;
  }
}

}  // namespace
}  // namespace sp::config
