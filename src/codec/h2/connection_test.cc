// Connection against RFC 9113: octets in, octets and calls out. Frames are written by hand, so that they can be wrong.
#include "codec/h2/connection.h"

#include <gtest/gtest.h>

#include <random>

#include "codec/h2/peers_for_tests.h"

namespace sp::codec::h2 {
namespace {

using namespace frames;
using namespace std::string_literals;

// What a client sends when its first request has been read, the state its stream is in then, and what comes of it.
struct Row {
  std::string name;
  std::string octets;
  std::string events;
  std::string answer;
};

enum class State : std::uint8_t { idle, open, half_closed, closed, reset_by_client, reset_here, refused };

// Stream 1 in this state.
void bring_into(Server& server, State state) {
  server.refuses = state == State::refused;
  if (state != State::idle) {
    server.receive(headers(
        1, post, state == State::half_closed || state == State::closed ? end_headers | end_stream : end_headers));
  }
  if (state == State::closed) server.respond(0);
  if (state == State::reset_by_client) server.receive(rst_stream(1, 8));
  if (state == State::reset_here) server.connection.reset(server.stream(), ErrorCode::cancel);
  server.sent();
  server.log.take();
  server.refuses = false;
}

void expect_rows(State state, const std::vector<Row>& rows) {
  std::mt19937 random(7);
  for (const Row& row : rows) {
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}, std::size_t{2 + random() % 12}}) {
      SCOPED_TRACE(row.name + " in pieces of " + std::to_string(piece));
      Server server;
      bring_into(server, state);
      std::string events = server.receive(row.octets, piece);
      EXPECT_EQ(server.sent(), row.answer);
      const std::string afterwards = server.log.take();
      if (!afterwards.empty()) events += (events.empty() ? "" : "; ") + afterwards;
      EXPECT_EQ(events, row.events);
      EXPECT_EQ(server.connection.finished(), row.answer.starts_with("GOAWAY"));
    }
  }
}

const Lines trailer{{"a", "b"}};

TEST(Connection, greeting) {
  EXPECT_EQ(Server().greeting, "SETTINGS 3=100 8=1 9=1 6=65536");
  EXPECT_EQ(Client().greeting, "SETTINGS 2=0 6=65536");
  EXPECT_EQ(Server({.most_streams = 7, .stream_window = 100000, .connection_window = 200000}).greeting,
            "SETTINGS 3=7 8=1 9=1 4=100000 6=65536; WINDOW_UPDATE 0 134465");
}

TEST(Connection, preface) {
  struct Nobody final : Connection::Owner {
    Stream* stream_begins() override { return nullptr; }
  } nobody;
  for (const std::string& bad :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"s + "x",
        std::string(preface) + headers(1, get), std::string(preface) + ping(), std::string(preface) + settings_ack()}) {
    for (const bool bytewise : {false, true}) {
      Connection connection(nobody, {});
      Result<std::size_t> taken;
      for (std::size_t i = 0; i < bad.size() && taken; i += bytewise ? 1 : bad.size()) {
        taken = connection.receive(bytewise ? bad.substr(i, 1) : bad, {});
      }
      ASSERT_FALSE(taken) << bad;
      EXPECT_EQ(taken.error().code, Code::http2_error);
      EXPECT_EQ(taken.error().side, Side::client);
      std::vector<char> room(2 * Connection::least_room);
      auto size = connection.produce(room);
      ASSERT_TRUE(size);
      Decoder decoder;
      EXPECT_TRUE(decoder.describe({room.data(), *size}).ends_with("GOAWAY 0 PROTOCOL_ERROR")) << bad;
      EXPECT_TRUE(connection.finished());
    }
  }
}

