// The ends of streams and connections, in every order: nothing is used after it is gone, nothing is told after the end.
#include <gtest/gtest.h>

#include "codec/h2/peers_for_tests.h"

namespace sp::codec::h2 {
namespace {

using namespace frames;

TEST(Ending, announced) {
  Server server;
  server.receive(headers(1, get));
  server.connection.announce_end();
  EXPECT_EQ(server.sent(), "GOAWAY 2147483647 NO_ERROR");
  EXPECT_EQ(server.receive(headers(3, get)), "3 head GET / end");
  server.respond(0);
  server.respond(1);
  EXPECT_EQ(server.sent(), "HEADERS 1 end [:status: 200]; HEADERS 3 end [:status: 200]");
  EXPECT_FALSE(server.connection.finished());
  server.connection.refuse_more();
  EXPECT_EQ(server.sent(), "GOAWAY 3 NO_ERROR");
  EXPECT_TRUE(server.connection.finished());
}

// Section 6.8: what was under way is ignored, whatever it is, and does no harm to those that are served.
TEST(Ending, requests_behind_the_last_one) {
  Server server;
  server.receive(headers(1, post, end_headers));
  server.connection.refuse_more();
  EXPECT_EQ(server.sent(), "GOAWAY 1 NO_ERROR");
  EXPECT_EQ(server.receive(headers(3, get)), "");
  EXPECT_FALSE(server.connection.head_begun());
  EXPECT_EQ(server.receive(headers(5, post, end_headers) + data(5, "abc") + headers(5, {{"a", "b"}})), "");
  EXPECT_EQ(server.receive(headers(7, post, 0) + continuation(7, "") + data(7, "abc") + rst_stream(7, 8)), "");
  EXPECT_EQ(server.receive(headers(9, get) + window_update(9, 5) + priority(9, 0)), "");
  EXPECT_EQ(server.receive(data(1, "abc", end_stream)), "1 content abc; 1 ended");
  server.respond(0, "abc");
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 200]; DATA 1 3 end");
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
  EXPECT_TRUE(server.connection.finished());
}

// The same between the decision and its GOAWAY: who reads it sends them again, so that they must not be served here.
TEST(Ending, requests_while_the_goaway_waits) {
  Server server;
  server.receive(headers(1, get));
  server.connection.refuse_more();
  EXPECT_EQ(server.receive(headers(3, post, end_headers)), "");
  const std::string sent = server.sent();
  EXPECT_TRUE(sent.contains("GOAWAY 1 NO_ERROR")) << sent;
  EXPECT_EQ(server.receive(data(3, "abc") + headers(3, {{"a", "b"}})), "");
  server.respond(0);
  EXPECT_EQ(server.sent(), "HEADERS 1 end [:status: 200]");
}

TEST(Ending, a_later_goaway_names_no_later_stream) {
  for (const bool fails : {false, true}) {
    Server server;
    server.receive(headers(1, get));
    server.connection.refuse_more();
    server.receive(headers(3, get));
    if (fails) {
      server.receive(priority(0, 1));
    } else {
      server.connection.end(ErrorCode::no_error);
    }
    const std::string sent = server.sent();
    EXPECT_FALSE(sent.contains("GOAWAY 3")) << sent;
  }
}

// Those that nghttp2 refuses because the client has not yet heard how many there may be.
TEST(Ending, more_requests_than_were_allowed_before_the_client_heard_of_it) {
  struct Owner final : Connection::Owner {
    Stream* stream_begins() override {
      streams.push_back(std::make_unique<LoggedStream>(log));
      return streams.back().get();
    }
    Log log;
    std::vector<std::unique_ptr<LoggedStream>> streams;
  };
  Owner owner;
  Connection connection(owner, {.most_streams = 1});
  const std::string octets = std::string(preface) + settings() + headers(1, get) + headers(3, post, end_headers) +
                             data(3, "abc") + headers(3, {{"a", "b"}});
  EXPECT_TRUE(connection.receive(octets, {}));
  EXPECT_EQ(owner.log.take(), "1 head GET / end");
  std::vector<char> room(100'000);
  auto size = connection.produce(room);
  ASSERT_TRUE(size);
  Decoder decoder;
  EXPECT_TRUE(decoder.describe({room.data(), *size}).ends_with("RST_STREAM 3 REFUSED_STREAM"));
  EXPECT_TRUE(connection.receive(data(3, "abc") + headers(3, {{"a", "b"}}), {}));
  owner.streams.clear();
}

TEST(Ending, here) {
  Server server;
  server.receive(headers(1, get));
  server.respond(0, std::string(100'000, 'a'));
  server.connection.end(ErrorCode::no_error);
  EXPECT_TRUE(server.sent().contains("GOAWAY 1 NO_ERROR"));
  EXPECT_TRUE(server.connection.finished());
  EXPECT_FALSE(server.connection.failed());
  EXPECT_EQ(server.receive(headers(3, get)), "");
  EXPECT_EQ(server.sent(), "");
}

// What the client sent before it heard of the end does no harm to what is still on its way to it.
TEST(Ending, here_while_requests_are_under_way) {
  Server server;
  server.connection.end(ErrorCode::no_error);
  EXPECT_EQ(server.receive(headers(1, post, end_headers)), "");
  EXPECT_EQ(server.receive(data(1, "abc") + headers(1, {{"a", "b"}})), "");
  EXPECT_TRUE(server.sent().contains("GOAWAY 0 NO_ERROR"));
  EXPECT_FALSE(server.connection.failed());
}

TEST(Ending, by_the_client) {
  Server server;
  server.receive(headers(1, get));
  EXPECT_EQ(server.receive(goaway(0, 0)), "going away 0");
  EXPECT_TRUE(server.connection.ended_by_peer());
  EXPECT_FALSE(server.connection.finished());
  server.respond(0);
  EXPECT_EQ(server.sent(), "HEADERS 1 end [:status: 200]");
  EXPECT_TRUE(server.connection.finished());
}

// ---- streams ----

enum class Moment : std::uint8_t { open, half_closed, responding, sending, blocked, reset, in_trailers };

const std::vector<Moment> moments{Moment::open,    Moment::half_closed, Moment::responding, Moment::sending,
                                  Moment::blocked, Moment::reset,       Moment::in_trailers};

void bring_to(Server& server, Moment moment) {
  const bool open = moment == Moment::open || moment == Moment::reset || moment == Moment::in_trailers;
  server.receive(headers(1, post, open ? end_headers : end_headers | end_stream));
  if (moment == Moment::responding || moment == Moment::sending || moment == Moment::blocked) {
    if (moment == Moment::blocked) server.stream().last = false;
    server.respond(0, moment == Moment::blocked ? "" : std::string(200'000, 'a'));
  }
  if (moment == Moment::sending || moment == Moment::blocked) server.produced();
  if (moment == Moment::reset) server.connection.reset(server.stream(), ErrorCode::internal_error);
  if (moment == Moment::in_trailers) server.receive(frame(type_headers, end_stream, 1, hpack({{"a", "b"}})));
  server.log.take();
}

// Everything that may still be under way for the stream.
std::string rest(Moment moment) {
  std::string octets;
  if (moment == Moment::in_trailers) octets = continuation(1, hpack({{"c", "d"}}));
  if (moment == Moment::open || moment == Moment::reset) octets = data(1, "abc") + headers(1, {{"a", "b"}});
  return octets + window_update(1, 100'000) + window_update(0, 100'000) + priority(1, 0);
}

TEST(Ending, a_stream_is_released) {
  for (const Moment moment : moments) {
    for (const bool fetched : {false, true}) {
      for (const bool destroyed : {false, true}) {
        SCOPED_TRACE("moment " + std::to_string(static_cast<int>(moment)) + (fetched ? " fetched" : ""));
        Server server;
        bring_to(server, moment);
        server.connection.release(server.stream(), ErrorCode::cancel);
        EXPECT_EQ(server.stream().id(), 0);
        if (destroyed) server.streams[0].reset();
        if (fetched) server.produced();
        EXPECT_EQ(server.receive(rest(moment)), "");
        if (!fetched) server.produced();
        EXPECT_EQ(server.receive(ping("abcdefgh") + headers(3, get)), "3 head GET / end");
        EXPECT_TRUE(server.sent().ends_with("PING ack abcdefgh"));
        server.respond(1);
        EXPECT_EQ(server.sent(), "HEADERS 3 end [:status: 200]");
        EXPECT_EQ(server.log.take(), "3 closed NO_ERROR");
      }
    }
  }
}

// A stream that is destroyed without a word is released.
TEST(Ending, a_stream_is_destroyed) {
  for (const Moment moment : moments) {
    SCOPED_TRACE("moment " + std::to_string(static_cast<int>(moment)));
    Server server;
    bring_to(server, moment);
    server.streams[0].reset();
    EXPECT_EQ(server.receive(rest(moment)), "");
    const std::string sent = server.sent();
    EXPECT_TRUE(sent.contains(moment == Moment::reset ? "RST_STREAM 1 INTERNAL_ERROR" : "RST_STREAM 1 CANCEL")) << sent;
    EXPECT_FALSE(server.connection.failed());
  }
}

TEST(Ending, a_stream_is_reset) {
  for (const Moment moment : moments) {
    for (const bool fetched : {false, true}) {
      SCOPED_TRACE("moment " + std::to_string(static_cast<int>(moment)) + (fetched ? " fetched" : ""));
      Server server;
      bring_to(server, moment);
      server.connection.reset(server.stream(), ErrorCode::cancel);
      server.connection.reset(server.stream(), ErrorCode::internal_error);  // the first one counts
      EXPECT_TRUE(server.stream().broken());
      server.connection.data_ready(server.stream());
      EXPECT_FALSE(server.connection.respond(server.stream(), server.stream().response, false));
      std::string sent = fetched ? server.sent() : "";
      EXPECT_EQ(server.log.take(), !fetched                  ? ""
                                   : moment == Moment::reset ? "1 closed INTERNAL_ERROR"
                                                             : "1 closed CANCEL");
      EXPECT_EQ(server.receive(rest(moment)), "");
      sent += server.sent();
      EXPECT_TRUE(sent.contains(moment == Moment::reset ? "RST_STREAM 1 INTERNAL_ERROR" : "RST_STREAM 1 CANCEL"))
          << sent;
      EXPECT_FALSE(sent.contains("GOAWAY")) << sent;
      EXPECT_TRUE(server.stream().over);
    }
  }
}

// RST_STREAM of both sides pass each other.
TEST(Ending, both_sides_reset) {
  for (const Moment moment : moments) {
    if (moment == Moment::in_trailers) continue;
    Server server;
    bring_to(server, moment);
    server.connection.reset(server.stream(), ErrorCode::cancel);
    const std::string events = server.receive(rst_stream(1, 8));
    EXPECT_TRUE(events.empty() || events == "1 closed CANCEL") << events;
    server.sent();
    EXPECT_TRUE(server.stream().over);
  }
}

// Section 8.1: a server that needs nothing more of the request says so, when the client has had time for the response.
TEST(Ending, a_response_before_the_end_of_the_request) {
  Server server;
  server.receive(headers(1, post, end_headers) + data(1, "abc"));
  EXPECT_FALSE(server.connection.owes_resets());
  server.respond(0, "no", 413);
  EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 413]; DATA 1 2 end");
  // What comes meanwhile is dropped, and its window does not open again.
  server.connection.consumed(server.stream(), 3);
  EXPECT_EQ(server.receive(data(1, std::string(16'000, 'a')) + data(1, std::string(16'000, 'a'))), "");
  EXPECT_FALSE(server.sent().contains("WINDOW_UPDATE 1"));
  EXPECT_TRUE(server.connection.owes_resets());
  server.connection.settle_resets();
  EXPECT_EQ(server.sent(), "");
  server.connection.settle_resets();
  EXPECT_FALSE(server.connection.owes_resets());
  EXPECT_EQ(server.sent(), "RST_STREAM 1 NO_ERROR");
  EXPECT_EQ(server.log.take(), "1 closed NO_ERROR");
  EXPECT_EQ(server.receive(data(1, "abc", end_stream)), "");
  EXPECT_FALSE(server.connection.failed());
}

TEST(Ending, a_response_before_the_end_of_the_request_which_comes_then) {
  for (const bool forgotten : {false, true}) {
    Server server;
    server.receive(headers(1, post, end_headers) + data(1, "abc"));
    server.respond(0, "no", 413);
    EXPECT_EQ(server.sent(), "HEADERS 1 [:status: 413]; DATA 1 2 end");
    if (forgotten) server.connection.forget(server.stream());
    EXPECT_EQ(server.receive(data(1, "abc", end_stream)), forgotten ? "" : "1 closed NO_ERROR");
    server.connection.settle_resets();
    server.connection.settle_resets();
    EXPECT_FALSE(server.connection.owes_resets());
    EXPECT_EQ(server.sent(), "");
  }
}

TEST(Ending, responses_before_the_end_of_requests_one_after_the_other) {
  Server server;
  server.receive(headers(1, post, end_headers));
  server.respond(0, "no", 413);
  server.sent();
  server.connection.settle_resets();
  server.receive(headers(3, post, end_headers));
  server.respond(1, "no", 413);
  server.sent();
  server.connection.settle_resets();
  EXPECT_EQ(server.sent(), "RST_STREAM 1 NO_ERROR");
  server.receive(rst_stream(3, 8));
  server.connection.settle_resets();
  EXPECT_EQ(server.sent(), "");
}

TEST(Ending, the_connection_fails_while_streams_are_busy) {
  for (const Moment moment : moments) {
    if (moment == Moment::in_trailers) continue;
    for (const bool destroyed : {false, true}) {
      Server server;
      bring_to(server, moment);
      server.receive(headers(3, post, end_headers));
      server.log.take();
      EXPECT_EQ(server.receive(ping("short")), "error http2_error");
      if (destroyed) server.streams.clear();
      EXPECT_TRUE(server.sent().contains("GOAWAY 3 FRAME_SIZE_ERROR"));
      EXPECT_TRUE(server.connection.finished());
      EXPECT_EQ(server.sent(), "");
      EXPECT_EQ(server.receive(headers(5, get)), "error http2_error");
    }
  }
}

}  // namespace
}  // namespace sp::codec::h2
