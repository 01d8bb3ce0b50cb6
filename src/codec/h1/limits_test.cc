// What a peer can make long or many: refused at the bound, and at a cost that grows no faster than what it sends.
#include <gtest/gtest.h>

#include <chrono>

#include "codec/h1/rows_for_tests.h"

namespace sp::codec::h1 {
namespace {

std::string request(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }
std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}
std::string read_whole(const std::string& bytes) { return rows::read_request(bytes, {bytes.size()}); }

TEST(Limits, request_line) {
  const std::string line = "GET /" + std::string(8192 - 16, 'a') + " HTTP/1.1\r\n";
  EXPECT_EQ(line.size(), 8192u);
  EXPECT_TRUE(read_whole(line + "Host: a\r\n\r\n").contains(" @a "));
  EXPECT_EQ(read_whole("GET /a" + line.substr(5) + "Host: a\r\n\r\n"), "target_too_long");
  EXPECT_EQ(read_whole("GET /" + std::string(9000, 'a')), "target_too_long");
  EXPECT_EQ(read_whole(std::string(9000, 'a')), "bad_request_line");
  EXPECT_EQ(rows::read_request("GET /" + std::string(9000, 'a'), {100}), "target_too_long");
}

TEST(Limits, head) {
  const std::string small = request("A: \r\n");
  const std::string full = request("A: " + std::string(65536 - small.size(), 'b') + "\r\n");
  EXPECT_EQ(full.size(), 65536u);
  EXPECT_TRUE(read_whole(full).contains(" @a "));
  EXPECT_EQ(read_whole(request("A: " + std::string(65537 - small.size(), 'b') + "\r\n")), "fields_too_large");
  EXPECT_EQ(read_whole(request("A: " + std::string(70000, 'b') + "\r\n")), "fields_too_large");
  EXPECT_EQ(rows::read_request(request("A: " + std::string(70000, 'b')), {1000}), "fields_too_large");
  const Limits tiny{.head = 100};
  EXPECT_EQ(rows::read_request(request("A: " + std::string(70000, 'b')), {1}, tiny), "fields_too_large");
}

TEST(Limits, fields) {
  EXPECT_TRUE(read_whole(request(repeated("A: b\r\n", 127))).contains(" @a "));
  EXPECT_EQ(read_whole(request(repeated("A: b\r\n", 128))), "too_many_fields");
  EXPECT_EQ(read_whole(request(repeated("A:\r\n", 30000))), "too_many_fields");
  EXPECT_EQ(rows::read_request(request(repeated("A:\r\n", 30000)), {1}), "too_many_fields");
  // Counted whether or not they are kept.
  EXPECT_EQ(read_whole(request(repeated("Connection:\r\n", 128))), "too_many_fields");
}

TEST(Limits, connection_options) {
  EXPECT_TRUE(read_whole(request("Connection: " + repeated("x,", 63) + "close\r\n")).contains(" close"));
  EXPECT_EQ(read_whole(request("Connection: " + repeated("x,", 64) + "close\r\n")), "bad_connection_field");
  EXPECT_EQ(read_whole(request("Connection: " + repeated(",", 1000) + "\r\n")), "bad_connection_field");
  EXPECT_EQ(read_whole(request(repeated("Connection: x, y\r\n", 33))), "bad_connection_field");
  EXPECT_EQ(read_whole(request(repeated("Connection: keep-alive\r\n", 65))), "bad_connection_field");
}

TEST(Limits, responses) {
  const std::string start = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(rows::read_response(start + repeated("A: b\r\n", 129) + "\r\n", http::Method::get, {4096}),
            "response_fields_too_large");
  EXPECT_EQ(rows::read_response(start + "A: " + std::string(70000, 'b'), http::Method::get, {4096}),
            "response_fields_too_large");
  EXPECT_EQ(rows::read_response("HTTP/1.1 200 " + std::string(9000, 'a'), http::Method::get, {4096}),
            "bad_status_line");
}

// The first octets of a server that speaks HTTP/2: its SETTINGS.
TEST(Limits, another_version) {
  const std::string settings("\0\0\x0c\x04\0\0\0\0\0", 9), payload(12, '\3');
  for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{4096}})
    EXPECT_EQ(rows::read_response(settings + payload, http::Method::get, {piece}), "upstream_speaks_http2");
  for (const std::string& other : {std::string("\0\0\x0d\x04\0\0\0\0\0", 9), std::string("\0\0\0\x05\0\0\0\0\0", 9),
                                   std::string("\0\0\0\x04\0\0\0\0\1", 9), std::string("\1\0\0\x04\0\0\0\0\0", 9)})
    EXPECT_EQ(rows::read_response(other, http::Method::get, {1}), "bad_status_line");
}

