// Windows, settings, and what produce() makes of content: RFC 9113 sections 5.2, 6.5 and 6.9, RFC 9218.
#include <gtest/gtest.h>

#include "codec/h2/peers_for_tests.h"

namespace sp::codec::h2 {
namespace {

using namespace frames;

// That much content, in frames as large as may be.
std::string content(std::uint32_t id, std::size_t octets) {
  std::string all;
  for (; octets != 0; octets -= std::min<std::size_t>(octets, 16384))
    all += data(id, std::string(std::min<std::size_t>(octets, 16384), 'a'));
  return all;
}

TEST(Flow, our_window_of_a_stream) {
  Server server;
  server.receive(headers(1, post, end_headers) + content(1, 65535));
  EXPECT_EQ(server.stream().received, 65535u);
  // The connection's window opens at once: what fills up is the stream's.
  EXPECT_EQ(server.sent(), "WINDOW_UPDATE 0 65535");
  server.connection.consumed(server.stream(), 65535);
  EXPECT_EQ(server.sent(), "WINDOW_UPDATE 1 65535");
  server.receive(content(1, 65535));
  EXPECT_EQ(server.stream().received, 2 * 65535u);
  EXPECT_EQ(server.sent(), "WINDOW_UPDATE 0 65535");
  server.log.take();
  // One octet too much: a stream error.
  server.receive(headers(3, get) + data(1, "a"));
  EXPECT_EQ(server.sent(), "RST_STREAM 1 FLOW_CONTROL_ERROR");
  EXPECT_TRUE(server.log.take().ends_with("1 closed FLOW_CONTROL_ERROR by peer"));
  EXPECT_EQ(server.receive(headers(5, get) + content(1, 65535)), "5 head GET / end");
}

TEST(Flow, a_stream_that_may_have_more_under_way) {
  Server server;
  server.receive(headers(1, post, end_headers));
  server.sent();
  server.connection.widen(server.stream(), 256 * 1024);
  EXPECT_EQ(server.sent(), "WINDOW_UPDATE 1 196609");
  // Not fewer than before.
  server.connection.widen(server.stream(), 256 * 1024);
  EXPECT_EQ(server.sent(), "");
}

TEST(Flow, our_window_of_the_connection) {
  Server server({.stream_window = 1 << 20});
  server.receive(headers(1, post, end_headers));
  std::string events = server.receive(content(1, 65536));
  EXPECT_TRUE(events.ends_with("error http2_error")) << events;
  EXPECT_EQ(server.sent(), "GOAWAY 1 FLOW_CONTROL_ERROR");
}

// Padding is counted, and given back without anybody consuming it.
TEST(Flow, padding_is_given_back) {
  Server server;
  server.receive(headers(1, post, end_headers));
  for (int i = 0; i < 1000; ++i) {
    server.receive(padded_data(1, "a", 255));
    server.connection.consumed(server.stream(), 1);
    EXPECT_FALSE(server.sent().contains("RST_STREAM")) << i;
  }
  EXPECT_EQ(server.stream().received, 1000u);
}

// Nobody consumes what comes for streams that are gone: the connection's window opens all the same.
TEST(Flow, content_that_nobody_wants_is_given_back) {
  Server server;
  for (std::uint32_t id = 1; id < 40; id += 2) {
    server.receive(headers(id, post, end_headers) + content(id, 10000));
    server.connection.release(*server.streams.back(), ErrorCode::cancel);
    server.receive(content(id, 20000));
    server.sent();
    server.receive(content(id, 30000));
    EXPECT_FALSE(server.connection.failed());
    EXPECT_FALSE(server.sent().contains("GOAWAY")) << id;
  }
}

TEST(Flow, windows_of_the_client) {
  Server server({}, settings({{initial_window_size, 0}}));
  server.receive(headers(1, get));
  server.respond(0, "hello");
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]");
  server.receive(window_update(1, 1));
  EXPECT_EQ(server.sent(), "DATA 1 1");
  server.receive(window_update(1, 3));
  EXPECT_EQ(server.sent(), "DATA 1 3");
  EXPECT_FALSE(server.connection.wants_to_send());
  server.receive(window_update(1, 1000));
  EXPECT_EQ(server.sent(), "DATA 1 1 end");
  EXPECT_EQ(server.decoder.content, "hello");
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
}

// Section 6.9.1: where the end is all that is left it needs no window, of the stream or of the connection.
TEST(Flow, the_end_waits_for_no_window) {
  for (const bool trailers : {false, true}) {
    for (const std::uint32_t window : {0U, 5U, 65535U}) {
      SCOPED_TRACE(window);
      Server server({}, settings({{initial_window_size, window}}));
      server.receive(headers(1, get));
      LoggedStream& stream = server.stream();
      stream.last = false;
      server.respond(0, std::string(window, 'a'));
      server.sent();
      EXPECT_EQ(server.decoder.content.size(), window);
      if (trailers) stream.sent_trailers.add("grpc-status", "0");
      stream.last = true;
      server.connection.data_ready(stream);
      EXPECT_EQ(server.sent(), trailers ? "HEADERS 1 end [grpc-status: 0]" : "DATA 1 0 end");
      EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
    }
  }
}

// Said before the head has left: the head goes first.
TEST(Flow, the_end_waits_for_the_head) {
  Server server({}, settings({{initial_window_size, 0}}));
  server.receive(headers(1, post, end_headers));
  server.stream().last = false;
  server.respond(0);
  server.stream().last = true;
  server.connection.data_ready(server.stream());
  server.receive(data(1, "", end_stream));
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]; DATA 1 0 end");
}