TEST(Connection, idle_stream) {
  expect_rows(State::idle,
              {
                  {"request", headers(1, get), "1 head GET / end", ""},
                  {"request with content", headers(1, post, end_headers) + data(1, "abc", end_stream),
                   "1 head POST /; 1 content abc; 1 ended", ""},
                  {"trailers", headers(1, post, end_headers) + data(1, "abc") + headers(1, trailer),
                   "1 head POST /; 1 content abc; 1 ended | a: b", ""},
                  {"PRIORITY", priority(1, 0), "", ""},
                  {"PRIORITY of an even stream", priority(2, 0), "", ""},
                  {"PRIORITY on itself (RFC 9113 forgets it)", priority(1, 1), "", ""},
                  {"DATA", data(1, "abc"), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"RST_STREAM", rst_stream(1, 8), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"WINDOW_UPDATE", window_update(1, 1), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"CONTINUATION", continuation(1, hpack(get)), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"PUSH_PROMISE", frame(type_push_promise, end_headers, 1, number(2, 4) + hpack(get)),
                   "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"an even stream", headers(2, get), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"a stream that was passed over", headers(5, get) + headers(3, get),
                   "5 head GET / end; error http2_error", "GOAWAY 5 PROTOCOL_ERROR"},
                  {"DATA of a stream that was passed over", headers(5, get) + data(3, "a"),
                   "5 head GET / end; error http2_error", "GOAWAY 5 PROTOCOL_ERROR"},
                  {"a stream far away", headers(0x7fffffff, get), "2147483647 head GET / end", ""},
                  {"the reserved bit", headers(0x80000001, get), "1 head GET / end", ""},
                  {"HEADERS on 0", headers(0, get), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"DATA on 0", data(0, "abc"), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"RST_STREAM on 0", rst_stream(0, 8), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"PRIORITY on 0", priority(0, 1), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"CONTINUATION on 0", continuation(0, ""), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"SETTINGS on 1", frame(type_settings, 0, 1, ""), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"PING on 1", frame(type_ping, 0, 1, "12345678"), "error http2_error", "GOAWAY 0 PROTOCOL_ERROR"},
                  {"GOAWAY on 1", frame(type_goaway, 0, 1, number(0, 4) + number(0, 4)), "error http2_error",
                   "GOAWAY 0 PROTOCOL_ERROR"},
                  {"unknown frame", frame(99, 255, 1, "abc") + frame(200, 0, 0, ""), "", ""},
                  {"PING", ping("abcdefgh"), "", "PING ack abcdefgh"},
                  {"PING of others' answers", frame(type_ping, ack, 0, "12345678"), "", ""},
                  {"unknown setting", settings({{0x1234, 5}}), "", "SETTINGS ack"},
              });
}

TEST(Connection, sizes_of_frames) {
  const std::string too_small = "GOAWAY 0 FRAME_SIZE_ERROR";
  expect_rows(
      State::idle,
      {
          {"PING 7", ping("1234567"), "error http2_error", too_small},
          {"PING 9", ping("123456789"), "error http2_error", too_small},
          {"RST_STREAM 3", frame(type_rst_stream, 0, 1, "123"), "error http2_error", too_small},
          {"RST_STREAM 5", frame(type_rst_stream, 0, 1, "12345"), "error http2_error", too_small},
          {"WINDOW_UPDATE 3", frame(type_window_update, 0, 0, "123"), "error http2_error", too_small},
          {"WINDOW_UPDATE 5", frame(type_window_update, 0, 0, "12345"), "error http2_error", too_small},
          {"GOAWAY 7", frame(type_goaway, 0, 0, "1234567"), "error http2_error", too_small},
          {"SETTINGS 5", frame(type_settings, 0, 0, "12345"), "error http2_error", too_small},
          {"SETTINGS 7", frame(type_settings, 0, 0, "1234567"), "error http2_error", too_small},
          {"SETTINGS ack 6", frame(type_settings, ack, 0, "123456"), "error http2_error", too_small},
          {"more than SETTINGS_MAX_FRAME_SIZE", frame(99, 0, 0, std::string(16385, 'a')), "error http2_error",
           too_small},
          {"HEADERS of more", frame(type_headers, 4, 1, std::string(16385, 'a')), "error http2_error", too_small},
          {"as much as SETTINGS_MAX_FRAME_SIZE", frame(99, 0, 0, std::string(16384, 'a')), "", ""},
      });
  // Section 6.3 wants a stream error of it, and allows more.
  expect_rows(State::idle, {{"PRIORITY 4", frame(type_priority, 0, 1, "1234"), "error http2_error", too_small},
                            {"PRIORITY 6", frame(type_priority, 0, 1, "123456"), "error http2_error", too_small}});
}

