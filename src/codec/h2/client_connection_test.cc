// The client's side of a Connection: requests out, responses in (RFC 9113 sections 5.1.1, 5.1.2, 8.1, 8.4).
#include <gtest/gtest.h>

#include "codec/h2/peers_for_tests.h"

namespace sp::codec::h2 {
namespace {

using namespace frames;

const std::string get_sent = " [:method: GET, :scheme: https, :authority: a, :path: /]";
const std::string post_sent = " [:method: POST, :scheme: https, :authority: a, :path: /]";

TEST(ClientConnection, requests_and_responses) {
  Client client;
  client.request();
  client.request("POST", "hello");
  EXPECT_EQ(client.sent(), "HEADERS 1 end" + get_sent + "; HEADERS 3" + post_sent + "; DATA 3 5 end");
  EXPECT_EQ(client.receive(headers(3, ok, end_headers) + data(3, "abc")), "3 head 200; 3 content abc");
  EXPECT_EQ(client.receive(headers(1, ok)), "1 head 200 end; 1 closed NO_ERROR");
  EXPECT_EQ(client.receive(headers(3, {{"a", "b"}})), "3 ended | a: b; 3 closed NO_ERROR");
  EXPECT_FALSE(client.connection.finished());
}

TEST(ClientConnection, interim_responses) {
  Client client;
  client.request("POST", "", false);
  client.sent();
  EXPECT_EQ(client.receive(headers(1, {{":status", "100"}}, end_headers)), "1 head 100");
  EXPECT_EQ(client.receive(headers(1, {{":status", "103"}}, end_headers)), "1 head 103");
  EXPECT_EQ(client.receive(headers(1, ok, end_headers)), "1 head 200");
  EXPECT_EQ(client.receive(data(1, "abc", end_stream)), "1 content abc; 1 ended");
  client.stream().to_send = "de";
  client.stream().last = true;
  client.connection.data_ready(client.stream());
  EXPECT_EQ(client.sent(), "DATA 1 2 end");
  EXPECT_EQ(client.log.take(), "1 closed NO_ERROR");
}

struct Row {
  std::string name;
  std::string octets;
  std::string events;
  std::string answer;
};

void expect_rows(const std::string& method, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}, std::size_t{5}}) {
      SCOPED_TRACE(row.name + " in pieces of " + std::to_string(piece));
      Client client;
      client.request(method, "", false);
      client.sent();
      std::string events = client.receive(row.octets, piece);
      EXPECT_EQ(client.sent(), row.answer);
      const std::string afterwards = client.log.take();
      if (!afterwards.empty()) events += (events.empty() ? "" : "; ") + afterwards;
      EXPECT_EQ(events, row.events);
    }
  }
}

const std::string error = "error upstream_http2_error";
const std::string reset = "RST_STREAM 1 PROTOCOL_ERROR";
const std::string closed = "1 closed PROTOCOL_ERROR";

