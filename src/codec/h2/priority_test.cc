// The Priority field: RFC 9218 section 4, a dictionary of RFC 8941 section 3.2.
#include "codec/h2/priority.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sp::codec::h2 {
namespace {

TEST(Priority, values) {
  const Priority usual;
  for (const auto& [text, expected] : std::vector<std::pair<std::string, Priority>>{
           {"", usual},
           {"u=0", {.urgency = 0}},
           {"u=7", {.urgency = 7}},
           {"i", {.incremental = true}},
           {"i=?1", {.incremental = true}},
           {"i=?0", usual},
           {"u=5, i", {.urgency = 5, .incremental = true}},
           {"i,u=5", {.urgency = 5, .incremental = true}},
           {"u=5 ,\ti", {.urgency = 5, .incremental = true}},
           // Parameters say nothing.
           {"u=1;a=b;c, i;d", {.urgency = 1, .incremental = true}},
           // The last one of a name counts.
           {"u=1, u=2", {.urgency = 2}},
           {"i, i=?0", usual},
           // Others may stand beside them.
           {"a=b, u=1, c", {.urgency = 1}},
           {"ui=5, iu, u=1", {.urgency = 1}},
           {"a=\"u\", u=1", {.urgency = 1}},
           // Out of range, or of another type: section 4 wants that passed over, and nothing else.
           {"u=8, i", {.incremental = true}},
           {"u=-1, i", {.incremental = true}},
           {"u=10, i", {.incremental = true}},
           {"u=1.0, i", {.incremental = true}},
           {"u=a, i", {.incremental = true}},
           {"u, i", {.incremental = true}},
           {"i=1, u=2", {.urgency = 2}},
           {"i=a, u=2", {.urgency = 2}},
           // Names are in lower case.
           {"U=1, I", usual},
       }) {
    EXPECT_EQ(parse_priority(text), expected) << text;
  }
}

TEST(Priority, whatever_comes) {
  for (const std::string& text : {",", ",,,", ";", "=", "u=", "i=", "u= 1", "u =1", "\t", "i=?", "i=?2", "u=\xff", "\"",
                                  "u=(1 2)", "i;", "=1", "u=1;"}) {
    const Priority priority = parse_priority(text);
    EXPECT_LE(priority.urgency, 7) << text;
  }
}

}  // namespace
}  // namespace sp::codec::h2