TEST(Connection, open_stream) {
  expect_rows(State::open,
              {
                  {"content", data(1, "abc") + data(1, "", end_stream), "1 content abc; 1 ended", ""},
                  {"padded content", padded_data(1, "abc", 0) + padded_data(1, "def", 200, end_stream),
                   "1 content abcdef; 1 ended", ""},
                  {"padding alone", padded_data(1, "", 0) + padded_data(1, "", 9, end_stream), "1 ended", ""},
                  {"padding of all", frame(type_data, padded | end_stream, 1, number(3, 1) + "abc"), "1 ended", ""},
                  {"too much padding", frame(type_data, padded, 1, number(3, 1) + "ab"), "error http2_error",
                   "GOAWAY 1 PROTOCOL_ERROR"},
                  {"padding without its length", frame(type_data, padded, 1, ""), "error http2_error",
                   "GOAWAY 1 PROTOCOL_ERROR"},
                  {"trailers", headers(1, trailer), "1 ended | a: b", ""},
                  {"empty trailers", headers(1, {}), "1 ended", ""},
                  {"trailers that end nothing", headers(1, trailer, end_headers), "1 closed PROTOCOL_ERROR",
                   "RST_STREAM 1 PROTOCOL_ERROR"},
                  {"trailers with a pseudo-field", headers(1, {{":path", "/"}}), "1 closed PROTOCOL_ERROR",
                   "RST_STREAM 1 PROTOCOL_ERROR"},
                  {"trailers with a length", headers(1, {{"content-length", "0"}}), "1 closed PROTOCOL_ERROR",
                   "RST_STREAM 1 PROTOCOL_ERROR"},
                  {"taken back", rst_stream(1, 8), "1 closed CANCEL by peer", ""},
                  {"taken back without an error", rst_stream(1, 0), "1 closed NO_ERROR by peer", ""},
                  {"taken back with an unknown error", rst_stream(1, 0xffffffff), "1 closed unknown by peer", ""},
                  {"windows", window_update(1, 100) + window_update(0, 100), "", ""},
                  {"PRIORITY", priority(1, 3), "", ""},
                  {"PRIORITY on itself (RFC 9113 forgets it)", priority(1, 1), "", ""},
                  {"PRIORITY_UPDATE", priority_update(1, "u=1, i"), "", ""},
                  {"CONTINUATION", continuation(1, hpack(trailer)), "error http2_error", "GOAWAY 1 PROTOCOL_ERROR"},
                  {"another stream", headers(3, get), "3 head GET / end", ""},
              });
}

// Section 5.1: whether it is the stream or the connection that ends here is left to us.
TEST(Connection, half_closed_stream) {
  expect_rows(State::half_closed,
              {
                  {"WINDOW_UPDATE", window_update(1, 5), "", ""},
                  {"PRIORITY", priority(1, 0), "", ""},
                  {"RST_STREAM", rst_stream(1, 8), "1 closed CANCEL by peer", ""},
                  {"DATA", data(1, "abc"), "error http2_error", "GOAWAY 1 STREAM_CLOSED"},
                  {"empty DATA", data(1, "", end_stream), "error http2_error", "GOAWAY 1 STREAM_CLOSED"},
                  {"HEADERS", headers(1, trailer), "error http2_error", "GOAWAY 1 STREAM_CLOSED"},
                  {"the request again", headers(1, get), "error http2_error", "GOAWAY 1 STREAM_CLOSED"},
              });
}

TEST(Connection, closed_stream) {
  const std::vector<Row> rows{
      {"WINDOW_UPDATE", window_update(1, 5), "", ""},
      {"PRIORITY", priority(1, 0), "", ""},
      {"RST_STREAM", rst_stream(1, 8), "", ""},
      {"DATA", data(1, "abc"), "error http2_error", "GOAWAY 1 STREAM_CLOSED"},
      {"HEADERS", headers(1, trailer), "error http2_error", "GOAWAY 1 STREAM_CLOSED"},
      {"the next request", headers(3, get), "3 head GET / end", ""},
  };
  expect_rows(State::closed, rows);
  expect_rows(State::reset_by_client, rows);
}