TEST(ClientConnection, responses) {
  const Lines length = ok + Lines{{"content-length", "3"}};
  expect_rows(
      "GET",
      {
          {"of the length declared", headers(1, length, end_headers) + data(1, "abc", end_stream),
           "1 head 200; 1 content abc; 1 ended", ""},
          {"shorter", headers(1, length, end_headers) + data(1, "ab", end_stream),
           "1 head 200; 1 content ab; " + closed, reset},
          {"longer", headers(1, length, end_headers) + data(1, "abc") + data(1, "d", end_stream),
           "1 head 200; 1 content abc; " + closed, reset},
          {"without content that was declared", headers(1, length), "1 head fault bad_response_framing end; " + closed,
           reset},
          {"shorter, with trailers", headers(1, length, end_headers) + data(1, "ab") + headers(1, {{"a", "b"}}),
           "1 head 200; 1 content ab; " + closed, reset},
          {"204 with content", headers(1, {{":status", "204"}}, end_headers) + data(1, "a", end_stream),
           "1 head 204; " + closed, reset},
          {"204 without", headers(1, {{":status", "204"}}, end_headers) + data(1, "", end_stream),
           "1 head 204; 1 ended", ""},
          {"304 with a length", headers(1, {{":status", "304"}, {"content-length", "3"}}), "1 head 304 end", ""},
          {"304 with trailers",
           headers(1, {{":status", "304"}, {"content-length", "3"}}, end_headers) + headers(1, {{"a", "b"}}),
           "1 head 304; 1 ended | a: b", ""},
          {"no status", headers(1, {{"a", "b"}}), "1 head fault bad_status_line end; " + closed, reset},
          {"101", headers(1, {{":status", "101"}}, end_headers), "1 head fault unexpected_upgrade; " + closed, reset},
          {"an interim response that ends", headers(1, {{":status", "103"}}),
           "1 head fault bad_response_framing end; " + closed, reset},
          {"content before its head", headers(1, {{":status", "103"}}, end_headers) + data(1, "abc"),
           "1 head 103; " + closed, reset},
          {"the end before its head", headers(1, {{":status", "103"}}, end_headers) + data(1, "", end_stream),
           "1 head 103; " + closed, reset},
          {"two final responses", headers(1, ok, end_headers) + headers(1, ok), "1 head 200; " + closed, reset},
          {"trailers that end nothing", headers(1, ok, end_headers) + headers(1, {{"a", "b"}}, end_headers),
           "1 head 200; " + closed, reset},
          {"an interim response behind the final one",
           headers(1, ok, end_headers) + headers(1, {{":status", "103"}}, end_headers), "1 head 200; " + closed, reset},
          {"of a connection", headers(1, ok + Lines{{"connection", "close"}}, end_headers),
           "1 head fault bad_response_field; " + closed, reset},
          {"RST_STREAM", rst_stream(1, 7), "1 closed REFUSED_STREAM by peer", ""},
          {"RST_STREAM behind the head", headers(1, ok, end_headers) + rst_stream(1, 2),
           "1 head 200; 1 closed INTERNAL_ERROR by peer", ""},
          // Section 8.1: it needs nothing more of the request.
          {"RST_STREAM behind the response", headers(1, ok) + rst_stream(1, 0),
           "1 head 200 end; 1 closed NO_ERROR by peer", ""},
          {"DATA first", data(1, "abc"), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"DATA of a stream that was not opened", data(3, "abc"), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"HEADERS of a stream that was not opened", headers(3, ok), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"HEADERS of a stream of the server", headers(2, ok), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"WINDOW_UPDATE of a stream that was not opened", window_update(3, 1), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"RST_STREAM of a stream that was not opened", rst_stream(3, 1), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"PUSH_PROMISE", frame(type_push_promise, end_headers, 1, number(2, 4) + hpack(get)), error,
           "GOAWAY 0 PROTOCOL_ERROR"},
          {"SETTINGS that allow to push", settings({{enable_push, 1}}), error, "GOAWAY 0 PROTOCOL_ERROR"},
          {"SETTINGS that take CONNECT back", settings({{enable_connect_protocol, 1}}) + settings({{8, 0}}), error,
           "GOAWAY 0 PROTOCOL_ERROR"},
          {"a window that overflows", window_update(0, 0x7fffffff), error, "GOAWAY 0 FLOW_CONTROL_ERROR"},
      });
  expect_rows("HEAD", {
                          {"with a length", headers(1, length), "1 head 200 end", ""},
                          {"with an empty end", headers(1, length, end_headers) + data(1, "", end_stream),
                           "1 head 200; 1 ended", ""},
                          {"with content", headers(1, length, end_headers) + data(1, "abc", end_stream),
                           "1 head 200; " + closed, reset},
                      });
}

TEST(ClientConnection, errors_are_the_servers) {
  Client client;
  auto taken = client.connection.receive(ping("short"), client.now);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::upstream_http2_error);
  EXPECT_EQ(taken.error().side, Side::upstream);
}