TEST(Limits, underscores_are_kept_where_wanted) {
  const Limits keep{.underscores = Underscores::keep};
  EXPECT_TRUE(rows::read_request(request("X_A: b\r\n"), {4096}, keep).ends_with(" | X_A: b"));
}

TEST(Limits, a_million_empty_lines) {
  const std::string lines = repeated("\r\n", 1'000'000);
  EXPECT_EQ(read_whole(lines), "bad_request_line");
  EXPECT_EQ(rows::read_request(lines, {1}), "bad_request_line");
}

// A head of 64 KiB in 64 Ki pieces: had each call to look at everything, this would be 2 Gi octets.
TEST(Limits, dripped_octets_cost_linear_time) {
  const std::string bytes = request("A: " + std::string(60000, 'b') + "\r\n");
  Arena arena;
  http::RequestHead head(arena);
  Persistence persistence;
  RequestReader reader(Limits{});
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 10; ++round) {
    for (std::size_t have = 1; have < bytes.size(); ++have) {
      auto size = reader.read(ByteView(bytes).substr(0, have), head, persistence);
      ASSERT_TRUE(size);
      ASSERT_EQ(*size, 0u);
    }
    auto size = reader.read(bytes, head, persistence);
    ASSERT_TRUE(size);
    EXPECT_EQ(*size, bytes.size());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

// The same for trailers, whose octets stay until the section is complete.
TEST(Limits, dripped_trailers_cost_linear_time) {
  const std::string bytes = "0\r\nA: " + std::string(8000, 'b') + "\r\n\r\n";
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 10; ++round) {
    BodyReader reader(Limits{}, Side::client);
    reader.start({Framing::Kind::chunked, 0});
    std::size_t begin = 0;
    for (std::size_t have = 1; have <= bytes.size(); ++have) {
      ByteView in = ByteView(bytes).substr(begin, have - begin);
      auto step = reader.next(in, nullptr);
      ASSERT_TRUE(step);
      EXPECT_EQ(step->done, have == bytes.size());
      begin = have - in.size();
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Limits, one_reader_reads_many_heads) {
  const std::string one = request("");
  const std::string bytes = repeated(one, 50);
  RequestReader reader(Limits{});
  Arena arena;
  ByteView in = bytes;
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(reader.begun());
    http::RequestHead head(arena);
    Persistence persistence;
    auto partial = reader.read(in.substr(0, 20), head, persistence);
    ASSERT_TRUE(partial);
    EXPECT_TRUE(reader.begun());
    auto size = reader.read(in, head, persistence);
    ASSERT_TRUE(size);
    EXPECT_EQ(*size, one.size());
    in.remove_prefix(*size);
  }
  EXPECT_TRUE(in.empty());
}

TEST(Limits, empty_lines_do_not_begin_a_head) {
  RequestReader reader(Limits{});
  Arena arena;
  http::RequestHead head(arena);
  Persistence persistence;
  auto size = reader.read("\r\n\r\n", head, persistence);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 0u);
  EXPECT_FALSE(reader.begun());
}

}  // namespace
}  // namespace sp::codec::h1