TEST(Flow, window_of_the_connection) {
  Server server({}, settings({{initial_window_size, 1 << 20}}));
  server.receive(headers(1, get) + headers(3, get));
  server.respond(0, std::string(70000, 'a'));
  server.respond(1, "b");
  server.sent();
  EXPECT_EQ(server.decoder.content.size(), 65535u);
  EXPECT_FALSE(server.connection.wants_to_send());
  server.receive(window_update(1, 100000));
  EXPECT_EQ(server.sent(), "");
  server.receive(window_update(0, 4466));
  server.sent();
  EXPECT_EQ(server.decoder.content.size(), 70001u);
}

TEST(Flow, windows_that_overflow) {
  const auto with = [](const std::string& octets) {
    Server server;
    server.receive(headers(1, get));
    std::string events = server.receive(octets);
    std::string answer = server.sent();
    return answer + " / " + events + server.log.take();
  };
  EXPECT_EQ(with(window_update(1, 0x7fffffff - 65535)), " / ");
  EXPECT_EQ(with(window_update(1, 0x7fffffff)),
            "RST_STREAM 1 FLOW_CONTROL_ERROR / 1 closed FLOW_CONTROL_ERROR by peer");
  EXPECT_EQ(with(window_update(0, 0x7fffffff)), "GOAWAY 1 FLOW_CONTROL_ERROR / error http2_error");
  EXPECT_EQ(with(window_update(1, 0)), "GOAWAY 1 PROTOCOL_ERROR / error http2_error");
  EXPECT_EQ(with(window_update(0, 0)), "GOAWAY 1 PROTOCOL_ERROR / error http2_error");
  // The topmost bit is reserved.
  EXPECT_EQ(with(window_update(1, 0x80000005)), " / ");
  // Section 6.9.2: by a change of the initial window.
  const std::string by_settings = with(window_update(1, 0x70000000) + settings({{initial_window_size, 0x7fffffff}}));
  EXPECT_TRUE(by_settings.contains("FLOW_CONTROL_ERROR")) << by_settings;
}

TEST(Flow, negative_window) {
  Server server({}, settings({{initial_window_size, 100}}));
  server.receive(headers(1, get));
  server.respond(0, std::string(1000, 'a'));
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]; DATA 1 100");
  server.receive(settings({{initial_window_size, 0}}));
  EXPECT_EQ(server.sent(), "SETTINGS ack");
  server.receive(window_update(1, 100));
  EXPECT_EQ(server.sent(), "");
  server.receive(window_update(1, 1));
  EXPECT_EQ(server.sent(), "DATA 1 1");
  server.receive(settings({{initial_window_size, 50}}));
  EXPECT_EQ(server.sent(), "SETTINGS ack; DATA 1 50");
  // Those that come later have the new one.
  server.receive(headers(3, get));
  server.respond(1, std::string(1000, 'a'));
  EXPECT_EQ(server.sent(), "HEADERS 3 [:status: 200]; DATA 3 50");
}