// What was under way when RST_STREAM was sent is ignored; what it does to the connection is not.
TEST(Connection, stream_that_was_reset_here) {
  const std::vector<Row> rows{
      {"WINDOW_UPDATE", window_update(1, 5), "", ""},
      {"PRIORITY", priority(1, 0), "", ""},
      {"RST_STREAM", rst_stream(1, 8), "", ""},
      {"DATA", data(1, "abc") + data(1, "def", end_stream), "", ""},
      {"padded DATA", padded_data(1, "abc", 9, end_stream), "", ""},
      {"trailers", headers(1, trailer), "", ""},
      {"trailers in pieces", headers(1, {}, end_stream) + continuation(1, hpack(trailer)), "", ""},
      {"bad HPACK", frame(type_headers, end_headers | end_stream, 1, "\xff\xff\xff"), "error http2_error",
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"the next request", headers(3, get), "3 head GET / end", ""},
  };
  expect_rows(State::reset_here, rows);
  expect_rows(State::refused, rows);
}

// The table of HPACK is the connection's: what nobody wants is decoded all the same.
TEST(Connection, what_is_ignored_counts_for_hpack) {
  for (const State state : {State::reset_here, State::refused}) {
    Server server;
    bring_into(server, state);
    // "x-a: b" into the table (RFC 7541 section 6.2.1), then by its index, 62.
    EXPECT_EQ(server.receive(frame(type_headers, end_headers | end_stream, 1, "\x40\x03x-a\x01"s + "b")), "");
    EXPECT_EQ(server.receive(frame(type_headers, end_headers | end_stream, 3, hpack(get) + "\xbe")),
              "3 head GET / end");
    ASSERT_EQ(server.streams.back()->request.fields.size(), 1u);
    EXPECT_EQ(server.streams.back()->request.fields.begin()->name, "x-a");
  }
}

