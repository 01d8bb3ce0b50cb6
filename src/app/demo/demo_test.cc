// The demo's origin, as far as it is pure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/demo/pages.h"
#include "app/demo/websocket.h"
#include "base/arena.h"

namespace sp::app::demo {
namespace {

TEST(Pages, show_the_request_and_redirect_in_their_own_name) {
  Arena arena;
  http::RequestHead request(arena);
  request.method_text = "GET";
  request.path = "/inside/redirect";
  request.authority = "localhost";
  request.fields.add("X-A", "b");
  Page redirect = page_for(request, {}, "127.0.0.1:9000");
  EXPECT_EQ(redirect.status, 302);
  EXPECT_EQ(redirect.fields[0].second, "http://127.0.0.1:9000/inside/landed");
  request.path = "/x";
  EXPECT_EQ(page_for(request, {}, "").content, "GET /x HTTP/1.1\nHost: localhost\nX-A: b\n");
  request.path = "/echo";
  EXPECT_EQ(page_for(request, "hello", "").content, "hello");
}

TEST(Pages, a_delay_is_bounded) {
  Arena arena;
  http::RequestHead request(arena);
  request.path = "/slow";
  request.query = "ms=99999999";
  EXPECT_EQ(page_for(request, {}, "").delay, std::chrono::minutes(1));
  request.query = "ms=-5";
  EXPECT_EQ(page_for(request, {}, "").delay.count(), 0);
}

TEST(WebSocket, accepts_as_the_rfc_has_it) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

// RFC 6455 section 5.7: "Hello", masked.
constexpr std::string_view hello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

TEST(WebSocket, answers_whole_frames_only) {
  std::string out;
  ByteView part = hello.substr(0, 8);
  EXPECT_TRUE(answer_frame(part, out));
  EXPECT_EQ(part.size(), 8u);
  EXPECT_EQ(out, "");
  ByteView whole = hello;
  EXPECT_TRUE(answer_frame(whole, out));
  EXPECT_TRUE(whole.empty());
  EXPECT_EQ(out, "\x81\x05Hello");
}

TEST(WebSocket, pongs_closes_and_refuses_unmasked_frames) {
  std::string out;
  ByteView ping("\x89\x80\x01\x02\x03\x04", 6);
  EXPECT_TRUE(answer_frame(ping, out));
  EXPECT_EQ(out, std::string("\x8a\x00", 2));
  ByteView close("\x88\x80\x01\x02\x03\x04", 6);
  EXPECT_FALSE(answer_frame(close, out));
  ByteView unmasked("\x81\x05Hello", 7);
  EXPECT_FALSE(answer_frame(unmasked, out));
}

}  // namespace
}  // namespace sp::app::demo
