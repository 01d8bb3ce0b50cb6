// What costs work and asks for nothing ends the connection; honest work never does (RFC 9113 section 10.5).
#include <gtest/gtest.h>

#include "codec/h2/peers_for_tests.h"

namespace sp::codec::h2 {
namespace {

using namespace frames;

struct Flood {
  std::string name;
  std::string before;
  std::string one;       // again and again
  int fine, flood;       // so many are let through, so many are not
  bool produces = true;  // what we say is fetched each time
};

// Fields that are put into the table of HPACK and pushed out of it again.
const std::string insertions = repeated(std::string("\x44\x00", 2), 8000);

// How many of them were taken before the connection ended, at most `most`.
int taken(const Flood& flood, int most) {
  Server server;
  server.receive(flood.before);
  server.sent();
  for (int i = 0; i < most; ++i) {
    server.receive(flood.one);
    if (flood.produces) server.produced();
    if (!server.connection.failed()) continue;
    EXPECT_TRUE(server.sent().ends_with("ENHANCE_YOUR_CALM") || flood.produces);
    EXPECT_TRUE(server.connection.finished());
    EXPECT_EQ(server.receive(ping()), "error http2_flood");
    return i;
  }
  return most;
}

// Not counted, since nghttp2 passes over them without a word: frames of unknown types, DATA of streams that are over.
TEST(Flood, frames) {
  const std::string open = headers(1, post, end_headers);
  const std::string closed = headers(1, get) + rst_stream(1, 8);
  const std::string reset = headers(1, post + Lines{{"content-length", "1"}}, end_headers) + data(1, "ab");
  for (const Flood& flood : std::vector<Flood>{
           {"PING", "", ping(), 350, 401},
           {"PING, nobody fetches the answers", "", ping(), 350, 401, false},
           {"PING ack", "", frame(type_ping, ack, 0, "12345678"), 350, 401},
           {"SETTINGS", "", settings(), 90, 101},
           {"SETTINGS, nobody fetches the answers", "", settings(), 90, 101, false},
           {"SETTINGS with values", "", settings({{initial_window_size, 1}, {initial_window_size, 65535}}), 90, 101},
           {"empty DATA", open, data(1, ""), 1900, 2001},
           {"DATA of padding", open, padded_data(1, "", 0), 1900, 2001},
           {"DATA of much padding", open, padded_data(1, "", 255), 1900, 2001},
           {"PRIORITY", "", priority(1, 3), 1900, 2001},
           {"PRIORITY of many", "", priority(101, 3) + priority(103, 101), 900, 1001},
           {"PRIORITY_UPDATE", open, priority_update(1, "u=1"), 1900, 2001},
           {"WINDOW_UPDATE of the connection", "", window_update(0, 1), 1900, 2001},
           {"WINDOW_UPDATE", open, window_update(1, 1), 1900, 2001},
           {"WINDOW_UPDATE of a closed stream", closed, window_update(1, 1), 1800, 2001},
           {"RST_STREAM of a closed stream", closed, rst_stream(1, 8), 1800, 2001},
           {"GOAWAY", open, goaway(0, 0), 1900, 2001},
           {"empty CONTINUATION", headers(1, get, end_stream), continuation(1, "", 0), 1900, 2001},
           {"HEADERS of a stream that was reset", reset, headers(1, {{"a", "b"}}), 1900, 2001},
           {"large HEADERS of a stream that was reset", reset, frame(type_headers, 5, 1, insertions), 25, 40},
           {"HEADERS and CONTINUATION of one that was reset", reset,
            frame(type_headers, 1, 1, "") + frame(type_continuation, 4, 1, insertions), 25, 40},
       }) {
    SCOPED_TRACE(flood.name);
    EXPECT_GE(taken(flood, flood.flood), flood.fine);
    EXPECT_LT(taken(flood, flood.flood), flood.flood);
  }
}

// The same while the RST_STREAM waits, as on a connection that is not read.
TEST(Flood, fields_of_a_stream_whose_reset_has_not_left) {
  Server server;
  server.receive(headers(1, post + Lines{{"content-length", "1"}}, end_headers) + data(1, "ab"));
  int count = 0;
  while (count < 3000 && !server.connection.failed()) {
    server.receive(headers(1, {{"a", "b"}}, end_headers));
    ++count;
  }
  EXPECT_GE(count, 1900);
  EXPECT_LE(count, 2001);
}

TEST(Flood, tokens_come_back_with_time) {
  Server server;
  for (int second = 0; second < 100; ++second) {
    server.now += std::chrono::seconds(1);
    EXPECT_EQ(server.receive(repeated(ping(), 40)), "") << second;
    server.produced();
  }
}

// Requests that are taken back, or made to be (CVE-2023-44487, CVE-2025-8671).
struct Trick {
  std::string name;
  std::function<std::string(std::uint32_t)> octets;
};

const std::vector<Trick>& tricks() {
  static const std::vector<Trick> all{
      {"CANCEL", [](std::uint32_t id) { return headers(id, get) + rst_stream(id, 8); }},
      {"NO_ERROR", [](std::uint32_t id) { return headers(id, get) + rst_stream(id, 0); }},
      {"NO_ERROR of an open stream",
       [](std::uint32_t id) { return headers(id, post, end_headers) + rst_stream(id, 0); }},
      {"REFUSED_STREAM", [](std::uint32_t id) { return headers(id, get) + rst_stream(id, 7); }},
      {"an unknown error", [](std::uint32_t id) { return headers(id, get) + rst_stream(id, 0xffffffff); }},
      {"a window that overflows", [](std::uint32_t id) { return headers(id, get) + window_update(id, 0x7fffffff); }},
      {"a malformed request", [](std::uint32_t id) { return headers(id, {{":method", "GET"}}); }},
      {"a request without anything", [](std::uint32_t id) { return headers(id, {}); }},
      {"trailers that end nothing",
       [](std::uint32_t id) { return headers(id, post, end_headers) + headers(id, {{"a", "b"}}, end_headers); }},
      {"malformed trailers",
       [](std::uint32_t id) { return headers(id, post, end_headers) + headers(id, {{":path", "/"}}); }},
      {"less content than declared",
       [](std::uint32_t id) {
         return headers(id, post + Lines{{"content-length", "5"}}, end_headers) + data(id, "a", end_stream);
       }},
      {"more content than declared",
       [](std::uint32_t id) {
         return headers(id, post + Lines{{"content-length", "1"}}, end_headers) + data(id, "ab");
       }},
      {"more content than the window holds",
       [](std::uint32_t id) { return headers(id, post, end_headers) + data(id, std::string(1001, 'a')); }},
  };
  return all;
}

int tricks_taken(const Trick& trick, bool produces) {
  Server server({.most_streams = 100'000, .stream_window = 1000});
  for (int i = 0; i < 1000; ++i) {
    server.receive(trick.octets(static_cast<std::uint32_t>(2 * i + 1)));
    if (produces) server.produced();
    server.log.take();
    if (!server.connection.failed()) continue;
    EXPECT_TRUE(server.sent().ends_with("ENHANCE_YOUR_CALM") || produces);
    EXPECT_EQ(server.log.take(), "");
    EXPECT_TRUE(server.connection.finished());
    return i;
  }
  return 1000;
}

TEST(Flood, requests_that_are_taken_back) {
  for (const Trick& trick : tricks()) {
    SCOPED_TRACE(trick.name);
    EXPECT_GE(tricks_taken(trick, true), 190);
    EXPECT_LE(tricks_taken(trick, true), 201);
  }
}

// Nothing is fetched: the streams stay, the connection ends all the same, and with no stream used after its end.
TEST(Flood, requests_that_are_taken_back_while_nothing_is_sent) {
  for (const Trick& trick : tricks()) {
    SCOPED_TRACE(trick.name);
    // What nghttp2 resets is counted when the RST_STREAM goes.
    if (trick.name.contains("window")) continue;
    const int count = tricks_taken(trick, false);
    EXPECT_GE(count, 190);
    EXPECT_LE(count, 201);
  }
}

// A response is on its way when its request is taken back, and the budget ends with that.
TEST(Flood, streams_are_let_go_of_when_the_budget_ends) {
  Server server({.most_streams = 1000});
  for (std::uint32_t i = 0; i < 300; ++i) {
    server.receive(headers(2 * i + 1, get));
    if (!server.connection.failed()) {
      server.respond(i, "abc");
      server.receive(rst_stream(2 * i + 1, 8));
    }
    if (server.connection.failed()) break;
  }
  EXPECT_TRUE(server.connection.failed());
  for (const auto& stream : server.streams) {
    if (stream->number != 0) EXPECT_TRUE(stream->over) << stream->number;
  }
  server.streams.clear();
  EXPECT_TRUE(server.sent().ends_with("ENHANCE_YOUR_CALM"));
  EXPECT_TRUE(server.connection.finished());
}

// Nobody works on them, but each is read and answered.
TEST(Flood, requests_that_are_refused) {
  Server server;
  server.refuses = true;
  int count = 0;
  while (count < 3000 && !server.connection.failed()) {
    server.receive(headers(static_cast<std::uint32_t>(2 * count + 1), get));
    server.produced();
    ++count;
  }
  EXPECT_GE(count, 1900);
  EXPECT_LE(count, 2001);
  EXPECT_TRUE(server.connection.finished());
}

TEST(Flood, honest_requests) {
  Server server;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    server.receive(headers(2 * i + 1, get));
    server.respond(i, "abc");
    server.produced();
    server.streams[i].reset();
    ASSERT_FALSE(server.connection.failed()) << i;
  }
}

// Half of what is asked for is taken back, as by people who leave a page.
TEST(Flood, impatient_people) {
  Server server;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    server.receive(headers(2 * i + 1, get));
    if (i % 2 == 0) {
      server.respond(i, "abc");
    } else {
      server.receive(rst_stream(2 * i + 1, 8));
    }
    server.produced();
    ASSERT_FALSE(server.connection.failed()) << i;
  }
}

TEST(Flood, a_long_upload_in_small_pieces) {
  Server server;
  server.receive(headers(1, post, end_headers));
  for (int i = 0; i < 20'000; ++i) {
    server.receive(data(1, "a"));
    server.connection.consumed(server.stream(), 1);
    server.produced();
    ASSERT_FALSE(server.connection.failed()) << i;
  }
}

// The windows are opened for each frame of content that came.
TEST(Flood, a_long_download) {
  Server server({}, settings({{initial_window_size, 1000}}));
  server.receive(headers(1, get));
  server.respond(0, std::string(5'000'000, 'a'));
  server.produced();
  for (int i = 0; i < 4990; ++i) {
    server.receive(window_update(1, 1000) + window_update(0, 1000));
    server.produced();
    ASSERT_FALSE(server.connection.failed()) << i;
  }
}

TEST(Flood, a_ping_each_second) {
  Server server;
  for (int i = 0; i < 10'000; ++i) {
    server.now += std::chrono::seconds(1);
    server.receive(ping() + window_update(0, 1));
    server.produced();
    ASSERT_FALSE(server.connection.failed()) << i;
  }
}

// Few octets that stand for many (RFC 7541 section 7.3): the rest is for the next time, when others have had their
// turn.
TEST(Flood, what_stands_for_much_is_taken_in_parts) {
  constexpr std::size_t requests = 100, size = 4000, mentions = 15;
  const std::string block = hpack(get), first_of_table = "\xbe", into_table = "\x40";
  const auto request = [&](std::size_t i, const std::string& more) {
    return frame(type_headers, end_headers | end_stream, static_cast<std::uint32_t>(2 * i + 1), block + more);
  };
  std::string wire = request(0, into_table + hpack_number(1) + "x" + hpack_number(size) + std::string(size, 'y'));
  for (std::size_t i = 1; i < requests; ++i) {
    wire += request(i, std::string(mentions, first_of_table[0]));
  }
  Server server;
  std::size_t parts = 0, most = 0;
  for (std::string_view rest = wire; !rest.empty(); ++parts) {
    auto taken = server.connection.receive(rest, server.now);
    ASSERT_TRUE(taken);
    ASSERT_NE(*taken, 0U);
    rest.remove_prefix(*taken);
    most = std::max(most, server.connection.work());
  }
  EXPECT_EQ(server.streams.size(), requests);
  EXPECT_LT(most, 1'000'000U);
  EXPECT_GT(parts, requests * mentions * size / 1'000'000);
}

// What nobody reads is decoded all the same.
TEST(Flood, what_is_passed_over_is_taken_in_parts) {
  Server server;
  server.receive(headers(1, post + Lines{{"content-length", "1"}}, end_headers) + data(1, "ab"));
  server.sent();
  const std::string one = frame(type_headers, end_headers | end_stream, 1, insertions);
  const std::string wire = repeated(one, 10);
  std::size_t parts = 0;
  for (std::string_view rest = wire; !rest.empty(); ++parts) {
    auto taken = server.connection.receive(rest, server.now);
    ASSERT_TRUE(taken);
    EXPECT_LE(*taken, 2 * one.size() + 9);
    rest.remove_prefix(*taken);
  }
  EXPECT_GE(parts, 5U);
}

// Some requests at a time, and content, are what they are: none of it waits.
TEST(Flood, honest_octets_are_taken_whole) {
  Server server;
  std::string wire;
  for (std::uint32_t i = 0; i < 14; ++i) wire += headers(2 * i + 1, get);
  wire += headers(31, post, end_headers) + data(31, std::string(16'000, 'x')) + data(31, std::string(16'000, 'x'));
  auto taken = server.connection.receive(wire, server.now);
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, wire.size());
}

}  // namespace
}  // namespace sp::codec::h2
