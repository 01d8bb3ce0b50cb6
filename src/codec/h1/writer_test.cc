#include "codec/h1/writer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "codec/h1/body_reader.h"
#include "codec/h1/request_reader.h"

namespace sp::codec::h1 {
namespace {

using namespace std::string_literals;
using http::BodySize;
using http::FieldId;
using http::Method;
using http::Version;

struct Writer : testing::Test {
  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  std::string room = std::string(1024, '#');
  RequestContext request_context{.target = "/", .host = {}};
  ResponseContext response_context{};
  Written written;

  Writer() {
    request.method_text = "GET";
    request.method = Method::get;
    request.authority = "a";
    response.status = 200;
  }
  std::string write_request() {
    OutBuffer out(room);
    auto result = write_request_head(request, request_context, out);
    if (!result) return std::string(name(result.error().code)) + (out.size() == 0 ? "" : " and something written");
    written = *result;
    EXPECT_EQ(written.octets, out.size());
    return std::string(out.view());
  }
  std::string write_response() {
    OutBuffer out(room);
    auto result = write_response_head(response, response_context, out);
    if (!result) return std::string(name(result.error().code)) + (out.size() == 0 ? "" : " and something written");
    written = *result;
    EXPECT_EQ(written.octets, out.size());
    return std::string(out.view());
  }
};

TEST_F(Writer, requests) {
  EXPECT_EQ(write_request(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(written.keep_alive);
  request.fields.add("Accept", "*/*");
  request.body = BodySize::known(5);
  request_context = {.target = "/b?c", .host = "d:80", .keep_alive = false};
  EXPECT_EQ(write_request(),
            "GET /b?c HTTP/1.1\r\nHost: d:80\r\nAccept: */*\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(written.framing, (Framing{Framing::Kind::length, 5}));
  EXPECT_FALSE(written.keep_alive);
}

TEST_F(Writer, requests_with_what_belongs_to_the_connection) {
  request.body = BodySize::unknown();
  request.expects_continue = request.accepts_trailers = true;
  EXPECT_EQ(write_request(),
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n"
            "Connection: TE\r\n\r\n");
  EXPECT_EQ(written.framing.kind, Framing::Kind::chunked);
  request_context.keep_alive = false;
  EXPECT_TRUE(write_request().ends_with("TE: trailers\r\nConnection: close, TE\r\n\r\n"));
  request.body = BodySize::none();
  request.expects_continue = false;
  request.upgrade = "websocket";
  EXPECT_EQ(write_request(),
            "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nUpgrade: websocket\r\nConnection: Upgrade, TE\r\n\r\n");
  EXPECT_FALSE(written.keep_alive);
}

TEST_F(Writer, requests_that_usually_have_content) {
  request.method_text = "POST";
  request.method = Method::post;
  EXPECT_EQ(write_request(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(Writer, trailer_only_before_chunks) {
  request.fields.add("Trailer", "x");
  EXPECT_EQ(write_request(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  request.body = BodySize::unknown();
  EXPECT_TRUE(write_request().contains("Trailer: x\r\n"));
}

TEST_F(Writer, refuses_what_a_reader_would_refuse) {
  const std::pair<std::string, std::string> bad[] = {
      {"A", "b\r\nC: d"}, {"A", "b\nc"},      {"A", "b\rc"}, {"A", "b\0"s}, {"A", "\x7f"},      {"A", "b\r\n c"},
      {"A", "b\r\n\r\n"}, {"", "b"},          {"A b", "c"},  {"A:", "b"},   {"A: b\r\nC", "d"}, {"A\r\n", "b"},
      {"A(", "b"},        {"A\xc3\xa9", "b"}, {" A", "b"},   {"A\t", "b"},  {"\r\nA", "b"}};
  for (const auto& [name, value] : bad) {
    request.fields.clear();
    request.fields.add(name, value);
    EXPECT_EQ(write_request(), "internal") << name << ": " << value;
    response.fields.clear();
    response.fields.add(name, value);
    EXPECT_EQ(write_response(), "internal") << name << ": " << value;
  }
}

// A head as a reader gives it: its lines are copied together where nothing was changed.
struct WriterOfReadHeads : Writer {
  std::string text =
      "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nCookie: d=e\r\nF:g\r\nH: \ti \r\nJ: \r\nKeep-Alive: 5\r\n"
      "L: m\r\nVary: n\r\nO: p\r\n\r\n";

  WriterOfReadHeads() {
    Persistence persistence;
    EXPECT_EQ(RequestReader(Limits{}).read(text, request, persistence).value_or(0), text.size());
  }
  std::size_t index_of(std::string_view name) {
    return static_cast<std::size_t>(request.fields.find(name) - request.fields.begin());
  }
};

TEST_F(WriterOfReadHeads, in_the_usual_spelling) {
  EXPECT_EQ(
      write_request(),
      "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nCookie: d=e\r\nF: g\r\nH: i\r\nJ: \r\nL: m\r\nVary: n\r\nO: p\r\n\r\n");
}

TEST_F(WriterOfReadHeads, edited) {
  request.fields.remove("Cookie");
  request.fields.remove("O");
  request.fields.set("B", "q");
  request.fields.replace_value(index_of("Vary"), "r");
  request.fields.add("Via", "s");
  EXPECT_EQ(write_request(),
            "GET / HTTP/1.1\r\nHost: a\r\nB: q\r\nF: g\r\nH: i\r\nJ: \r\nL: m\r\nVary: r\r\nVia: s\r\n\r\n");
}

TEST_F(WriterOfReadHeads, an_edit_between_copied_lines_is_judged) {
  for (const std::string& value : {"b\r\nC: d"s, "b\nc"s, "b\rc"s, "b\0"s}) {
    request.fields.replace_value(index_of("Vary"), value);
    EXPECT_EQ(write_request(), "internal") << value;
    request.fields.set("Vary", "r");
    EXPECT_TRUE(write_request().contains("Vary: r\r\n"));
  }
  request.fields.add("Na me", "value");
  EXPECT_EQ(write_request(), "internal");
}

// What is copied is judged as well: whatever became of the octets since they were read.
TEST_F(WriterOfReadHeads, what_is_copied_is_judged) {
  for (char c : "\r\n\0\x7f"s) {
    const char before = std::exchange(text[text.find("d=e")], c);
    EXPECT_EQ(write_request(), "internal") << static_cast<int>(c);
    text[text.find("Cookie") + 8] = before;
    EXPECT_TRUE(write_request().contains("Cookie: d=e\r\n"));
  }
}

TEST_F(WriterOfReadHeads, fields_of_the_connection_end_a_copy) {
  const http::Field& vary = request.fields.begin()[index_of("Vary")];
  http::Field disguised = vary;
  disguised.id = FieldId::connection;
  request.fields.add(disguised);
  EXPECT_EQ(write_request(), "internal");
}

TEST_F(Writer, requests_to_a_proxy) {
  request_context = {.target = "http://a/b", .host = {}, .credentials = "Basic YTpi"};
  EXPECT_EQ(write_request(), "GET http://a/b HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic YTpi\r\n\r\n");
  request_context.credentials = "Basic\r\nYTpi";
  EXPECT_EQ(write_request(), "internal");
}

TEST_F(Writer, refuses_bad_request_lines) {
  for (const char* target : {"", "/a b", "/\r\n", "/\xc3\xa9", "/#a", "/a/path/that/is/longer/than/one/vector b",
                             "/%a#", "/ ", "/a\x80", "/a/path/that/is/longer/than/one/vector#"}) {
    request_context.target = target;
    EXPECT_EQ(write_request(), "internal") << target;
  }
  request_context.target = "/%20?%%";
  EXPECT_TRUE(write_request().starts_with("GET /%20?%% HTTP/1.1\r\n"));
  for (const char* method : {"", "G T", "GET\r\n", "G\xc3\xa9", "GET /x HTTP/1.1\r\nA: b\r\n"}) {
    request.method_text = method;
    EXPECT_EQ(write_request(), "internal") << method;
  }
  request.method_text = "GET";
  for (const char* host : {"a b", "a\r\nB: c", "a,b", "u@a", "a:x"}) {
    request_context.host = host;
    EXPECT_EQ(write_request(), "internal") << host;
  }
}

TEST_F(Writer, refuses_fields_of_the_connection) {
  for (FieldId id : {FieldId::connection, FieldId::content_length, FieldId::transfer_encoding, FieldId::host,
                     FieldId::te, FieldId::upgrade, FieldId::keep_alive, FieldId::expect, FieldId::proxy,
                     FieldId::proxy_connection, FieldId::http2_settings}) {
    request.fields.clear();
    request.fields.add(id, "a");
    EXPECT_EQ(write_request(), "internal");
    response.fields.clear();
    response.fields.add(id, "a");
    EXPECT_EQ(write_response(), "internal");
  }
}

TEST_F(Writer, a_head_that_does_not_fit_leaves_nothing) {
  const std::size_t whole = write_request().size();
  for (std::size_t size = 0; size < whole; ++size) {
    room.assign(size, '#');
    EXPECT_EQ(write_request(), "fields_too_large");
  }
  room.assign(whole, '#');
  EXPECT_EQ(write_request().size(), whole);
  room.assign(20, '#');
  EXPECT_EQ(write_response(), "response_fields_too_large");
}

TEST_F(Writer, responses) {
  response.body = BodySize::known(5);
  response.fields.add("A", "b");
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\n");
  response_context.keep_alive = false;
  response.reason = "Fine";
  EXPECT_EQ(write_response(), "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nConnection: close\r\nA: b\r\n\r\n");
  response.reason = "Fine\r\nX: y";
  EXPECT_EQ(write_response(), "internal");
  response.reason = {};
  response.status = 299;
  EXPECT_TRUE(write_response().starts_with("HTTP/1.1 299 \r\n"));
  response.status = 99;
  EXPECT_EQ(write_response(), "internal");
  response.status = 600;
  EXPECT_EQ(write_response(), "internal");
}

TEST_F(Writer, responses_without_content) {
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written.framing, (Framing{Framing::Kind::length, 0}));
  response.status = 204;
  EXPECT_EQ(write_response(), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(written.framing, Framing{});
  response.status = 304;
  response.content_length = 7;
  EXPECT_EQ(write_response(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(written.framing, Framing{});
  response.status = 200;
  response_context.asked = Method::head;
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  response.content_length = {};
  response.body = BodySize::known(8);
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
  EXPECT_EQ(written.framing, Framing{});
  response.body = BodySize::unknown();
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(written.keep_alive);
}

TEST_F(Writer, responses_of_unknown_length) {
  response.body = BodySize::unknown();
  response.fields.add("Trailer", "x");
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(written.framing.kind, Framing::Kind::chunked);
  response_context.client_version = Version::http10;
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(written.framing.kind, Framing::Kind::until_close);
  EXPECT_FALSE(written.keep_alive);
}

TEST_F(Writer, responses_for_http10) {
  response_context.client_version = Version::http10;
  response.body = BodySize::known(5);
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
  response.status = 100;
  EXPECT_EQ(write_response(), "internal");
  response.status = 101;
  EXPECT_EQ(write_response(), "internal");
}

TEST_F(Writer, interim_responses_and_tunnels) {
  response.status = 103;
  response.fields.add("Link", "</a>");
  EXPECT_EQ(write_response(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_TRUE(written.keep_alive);
  response.fields.clear();
  response.status = 101;
  response.upgrade = "websocket";
  EXPECT_EQ(write_response(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_FALSE(written.keep_alive);
  response.status = 200;
  response_context.asked = Method::connect;
  EXPECT_EQ(write_response(), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(written.framing, Framing{});
  response.status = 403;
  EXPECT_EQ(write_response(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(Writer, chunks_are_read_again) {
  OutBuffer out(room);
  for (std::string_view data : {"hello", " world, this is longer than sixteen"}) {
    EXPECT_NE(write_chunk_head(data.size(), out), 0u);
    out.append(data);
    out.append(chunk_end);
  }
  http::Fields trailers(arena);
  trailers.add("Grpc-Status", "0");
  ASSERT_TRUE(write_last_chunk(trailers, out));
  EXPECT_EQ(out.view(), "5\r\nhello\r\n23\r\n world, this is longer than sixteen\r\n0\r\nGrpc-Status: 0\r\n\r\n");

  BodyReader reader(Limits{}, Side::client);
  reader.start({Framing::Kind::chunked, 0});
  ByteView in = out.view();
  std::string content;
  http::Fields again(arena);
  for (bool done = false; !done;) {
    auto step = reader.next(in, &again);
    ASSERT_TRUE(step);
    content += step->data;
    done = step->done;
  }
  EXPECT_EQ(content, "hello world, this is longer than sixteen");
  EXPECT_EQ(again.size(), 1u);
}

TEST_F(Writer, chunk_heads) {
  OutBuffer out(room);
  EXPECT_EQ(write_chunk_head(0x7fffffffffffffff, out), chunk_head_max);
  EXPECT_EQ(out.view(), "7fffffffffffffff\r\n");
  room.resize(chunk_head_max - 1);
  OutBuffer small(room);
  EXPECT_EQ(write_chunk_head(1, small), 0u);
}

TEST_F(Writer, refuses_bad_trailers) {
  for (const char* name : {"Content-Length", "Host", "Set-Cookie", "A b", "", "A:"}) {
    http::Fields trailers(arena);
    trailers.add(name, "a");
    OutBuffer out(room);
    auto result = write_last_chunk(trailers, out);
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, Code::internal);
    EXPECT_EQ(out.size(), 0u);
  }
  http::Fields trailers(arena);
  OutBuffer none(std::span<char>(room).first(4));
  EXPECT_FALSE(write_last_chunk(trailers, none));
}

TEST(OutBuffer, numbers) {
  std::string room(100, '#');
  OutBuffer out(room);
  out.append_hex(0);
  out.append(' ');
  out.append_hex(0x10);
  out.append(' ');
  out.append_hex(0xdeadbeef);
  EXPECT_EQ(out.view(), "0 10 deadbeef");
}

TEST(OutBuffer, texts_of_every_size) {
  std::string text;
  for (char c = '!'; c < 'm'; ++c) {
    std::string room(text.size() + 3, '#');
    OutBuffer out(std::span<char>(room).first(text.size() + 2));
    out.append('<');
    out.append(text);
    out.append(">");
    EXPECT_EQ(room, "<" + text + ">#");
    text += c;
  }
}

TEST(OutBuffer, writes_nothing_after_it_overflowed) {
  std::string room(4, '#');
  OutBuffer out(room);
  out.append("ab");
  out.append("cde");
  EXPECT_TRUE(out.overflowed());
  out.append("c");
  EXPECT_EQ(room, "ab##");
}

}  // namespace
}  // namespace sp::codec::h1