TEST(Connection, header_blocks_in_pieces) {
  const std::string block = hpack(get + Lines{{"a", "b"}});
  const std::string bad = "error http2_error";
  std::vector<Row> rows{
      {"an empty CONTINUATION", headers(1, get, end_stream) + continuation(1, ""), "1 head GET / end", ""},
      {"empty HEADERS", headers(1, {}, end_stream) + continuation(1, block), "1 head GET / end", ""},
      {"padded HEADERS",
       frame(type_headers, padded | end_headers | end_stream, 1, number(5, 1) + block + std::string(5, '\0')),
       "1 head GET / end", ""},
      {"too much padding", frame(type_headers, padded | end_headers, 1, number(200, 1) + block), bad,
       "GOAWAY 0 PROTOCOL_ERROR"},
      {"with priority",
       frame(type_headers, with_priority | end_headers | end_stream, 1, number(3, 4) + number(200, 1) + block),
       "1 head GET / end", ""},
      {"with priority on itself",
       frame(type_headers, with_priority | end_headers | end_stream, 1, number(1, 4) + number(200, 1) + block), bad,
       "GOAWAY 0 PROTOCOL_ERROR"},
      {"with priority that is cut off", frame(type_headers, with_priority | end_headers, 1, "123"), bad,
       "GOAWAY 0 FRAME_SIZE_ERROR"},
      {"DATA between", headers(1, get, end_stream) + data(1, "a") + continuation(1, ""), bad,
       "GOAWAY 1 PROTOCOL_ERROR"},
      {"PING between", headers(1, get, end_stream) + ping() + continuation(1, ""), bad, "GOAWAY 1 PROTOCOL_ERROR"},
      {"an unknown frame between", headers(1, get, end_stream) + frame(99, 0, 0, "") + continuation(1, ""), bad,
       "GOAWAY 1 PROTOCOL_ERROR"},
      {"another stream between", headers(1, get, end_stream) + headers(3, get) + continuation(1, ""), bad,
       "GOAWAY 1 PROTOCOL_ERROR"},
      {"CONTINUATION of another stream", headers(1, get, end_stream) + continuation(3, ""), bad,
       "GOAWAY 1 PROTOCOL_ERROR"},
      {"one too many", headers(1, get) + continuation(1, ""), "1 head GET / end; " + bad, "GOAWAY 1 PROTOCOL_ERROR"},
      {"an index that is not there", frame(type_headers, end_headers | end_stream, 1, block + "\xbe"), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"the index 0", frame(type_headers, end_headers | end_stream, 1, block + "\x80"), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"a string that is cut off", frame(type_headers, end_headers | end_stream, 1, block + "\0\x05"s + "ab"), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"a number without an end",
       frame(type_headers, end_headers | end_stream, 1, block + "\xff\xff\xff\xff\xff\xff\xff\xff"), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"a table larger than was allowed", frame(type_headers, end_headers | end_stream, 1, "\x3f\xe2\x1f" + block), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"a table as large as is allowed", frame(type_headers, end_headers | end_stream, 1, "\x3f\xe1\x1f" + block),
       "1 head GET / end", ""},
      {"a change of the table behind a line", frame(type_headers, end_headers | end_stream, 1, block + "\x20"), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"Huffman padding of eight bits",
       frame(type_headers, end_headers | end_stream, 1, block + "\0\x01z\x82\x1f\xff"s), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
      {"EOS inside of Huffman",
       frame(type_headers, end_headers | end_stream, 1, block + "\0\x01z\x84\xff\xff\xff\xff"s), bad,
       "GOAWAY 1 COMPRESSION_ERROR"},
  };
  for (const std::size_t cut : {std::size_t{1}, block.size() / 2, block.size() - 1}) {
    rows.push_back({"cut at " + std::to_string(cut),
                    frame(type_headers, end_stream, 1, block.substr(0, cut)) +
                        continuation(1, block.substr(cut, 3), 0) +
                        continuation(1, cut + 3 < block.size() ? block.substr(cut + 3) : ""),
                    "1 head GET / end", ""});
  }
  expect_rows(State::idle, rows);
}

TEST(Connection, says_whether_a_head_has_begun) {
  Server server;
  EXPECT_FALSE(server.connection.head_begun());
  server.receive(headers(1, get, end_stream));
  EXPECT_TRUE(server.connection.head_begun());
  server.receive(continuation(1, ""));
  EXPECT_FALSE(server.connection.head_begun());
  // Nor when nobody wants it, or it is malformed.
  server.refuses = true;
  server.receive(headers(3, get));
  EXPECT_FALSE(server.connection.head_begun());
  server.refuses = false;
  server.receive(headers(5, {}));
  EXPECT_FALSE(server.connection.head_begun());
  server.receive(
      frame(type_headers, with_priority | end_headers | end_stream, 7, number(7, 4) + number(200, 1) + hpack(get)));
  EXPECT_FALSE(server.connection.head_begun());
}

TEST(Connection, malformed_requests_are_reset) {
  const std::string answer = "RST_STREAM 1 PROTOCOL_ERROR";
  for (const Lines& lines : std::vector<Lines>{{},
                                               get + Lines{{"connection", "close"}},
                                               get + Lines{{"A", "b"}},
                                               get + Lines{{"content-length", "1"}},
                                               {{":method", "GET"}}}) {
    Server server;
    server.receive(headers(1, lines));
    EXPECT_EQ(server.sent(), answer);
    EXPECT_TRUE(server.log.take().ends_with("1 closed PROTOCOL_ERROR"));
    EXPECT_EQ(server.receive(headers(3, get)), "3 head GET / end");
  }
}

// Well formed, but not wanted: it is the stream's to answer.
TEST(Connection, faults_that_are_answered) {
  Server server({.limits = {.head = 300}});
  EXPECT_EQ(server.receive(headers(1, get + Lines{{"a", std::string(300, 'b')}})), "1 head fault fields_too_large end");
  server.respond(0, "", 431);
  EXPECT_EQ(server.sent(), "HEADERS 1 end [:status: 431]");
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
  EXPECT_EQ(server.receive(headers(3, get)), "3 head GET / end");
}

TEST(Connection, far_too_large_heads_end_the_connection) {
  Server server({.limits = {.head = 1000}});
  const std::string large = std::string(3000, 'b');
  EXPECT_EQ(server.receive(headers(1, get + Lines{{"a", large}, {"b", large}})), "error http2_flood");
  EXPECT_EQ(server.sent(), "GOAWAY 1 ENHANCE_YOUR_CALM");
  EXPECT_TRUE(server.connection.finished());
}

TEST(Connection, content_length) {
  const auto with = [](const std::string& length, const std::string& frames) {
    Server server;
    server.receive(headers(1, post + Lines{{"content-length", length}}, end_headers));
    std::string events = server.receive(frames);
    return events + " / " + server.sent() + " / " + server.log.take();
  };
  const std::string bad = " / RST_STREAM 1 PROTOCOL_ERROR / 1 closed PROTOCOL_ERROR";
  EXPECT_EQ(with("5", data(1, "abc") + data(1, "de", end_stream)), "1 content abcde; 1 ended /  / ");
  EXPECT_EQ(with("5", data(1, "abcde") + data(1, "", end_stream)), "1 content abcde; 1 ended /  / ");
  EXPECT_EQ(with("5", data(1, "abcde") + headers(1, trailer)), "1 content abcde; 1 ended | a: b /  / ");
  EXPECT_EQ(with("5", padded_data(1, "abcde", 10, end_stream)), "1 content abcde; 1 ended /  / ");
  EXPECT_EQ(with("0", data(1, "", end_stream)), "1 ended /  / ");
  EXPECT_EQ(with("5", data(1, "abcd", end_stream)), "1 content abcd" + bad);
  EXPECT_EQ(with("5", data(1, "", end_stream)), bad);
  EXPECT_EQ(with("5", data(1, "abc") + headers(1, trailer)), "1 content abc" + bad);
  EXPECT_EQ(with("5", data(1, "abcdef", end_stream)), bad);
  EXPECT_EQ(with("5", data(1, "abc") + data(1, "def")), "1 content abc" + bad);
  EXPECT_EQ(with("0", data(1, "a")), bad);
}

// A stream that wants no trailers still hears of the end.
TEST(Connection, trailers_that_nobody_wants) {
  Server server;
  server.receive(headers(1, post, end_headers));
  server.stream().wants_trailers = false;
  EXPECT_EQ(server.receive(data(1, "abc") + headers(1, trailer)), "1 content abc; 1 ended");
  EXPECT_TRUE(server.stream().remote_ended());
  server.respond(0);
  EXPECT_EQ(server.sent(), "HEADERS 1 end [:status: 200]");
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
}

// nghttp2's own limit is 64 KiB.
TEST(Connection, large_heads_are_sent) {
  Server server;
  server.receive(headers(1, get));
  const std::string value(30'000, 'v');
  for (int i = 0; i < 10; ++i) server.stream().response.fields.add("x", value);
  server.respond(0);
  const std::string sent = server.sent();
  EXPECT_TRUE(sent.starts_with("HEADERS 1 end; CONTINUATION 1")) << sent.substr(0, 100);
  EXPECT_GT(sent.size(), 300'000U);
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
}

// So large that nothing of ours has let it in.
void make_enormous(http::Fields& fields, const std::string& value) {
  for (int i = 0; i < 11; ++i) fields.add("x", value);
}

TEST(Connection, heads_that_cannot_be_sent_are_refused) {
  Server server;
  server.receive(headers(1, get));
  const std::string value(std::size_t{4} << 20, 'v');
  make_enormous(server.stream().response.fields, value);
  server.stream().response.status = 200;
  const auto responded = server.connection.respond(server.stream(), server.stream().response, true);
  ASSERT_FALSE(responded);
  EXPECT_EQ(responded.error().code, Code::response_fields_too_large);
  EXPECT_EQ(responded.error().side, Side::upstream);
  server.stream().response.fields.clear();
  server.respond(0, "", 502);
  EXPECT_EQ(server.sent(), "HEADERS 1 end [:status: 502]");
}

TEST(Connection, trailers_that_cannot_be_sent_are_the_end_of_the_stream) {
  Server server;
  server.receive(headers(1, get));
  const std::string value(std::size_t{4} << 20, 'v');
  make_enormous(server.stream().sent_trailers, value);
  server.respond(0, "abc");
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]; DATA 1 3; RST_STREAM 1 INTERNAL_ERROR");
  EXPECT_EQ(server.log.take(), "1 closed INTERNAL_ERROR");
}

}  // namespace
}  // namespace sp::codec::h2