TEST(Flow, values_of_settings) {
  const auto with = [](std::uint16_t id, std::uint32_t value) {
    Server server;
    server.receive(settings({{id, value}}));
    return server.sent();
  };
  const std::string bad = "GOAWAY 0 PROTOCOL_ERROR", fine = "SETTINGS ack";
  EXPECT_EQ(with(header_table_size, 0), fine);
  EXPECT_EQ(with(header_table_size, 0xffffffff), fine);
  EXPECT_EQ(with(enable_push, 0), fine);
  EXPECT_EQ(with(enable_push, 1), fine);
  EXPECT_EQ(with(enable_push, 2), bad);
  EXPECT_EQ(with(max_concurrent_streams, 0), fine);
  EXPECT_EQ(with(initial_window_size, 0x7fffffff), fine);
  EXPECT_EQ(with(initial_window_size, 0x80000000), "GOAWAY 0 FLOW_CONTROL_ERROR");
  EXPECT_EQ(with(max_frame_size, 16383), bad);
  EXPECT_EQ(with(max_frame_size, 16384), fine);
  EXPECT_EQ(with(max_frame_size, 16777215), fine);
  EXPECT_EQ(with(max_frame_size, 16777216), bad);
  EXPECT_EQ(with(max_header_list_size, 0), fine);
  EXPECT_EQ(with(enable_connect_protocol, 1), fine);
  EXPECT_EQ(with(enable_connect_protocol, 2), bad);
  EXPECT_EQ(with(no_rfc7540_priorities, 2), bad);
}

TEST(Flow, a_client_without_a_table) {
  Server server({}, settings({{header_table_size, 0}}));
  for (std::uint32_t id = 1; id < 8; id += 2) {
    server.receive(headers(id, get));
    server.stream(id / 2).response.fields.add("server", "a");
    server.respond(id / 2);
    EXPECT_EQ(server.sent(), "HEADERS " + std::to_string(id) + " end [:status: 200, server: a]");
  }
}

TEST(Flow, large_content_in_small_rooms) {
  for (const std::size_t room : {Connection::least_room, Connection::least_room + 1, Connection::least_room + 9,
                                 Connection::least_room + 1025, std::size_t{65536}, std::size_t{1} << 20}) {
    Server server({}, settings({{initial_window_size, 1 << 24}}));
    server.receive(window_update(0, 1 << 24) + headers(1, get) + headers(3, get));
    std::string text;
    for (int i = 0; i < 300'000; ++i) text += static_cast<char>('a' + i % 26);
    server.respond(0, text);
    server.respond(1, text);
    server.sent(room);
    EXPECT_EQ(server.decoder.content.size(), 2 * text.size());
    EXPECT_TRUE(server.stream(0).over && server.stream(1).over);
  }
}

// What comes behind content in the same round must not be written behind the end of the room.
TEST(Flow, large_trailers_behind_content) {
  for (std::size_t room = Connection::least_room; room < Connection::least_room + 3000; room += 250) {
    Server server;
    server.receive(headers(1, get) + headers(3, get));
    const std::string value(6000, 'b');
    for (std::size_t i = 0; i < 2; ++i) {
      server.stream(i).sent_trailers.add("a", value);
      server.respond(i, std::string(16384, 'a'));
    }
    server.sent(room);
    EXPECT_EQ(server.decoder.content.size(), 2 * 16384u);
    EXPECT_TRUE(server.stream(0).over && server.stream(1).over);
  }
}

// The same for what a stream causes while it is asked for content.
TEST(Flow, large_heads_behind_content) {
  Server server;
  server.receive(headers(1, get) + headers(3, get));
  server.respond(0, std::string(16384, 'a'));
  const std::string value(10000, 'b');
  server.stream(1).response.fields.add("a", value);
  EXPECT_EQ(server.sent().substr(0, 9), "HEADERS 1");
  server.receive(headers(5, get));
  server.respond(2, std::string(16384, 'a'));
  server.sent(Connection::least_room);
  server.receive(headers(7, get));
  server.respond(3, std::string(16384, 'a'));
  server.stream(3).at_offer = [&] {
    if (server.stream(1).id() != 0 && server.stream(1).response.status == 0) server.respond(1);
  };
  const std::string sent = server.sent();
  EXPECT_TRUE(sent.contains("HEADERS 3 end")) << sent;
  EXPECT_FALSE(sent.contains("broken"));
}

TEST(Flow, trailers) {
  Server server;
  server.receive(headers(1, get) + headers(3, get) + headers(5, get));
  server.stream(0).sent_trailers.add("grpc-status", "0");
  server.respond(0, "abc");
  server.stream(1).sent_trailers.add("grpc-status", "0");
  server.respond(1);
  // What may not be written is left out; the message ends.
  server.stream(2).sent_trailers.add("content-length", "0");
  server.respond(2, "abc");
  const std::string sent = server.sent();
  EXPECT_TRUE(sent.contains("DATA 1 3; HEADERS 1 end [grpc-status: 0]")) << sent;
  EXPECT_TRUE(sent.contains("HEADERS 3 end [grpc-status: 0]")) << sent;
  EXPECT_TRUE(sent.contains("DATA 5 3 end")) << sent;
}

TEST(Flow, content_that_is_made_later) {
  Server server;
  server.receive(headers(1, get));
  LoggedStream& stream = server.stream();
  stream.last = false;
  server.respond(0);
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]");
  EXPECT_EQ(server.sent(), "");
  EXPECT_FALSE(server.connection.wants_to_send());
  stream.to_send = "abc";
  server.connection.data_ready(stream);
  EXPECT_TRUE(server.connection.wants_to_send());
  EXPECT_EQ(server.sent(), "DATA 1 3");
  stream.last = true;
  server.connection.data_ready(stream);
  server.connection.data_ready(stream);
  EXPECT_EQ(server.sent(), "DATA 1 0 end");
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
  // It is over: nothing comes of these.
  server.connection.data_ready(stream);
  server.connection.consumed(stream, 5);
  server.connection.reset(stream, ErrorCode::cancel);
  server.connection.release(stream, ErrorCode::cancel);
  EXPECT_EQ(server.sent(), "");
}