TEST(ClientConnection, a_server_that_does_not_speak_http2) {
  struct Nobody final : Connection::Owner {
    Stream* stream_begins() override { return nullptr; }
  } nobody;
  Connection connection(nobody, {.role = Role::client});
  auto taken = connection.receive("HTTP/1.1 400 Bad Request\r\n\r\n", {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::upstream_http2_error);
}

// Section 5.1.2: the server says how many streams there may be.
TEST(ClientConnection, room_for_streams) {
  Client client({}, settings({{max_concurrent_streams, 2}}));
  EXPECT_TRUE(client.connection.has_room_for_stream());
  client.request();
  EXPECT_TRUE(client.connection.has_room_for_stream());
  client.request();
  EXPECT_FALSE(client.connection.has_room_for_stream());
  client.sent();
  EXPECT_FALSE(client.connection.has_room_for_stream());
  client.receive(headers(1, ok));
  EXPECT_TRUE(client.connection.has_room_for_stream());
  client.request();
  client.sent();
  EXPECT_FALSE(client.connection.has_room_for_stream());
  // A stream that was let go of counts until the server hears of it.
  client.connection.release(client.stream(1), ErrorCode::cancel);
  EXPECT_FALSE(client.connection.has_room_for_stream());
  client.sent();
  EXPECT_TRUE(client.connection.has_room_for_stream());
  client.receive(settings({{max_concurrent_streams, 0}}));
  EXPECT_FALSE(client.connection.has_room_for_stream());
  client.receive(settings({{max_concurrent_streams, 100}}));
  EXPECT_TRUE(client.connection.has_room_for_stream());
  client.receive(goaway(5, 0));
  EXPECT_FALSE(client.connection.has_room_for_stream());
}

TEST(ClientConnection, knows_extended_connect) {
  EXPECT_FALSE(Client().connection.knows_extended_connect());
  EXPECT_TRUE(Client({}, settings({{enable_connect_protocol, 1}})).connection.knows_extended_connect());
}

TEST(ClientConnection, goaway) {
  Client client;
  for (int i = 0; i < 3; ++i) client.request();
  client.sent();
  client.request();
  EXPECT_EQ(client.receive(goaway(3, 0)), "going away 3; 5 closed REFUSED_STREAM by peer");
  EXPECT_EQ(client.sent(), "");
  EXPECT_EQ(client.log.take(), "7 closed REFUSED_STREAM by peer");
  EXPECT_EQ(client.receive(headers(1, ok) + headers(3, ok)),
            "1 head 200 end; 1 closed NO_ERROR; 3 head 200 end; 3 closed NO_ERROR");
  EXPECT_TRUE(client.connection.finished());
  client.request();
  EXPECT_EQ(client.log.take(), "error upstream_stream_refused");
}

// Section 6.8: first the notice, then the last one that is served.
TEST(ClientConnection, goaway_in_two_steps) {
  Client client;
  client.request();
  client.request();
  client.sent();
  EXPECT_EQ(client.receive(goaway(0x7fffffff, 0)), "going away 2147483647");
  EXPECT_EQ(client.receive(goaway(1, 0)), "going away 1; 3 closed REFUSED_STREAM by peer");
  EXPECT_EQ(client.receive(headers(1, ok)), "1 head 200 end; 1 closed NO_ERROR");
  Client other;
  other.request();
  other.sent();
  other.receive(goaway(1, 0));
  EXPECT_EQ(other.receive(goaway(3, 0)), error);  // never more than before
}

TEST(ClientConnection, a_stream_is_let_go_of_before_its_request_went) {
  for (const bool destroyed : {false, true}) {
    for (const bool with_content : {false, true}) {
      Client client;
      client.request("POST", with_content ? "abc" : "");
      client.request();
      client.connection.release(client.stream(), ErrorCode::cancel);
      if (destroyed) client.streams[0].reset();
      const std::string sent = client.sent();
      EXPECT_EQ(sent, "HEADERS 3 end" + get_sent);
      EXPECT_EQ(client.receive(headers(3, ok)), "3 head 200 end; 3 closed NO_ERROR");
    }
  }
}

TEST(ClientConnection, a_stream_is_reset_before_its_request_went) {
  Client client;
  client.request("POST", "abc");
  client.request();
  client.connection.reset(client.stream(), ErrorCode::cancel);
  client.connection.data_ready(client.stream());
  EXPECT_EQ(client.sent(), "HEADERS 3 end" + get_sent);
  EXPECT_EQ(client.log.take(), "1 closed CANCEL");
}

TEST(ClientConnection, a_stream_is_let_go_of_while_its_response_comes) {
  for (const bool fetched : {false, true}) {
    Client client;
    client.request("POST", "", false);
    client.sent();
    EXPECT_EQ(client.receive(headers(1, ok, end_headers) + data(1, "abc")), "1 head 200; 1 content abc");
    client.streams[0].reset();
    if (fetched) EXPECT_EQ(client.sent(), "RST_STREAM 1 CANCEL");
    EXPECT_EQ(client.receive(data(1, "def") + headers(1, {{"a", "b"}})), "");
    if (!fetched) EXPECT_EQ(client.sent(), "RST_STREAM 1 CANCEL");
    client.request();
    EXPECT_EQ(client.sent(), "HEADERS 3 end" + get_sent);
    EXPECT_EQ(client.receive(headers(3, ok)), "3 head 200 end; 3 closed NO_ERROR");
  }
}

// In the middle of a head: what follows of it is decoded, and nobody's.
TEST(ClientConnection, a_stream_is_let_go_of_while_its_head_comes) {
  Client client;
  client.request();
  client.sent();
  EXPECT_EQ(client.receive(headers(1, ok, end_stream)), "");
  EXPECT_TRUE(client.connection.head_begun());
  client.streams[0].reset();
  EXPECT_EQ(client.receive(continuation(1, hpack({{"a", "b"}}))), "");
  EXPECT_FALSE(client.connection.failed());
  client.request();
  client.sent();
  client.receive(ping());
  EXPECT_FALSE(client.connection.head_begun());
  EXPECT_EQ(client.receive(headers(3, ok)), "3 head 200 end; 3 closed NO_ERROR");
}

// Nothing is heard any more, so nothing is asked.
TEST(ClientConnection, no_requests_behind_the_end) {
  Client client;
  client.connection.refuse_more();
  EXPECT_EQ(client.sent(), "GOAWAY 0 NO_ERROR");
  EXPECT_TRUE(client.connection.finished());
  client.request();
  EXPECT_EQ(client.log.take(), "error upstream_stream_refused");
  Client other;
  other.connection.end(ErrorCode::no_error);
  other.request();
  EXPECT_EQ(other.log.take(), "error upstream_stream_refused");
}

TEST(ClientConnection, large_content) {
  Client client({}, settings({{initial_window_size, 1 << 20}}));
  client.receive(window_update(0, 1 << 20));
  client.request("POST", std::string(500'000, 'a'));
  client.stream().piece = 1000;
  client.sent();
  EXPECT_EQ(client.decoder.content.size(), 500'000u);
}

// nghttp2 would take back one that it does not send, as if the server had refused it.
TEST(ClientConnection, large_heads) {
  Client client;
  LoggedStream stream(client.log), another(client.log);
  http::RequestHead head(stream.arena);
  head.method_text = "GET";
  const std::string value(30'000, 'v');
  for (int i = 0; i < 10; ++i) head.fields.add("x", value);
  ASSERT_TRUE(client.connection.request(stream, head, "https", "a", "/", true));
  EXPECT_TRUE(client.sent().starts_with("HEADERS 1 end; CONTINUATION 1"));
  EXPECT_EQ(client.receive(headers(1, ok)), "1 head 200 end; 1 closed NO_ERROR");
  const std::string enormous(std::size_t{4} << 20, 'v');
  for (int i = 0; i < 11; ++i) head.fields.add("x", enormous);
  const auto asked = client.connection.request(another, head, "https", "a", "/", true);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, Code::fields_too_large);
  EXPECT_EQ(asked.error().side, Side::client);
  EXPECT_EQ(client.sent(), "");
}

// Section 6.9.1: said before the head has left or afterwards, with trailers or without.
TEST(ClientConnection, the_end_of_a_request_waits_for_no_window) {
  for (const bool early : {true, false}) {
    for (const bool trailers : {true, false}) {
      Client client({}, settings({{initial_window_size, 0}}));
      LoggedStream& stream = client.request("POST", "", false);
      std::string sent = early ? "" : client.sent();
      if (trailers) stream.sent_trailers.add("a", "b");
      stream.last = true;
      client.connection.data_ready(stream);
      sent += client.sent();
      EXPECT_TRUE(sent.starts_with("HEADERS 1 [:method: POST")) << sent;
      EXPECT_TRUE(sent.ends_with(trailers ? "HEADERS 1 end [a: b]" : "DATA 1 0 end")) << sent;
    }
  }
}

}  // namespace
}  // namespace sp::codec::h2
