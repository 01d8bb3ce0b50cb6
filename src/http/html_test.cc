#include "http/html.h"

#include <gtest/gtest.h>

namespace sp::http {
namespace {

TEST(Html, what_could_end_a_text_or_an_attribute_becomes_an_entity) {
  EXPECT_EQ(escaped_html(""), "");
  EXPECT_EQ(escaped_html("/a?b=c d'e"), "/a?b=c d'e");
  EXPECT_EQ(escaped_html("<a href=\"x\">&amp;</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
}

}  // namespace
}  // namespace sp::http
