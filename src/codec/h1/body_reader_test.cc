#include "codec/h1/body_reader.h"

#include <gtest/gtest.h>

#include "codec/h1/rows_for_tests.h"

namespace sp::codec::h1 {
namespace {

using namespace std::string_literals;

constexpr Framing chunked{Framing::Kind::chunked, 0};
constexpr Framing until_close{Framing::Kind::until_close, 0};
constexpr Framing length(std::uint64_t n) { return {Framing::Kind::length, n}; }

// Reads `bytes` in pieces as a connection would; the result is content, trailer fields, and what is left behind them;
// or the code and the content before it. At the end of the bytes the connection ends.
std::string read_body(const Framing& framing, std::string_view bytes, const rows::Cuts& cuts,
                      Side sender = Side::client) {
  Arena arena;
  http::Fields trailers(arena);
  BodyReader reader(Limits{}, sender);
  reader.start(framing);
  std::string pending;
  std::string content;
  std::size_t taken = 0;
  for (std::size_t i = 0;; ++i) {
    const std::size_t piece = std::min(cuts[std::min(i, cuts.size() - 1)], bytes.size() - taken);
    pending += bytes.substr(taken, piece);
    taken += piece;
    for (;;) {
      const auto buffer = std::make_unique<char[]>(pending.size());
      std::copy(pending.begin(), pending.end(), buffer.get());
      ByteView in(buffer.get(), pending.size());
      auto step = reader.next(in, &trailers);
      if (!step) return std::string(name(step.error().code));
      content += step->data;
      pending = std::string(in);
      if (step->done) {
        pending += bytes.substr(taken);
        return content + rows::describe(trailers) + (pending.empty() ? "" : " left " + pending);
      }
      if (step->data.empty()) break;
    }
    if (taken == bytes.size()) break;
  }
  auto end = reader.end();
  return end ? content : content + " " + std::string(name(end.error().code));
}

struct BodyRow {
  Framing framing;
  std::string bytes;
  std::string expected;
};

const std::vector<BodyRow> all_rows{
    {{}, "", ""},
    {{}, "next", " left next"},
    {length(0), "next", " left next"},
    {length(5), "hello", "hello"},
    {length(5), "hellonext", "hello left next"},
    {length(5), "hell", "hell body_incomplete"},
    {length(5), "", " body_incomplete"},
    {until_close, "", ""},
    {until_close, "hello\0\r\n"s, "hello\0\r\n"s},
    // Chunks: RFC 9112 section 7.1.
    {chunked, "0\r\n\r\n", ""},
    {chunked, "0\r\n\r\nnext", " left next"},
    {chunked, "5\r\nhello\r\n0\r\n\r\n", "hello"},
    {chunked, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nnext", "hello world left next"},
    {chunked, "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
    {chunked, "00000000000005\r\nhello\r\n000\r\n\r\n", "hello"},
    {chunked, "0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello"},
    {chunked, "2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
    {chunked, "5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello"},
    {chunked, "5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n", "hello"},
    {chunked, "5 ;\ta=b\xff\r\nhello\r\n0\r\n\r\n", "hello"},
    {chunked, "5\t;a\r\nhello\r\n0\r\n\r\n", "hello"},
    {chunked, "", " body_incomplete"},
    {chunked, "5", " body_incomplete"},
    {chunked, "5\r\nhel", "hel body_incomplete"},
    {chunked, "5\r\nhello", "hello body_incomplete"},
    {chunked, "5\r\nhello\r\n", "hello body_incomplete"},
    {chunked, "5\r\nhello\r\n0", "hello body_incomplete"},
    {chunked, "5\r\nhello\r\n0\r\n", "hello body_incomplete"},
    {chunked, "5\r\nhello\r\n0\r\n\r", "hello body_incomplete"},
    {chunked, "5\r\nhello\r\n0\r\nA: b\r\n", "hello body_incomplete"},
    {chunked, "\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, ";a\r\n\r\n", "bad_chunk"},
    {chunked, " 5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "\t5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5 \r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5 5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "0x5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "+5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "-5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "-0\r\n\r\n", "bad_chunk"},
    {chunked, "5g\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "g\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5_0\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5,5\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5.0\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "\"5\"\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\0\r\nhello\r\n0\r\n\r\n"s, "bad_chunk"},
    {chunked, "00000000000000005\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "8000000000000000\r\n", "bad_chunk"},
    {chunked, "ffffffffffffffff\r\n", "bad_chunk"},
    {chunked, "10000000000000000\r\n", "bad_chunk"},
    {chunked, "10000000000000005\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "7fffffffffffffff\r\nhello", "hello body_incomplete"},
    {chunked, "5\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\rhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\n\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\nhello\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\nhello\r0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\nhello0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\nhellox\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\nhell\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5\r\nhello\r\n\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5;a\nb\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5;a\rb\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5;\n\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5;a\0b\r\nhello\r\n0\r\n\r\n"s, "bad_chunk"},
    {chunked, "5;a\x7f\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5;" + std::string(254, 'a') + "\r\nhello\r\n0\r\n\r\n", "hello"},
    {chunked, "5;" + std::string(255, 'a') + "\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    {chunked, "5" + std::string(300, ' ') + ";\r\nhello\r\n0\r\n\r\n", "bad_chunk"},
    // Trailers: section 7.1.2, RFC 9110 section 6.5.
    {chunked, "0\r\nA: b\r\nC:d\r\n\r\nnext", " | A: b | C: d left next"},
    {chunked, "0\r\nContent-Digest: sha-256=:YQ==:\r\nproxy-status: a; error=b\r\n\r\n",
     " | Content-Digest: sha-256=:YQ==: | proxy-status: a; error=b"},
    {chunked, "0\r\ngrpc-status: 0\r\nETag: \"a\"\r\n\r\n", " | grpc-status: 0 | ETag: \"a\""},
    {chunked, "0\r\nX_A: b\r\n\r\n", ""},
    {chunked, "0\r\nA : b\r\n\r\n", "bad_trailer"},
    {chunked, "0\r\n A: b\r\n\r\n", "bad_trailer"},
    {chunked, "0\r\nA: b\r\n c\r\n\r\n", "bad_trailer"},
    {chunked, "0\r\nA\r\n\r\n", "bad_trailer"},
    {chunked, "0\r\n: b\r\n\r\n", "bad_trailer"},
    {chunked, "0\r\nA: b\n\r\n", "bad_trailer"},
    {chunked, "0\r\nA: b\0\r\n\r\n"s, "bad_trailer"},
    {chunked, "0\r\n\n", "bad_trailer"},
    {chunked, "0\r\n\rX", "bad_trailer"},
    {chunked, "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_trailer"},
    {chunked, "0\r\nA: " + std::string(8200, 'b') + "\r\n\r\n", "bad_trailer"},
};

const std::vector<std::string> forbidden{"Content-Length: 5",
                                         "Transfer-Encoding: chunked",
                                         "Host: a",
                                         "Trailer: b",
                                         "Cookie: a",
                                         "Set-Cookie: a=b",
                                         "Authorization: x",
                                         "Proxy-Authorization: x",
                                         "Proxy-Connection: close",
                                         "Proxy: x",
                                         "X-Forwarded-For: 1",
                                         "X-Forwarded-Anything: 1",
                                         "Forwarded: for=1",
                                         "Via: 1.1 a",
                                         "Connection: close",
                                         "Keep-Alive: a",
                                         "Content-Type: a/b",
                                         "Content-Encoding: gzip",
                                         "Content-Range: bytes 0-1/2",
                                         "content-anything: a",
                                         "Expect: 100-continue",
                                         "TE: trailers",
                                         "Upgrade: h2c",
                                         "Max-Forwards: 1",
                                         "Cache-Control: no-store",
                                         "Range: bytes=0-1",
                                         "If-Match: a",
                                         "if-none-match: b",
                                         "WWW-Authenticate: a",
                                         "Location: /",
                                         "X-Real-IP: 1.2.3.4",
                                         "X-Client-Certificate: a",
                                         "X-Client-IP: 1.2.3.4",
                                         "X-Cluster-Client-IP: 1.2.3.4",
                                         "X-Original-Forwarded-For: 1.2.3.4",
                                         "Client-IP: 1.2.3.4",
                                         "True-Client-IP: 1.2.3.4",
                                         "CF-Connecting-IP: 1.2.3.4",
                                         "Fastly-Client-IP: 1.2.3.4",
                                         "HTTP2-Settings: a",
                                         "Vary: *"};

TEST(BodyReader, rows_whole) {
  for (const BodyRow& row : all_rows) EXPECT_EQ(read_body(row.framing, row.bytes, {100000}), row.expected) << row.bytes;
}

TEST(BodyReader, rows_octet_by_octet) {
  for (const BodyRow& row : all_rows) EXPECT_EQ(read_body(row.framing, row.bytes, {1}), row.expected) << row.bytes;
}

TEST(BodyReader, rows_in_random_pieces) {
  std::mt19937 random(1);  // NOLINT: the same pieces each time
  for (const BodyRow& row : all_rows) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(read_body(row.framing, row.bytes, rows::random_cuts(random, 9)), row.expected) << row.bytes;
    }
  }
}

TEST(BodyReader, refuses_trailers_that_decide_about_the_message) {
  for (const std::string& field : forbidden) {
    EXPECT_EQ(read_body(chunked, "0\r\nA: b\r\n" + field + "\r\n\r\n", {100000}), "bad_trailer") << field;
  }
}

TEST(BodyReader, blames_the_upstream_for_responses) {
  EXPECT_EQ(read_body(chunked, "x", {1}, Side::upstream), "bad_response_chunk");
  EXPECT_EQ(read_body(chunked, "0\r\nHost: a\r\n\r\n", {9}, Side::upstream), "bad_response_chunk");
  EXPECT_EQ(read_body(length(5), "x", {1}, Side::upstream), "x response_incomplete");
}

TEST(BodyReader, says_done_together_with_the_last_data) {
  BodyReader reader(Limits{}, Side::client);
  reader.start(chunked);
  ByteView in = "5\r\nhello\r\n0\r\n\r\nnext";
  auto step = reader.next(in, nullptr);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->data, "hello");
  EXPECT_TRUE(step->done);
  EXPECT_EQ(in, "next");
}

TEST(BodyReader, lets_content_be_moved_past_it) {
  BodyReader reader(Limits{}, Side::upstream);
  reader.start(length(10));
  EXPECT_EQ(reader.contiguous(), 10u);
  reader.skip(4);
  EXPECT_EQ(reader.contiguous(), 6u);
  reader.skip(6);
  EXPECT_TRUE(reader.done());

  reader.start(chunked);
  EXPECT_EQ(reader.contiguous(), 0u);
  ByteView in = "a\r\n";
  ASSERT_TRUE(reader.next(in, nullptr));
  EXPECT_EQ(reader.contiguous(), 10u);
  reader.skip(10);
  in = "\r\n0\r\n\r\n";
  auto step = reader.next(in, nullptr);
  ASSERT_TRUE(step);
  EXPECT_TRUE(step->done);
}

// CVE-2024-22019 of Node.js, and Go's of the same kind: a body that is nearly all extensions.
TEST(BodyReader, refuses_endless_extensions) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += "1;" + std::string(200, 'x') + "\r\na\r\n";
  EXPECT_EQ(read_body(chunked, body, {4096}), "bad_chunk");
  // Borne where the content makes up for them.
  body.clear();
  for (int i = 0; i < 1000; ++i) body += "c8;" + std::string(200, 'x') + "\r\n" + std::string(200, 'a') + "\r\n";
  EXPECT_EQ(read_body(chunked, body + "0\r\n\r\n", {4096}), std::string(200000, 'a'));
}

TEST(BodyReader, refuses_many_trailer_fields) {
  std::string body = "0\r\n";
  for (int i = 0; i < 32; ++i) body += "a: b\r\n";
  EXPECT_NE(read_body(chunked, body + "\r\n", {4096}), "bad_trailer");
  EXPECT_EQ(read_body(chunked, body + "a: b\r\n\r\n", {4096}), "bad_trailer");
}

}  // namespace
}  // namespace sp::codec::h1