TEST(Flow, interim_responses) {
  Server server;
  server.receive(headers(1, post, end_headers));
  server.stream().response.status = 100;
  EXPECT_TRUE(server.connection.respond(server.stream(), server.stream().response, false));
  server.stream().response.status = 103;
  server.stream().response.fields.add("link", "</a>");
  EXPECT_TRUE(server.connection.respond(server.stream(), server.stream().response, false));
  server.stream().response.fields.clear();
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 100]; HEADERS 1 [:status: 103, link: </a>]");
  server.receive(data(1, "abc", end_stream));
  server.respond(0, "d");
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]; DATA 1 1 end");
}

TEST(Flow, priorities) {
  Server server({}, settings({{initial_window_size, 1 << 20}}));
  for (const std::uint32_t id : {1, 3, 5}) server.receive(headers(id, get));
  server.connection.prioritize(server.stream(0), {.urgency = 5});
  server.connection.prioritize(server.stream(1), {.urgency = 1});
  server.receive(priority_update(5, "u=0"));
  server.connection.prioritize(server.stream(2), {.urgency = 7});  // what the client says now, wins
  for (std::size_t i = 0; i < 3; ++i) server.respond(i, "abc");
  const std::string sent = server.sent();
  EXPECT_TRUE(sent.ends_with("DATA 5 3 end; DATA 3 3 end; DATA 1 3 end")) << sent;
}

// RFC 9218 section 7: an update may come before its request, whose own field it overrides.
TEST(Flow, priority_that_was_updated_before) {
  Server server;
  server.receive(priority_update(3, "u=0") + headers(1, get) + headers(3, get));
  server.connection.prioritize(server.stream(0), {.urgency = 2});
  server.connection.prioritize(server.stream(1), {.urgency = 5});
  for (std::size_t i = 0; i < 2; ++i) server.respond(i, "abc");
  const std::string sent = server.sent();
  EXPECT_TRUE(sent.ends_with("DATA 3 3 end; DATA 1 3 end")) << sent;
}

TEST(Flow, many_streams) {
  Server server;
  std::size_t expected = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    server.receive(headers(2 * i + 1, get));
    const std::string content(std::size_t{i} * 5, 'a');
    server.respond(i, content);
    expected += content.size();
  }
  server.sent();
  EXPECT_EQ(server.decoder.content.size(), expected);
  for (const auto& stream : server.streams) EXPECT_TRUE(stream->over);
}

// One more than there may be: section 5.1.2 leaves it to us what ends.
TEST(Flow, too_many_streams) {
  Server server({.most_streams = 2});
  server.receive(headers(1, get) + headers(3, get));
  server.respond(0);
  server.sent();
  server.log.take();
  EXPECT_EQ(server.receive(headers(5, get)), "5 head GET / end");
  EXPECT_EQ(server.receive(headers(7, get)), "error http2_error");
  EXPECT_EQ(server.sent(), "GOAWAY 5 PROTOCOL_ERROR");
}

}  // namespace
}  // namespace sp::codec::h2
