// Responses, good and bad. Every row runs whole, octet by octet and in random pieces; what is read is written and read
// again.
#include <gtest/gtest.h>

#include "codec/h1/rows_for_tests.h"
#include "codec/h1/writer.h"

namespace sp::codec::h1 {
namespace {

using http::Method;
using namespace std::string_literals;

struct ResponseRow {
  std::string bytes;
  std::string expected;
  Method asked = Method::get;
};

// Status lines, sent with "Content-Length: 0" behind them.
const std::vector<ResponseRow> status_lines{
    {"HTTP/1.1 200 OK", "200 OK 1.1 0 keep declared=0"},
    {"HTTP/1.1 200 ", "200 1.1 0 keep declared=0"},
    {"HTTP/1.1 200", "200 1.1 0 keep declared=0"},
    {"HTTP/1.0 200 OK", "200 OK 1.0 0 close declared=0"},
    {"HTTP/1.2 200 OK", "200 OK 1.1 0 keep declared=0"},
    {"HTTP/1.1 404 Not Found At All", "404 Not Found At All 1.1 0 keep declared=0"},
    {"HTTP/1.1 200 \xc3\xa9\t!", "200 \xc3\xa9\t! 1.1 0 keep declared=0"},
    {"HTTP/1.1 200  OK", "200  OK 1.1 0 keep declared=0"},
    {"HTTP/1.1 299 x", "299 x 1.1 0 keep declared=0"},
    {"HTTP/1.1 599 x", "599 x 1.1 0 keep declared=0"},
    {"HTTP/1.1 600 x", "bad_status_line"},
    {"HTTP/1.1 999 x", "bad_status_line"},
    {"HTTP/1.1 099 x", "bad_status_line"},
    {"HTTP/1.1 000 x", "bad_status_line"},
    {"HTTP/1.1 20 OK", "bad_status_line"},
    {"HTTP/1.1 2000 OK", "bad_status_line"},
    {"HTTP/1.1 2x0 OK", "bad_status_line"},
    {"HTTP/1.1 -20 OK", "bad_status_line"},
    {"HTTP/1.1 +20 OK", "bad_status_line"},
    {"HTTP/1.1 200\tOK", "bad_status_line"},
    {"HTTP/1.1 200OK", "bad_status_line"},
    {"HTTP/1.1  200 OK", "bad_status_line"},
    {"HTTP/1.1\t200 OK", "bad_status_line"},
    {"HTTP/1.1 OK", "bad_status_line"},
    {"HTTP/1.1", "bad_status_line"},
    {"HTTP/1.1 ", "bad_status_line"},
    {"HTTP/1.x 200 OK", "bad_status_line"},
    {"HTTP/1.10 200 OK", "bad_status_line"},
    {"HTTP/2.0 200 OK", "bad_status_line"},
    {"HTTP/2 200 OK", "bad_status_line"},
    {"HTTP/0.9 200 OK", "bad_status_line"},
    {"http/1.1 200 OK", "bad_status_line"},
    {" HTTP/1.1 200 OK", "bad_status_line"},
    {"ICY 200 OK", "bad_status_line"},
    {"<html>", "bad_status_line"},
    {"HTTP/1.1 200 a\0b"s, "bad_status_line"},
    {"HTTP/1.1 200 a\rb", "bad_status_line"},
    {"HTTP/1.1 200 a\nb: c", "bad_status_line"},
    {"HTTP/1.1 200 a\x1b", "bad_status_line"},
};

// Field lines of "HTTP/1.1 200 OK".
const std::vector<ResponseRow> field_lines{
    {"Content-Length: 5", "200 OK 1.1 5 keep declared=5"},
    {"Transfer-Encoding: chunked", "200 OK 1.1 chunked keep"},
    {"transfer-encoding: Chunked", "200 OK 1.1 chunked keep"},
    {"A: b", "200 OK 1.1 until-close close | A: b"},
    {"Connection: keep-alive", "200 OK 1.1 until-close close"},
    {"Content-Length: 5\r\nConnection: close", "200 OK 1.1 5 close declared=5"},
    {"Content-Length: 5\r\nConnection: x-a, Set-Cookie\r\nX-A: b\r\nSet-Cookie: c=d",
     "200 OK 1.1 5 keep declared=5 | Set-Cookie: c=d"},
    {"Content-Length: 0\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2",
     "200 OK 1.1 0 keep declared=0 | Set-Cookie: a=1 | Set-Cookie: b=2"},
    {"Content-Length: 0\r\nX_A: b", "200 OK 1.1 0 keep declared=0 | X_A: b"},
    {"Content-Length: 0\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nProxy-Authenticate: Basic\r\nUpgrade: "
     "h2c\r\nTE: a",
     "200 OK 1.1 0 keep declared=0"},
    {"Content-Length: 0\r\nHost: a\r\nProxy: b\r\nProxy-Status: c", "200 OK 1.1 0 keep declared=0 | Proxy-Status: c"},
    {"Content-Length: 0\r\nTrailer: a", "200 OK 1.1 0 keep declared=0"},
    {"Transfer-Encoding: chunked\r\nTrailer: a", "200 OK 1.1 chunked keep | Trailer: a"},
    {"Content-Length: 0\r\nConnection: upgrade\r\nUpgrade: websocket", "200 OK 1.1 0 keep declared=0"},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked", "bad_response_framing"},
    {"Transfer-Encoding: chunked\r\nContent-Length: 5", "bad_response_framing"},
    {"Transfer-Encoding: identity\r\nContent-Length: 5", "bad_response_framing"},
    {"Content-Length: 5\r\nContent-Length: 5", "bad_response_framing"},
    {"Content-Length: 5\r\nContent-Length: 6", "bad_response_framing"},
    {"Content-Length: 5, 5", "bad_response_framing"},
    {"Content-Length: -1", "bad_response_framing"},
    {"Content-Length: +1", "bad_response_framing"},
    {"Content-Length: 0x1", "bad_response_framing"},
    {"Content-Length: 1 1", "bad_response_framing"},
    {"Content-Length:", "bad_response_framing"},
    {"Content-Length: 9223372036854775808", "bad_response_framing"},
    {"Content-Length: 99999999999999999999", "bad_response_framing"},
    {"Transfer-Encoding:", "bad_response_framing"},
    {"Transfer-Encoding: gzip", "bad_response_framing"},
    {"Transfer-Encoding: gzip, chunked", "bad_response_framing"},
    {"Transfer-Encoding: chunked, gzip", "bad_response_framing"},
    {"Transfer-Encoding: chunked, chunked", "bad_response_framing"},
    {"Transfer-Encoding: identity", "bad_response_framing"},
    {"Transfer-Encoding: xchunked", "bad_response_framing"},
    {"Transfer-Encoding: chunked;a=b", "bad_response_framing"},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "bad_response_framing"},
    {"A : b", "bad_response_field"},
    {"Content-Length : 5", "bad_response_field"},
    {"Transfer-Encoding : chunked", "bad_response_field"},
    {" A: b", "bad_response_field"},
    {"A: b\r\n c", "bad_response_field"},
    {"A: b\r\n\tc", "bad_response_field"},
    {"A", "bad_response_field"},
    {": b", "bad_response_field"},
    {"A(: b", "bad_response_field"},
    {"A: b\0"s, "bad_response_field"},
    {"A: b\nc: d", "bad_response_field"},
    {"A: b\rc: d", "bad_response_field"},
    {"A: b\x7f", "bad_response_field"},
    {"Connection: a b", "bad_response_field"},
    {"Connection: \"close\"", "bad_response_field"},
};

// Whole heads: RFC 9112 section 6.3 and the rest.
const std::vector<ResponseRow> heads{
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 OK 1.1 none keep declared=5", Method::head},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 OK 1.1 none keep", Method::head},
    {"HTTP/1.1 200 OK\r\n\r\n", "200 OK 1.1 none keep", Method::head},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_response_framing",
     Method::head},
    {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "bad_response_framing", Method::head},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 Not Modified 1.1 none keep declared=5"},
    {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "304 Not Modified 1.1 none keep"},
    {"HTTP/1.1 304 Not Modified\r\n\r\n", "304 Not Modified 1.1 none keep"},
    {"HTTP/1.1 204 No Content\r\n\r\n", "204 No Content 1.1 none keep"},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 No Content 1.1 none keep"},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 5, 6\r\n\r\n", "bad_response_framing"},
    {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_response_framing"},
    {"HTTP/1.1 205 Reset Content\r\n\r\n", "205 Reset Content 1.1 until-close close"},
    {"HTTP/1.1 100 Continue\r\n\r\n", "100 Continue 1.1 none keep"},
    {"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", "100 Continue 1.1 none keep"},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "103 Early Hints 1.1 none keep | Link: </a>"},
    {"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_response_framing"},
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     "101 Switching Protocols 1.1 none keep upgrade=websocket"},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "101 Switching Protocols 1.1 none keep"},
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
     "101 Switching Protocols 1.1 none keep"},
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a, b\r\n\r\n",
     "101 Switching Protocols 1.1 none keep"},
    {"HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     "101 Switching Protocols 1.0 none close"},
    {"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n",
     "bad_response_framing"},
    {"HTTP/1.1 200 OK\r\n\r\n", "200 OK 1.1 none keep", Method::connect},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 OK 1.1 none keep", Method::connect},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 OK 1.1 none keep", Method::connect},
    {"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", "407 No 1.1 5 keep declared=5", Method::connect},
    {"HTTP/1.1 200 OK\r\n\r\n", "200 OK 1.1 until-close close"},
    {"HTTP/1.0 200 OK\r\n\r\n", "200 OK 1.0 until-close close"},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", "200 OK 1.0 5 keep declared=5"},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", "200 OK 1.0 until-close close"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_response_framing"},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", "bad_status_line"},
    {"\nHTTP/1.1 200 OK\r\n\r\n", "bad_status_line"},
    {"HTTP/1.1 200 OK\n\n", "bad_status_line"},
    {"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "bad_status_line"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\n\n", "bad_response_field"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", "bad_response_field"},
    {"\x15\x03\x01\x00\x02\x02\x46"s, "bad_status_line"},
    {"220 mail.example.com ESMTP\r\n", "bad_status_line"},
    {"SSH-2.0-OpenSSH_9.2\r\n", "bad_status_line"},
    {"H", "incomplete"},
    {"HTTP/1.1 200 OK\r\nA: b\r\n", "incomplete"},
};

std::vector<ResponseRow> all_rows() {
  std::vector<ResponseRow> all;
  all.reserve(status_lines.size() + field_lines.size() + heads.size());
  for (const ResponseRow& row : status_lines) {
    all.push_back({row.bytes + "\r\nContent-Length: 0\r\n\r\n", row.expected, row.asked});
  }
  for (const ResponseRow& row : field_lines) {
    all.push_back({"HTTP/1.1 200 OK\r\n" + row.bytes + "\r\n\r\n", row.expected, row.asked});
  }
  all.insert(all.end(), heads.begin(), heads.end());
  return all;
}

TEST(ResponseRows, are_many) { EXPECT_GE(all_rows().size(), 120u); }

TEST(ResponseRows, whole) {
  for (const ResponseRow& row : all_rows()) {
    EXPECT_EQ(rows::read_response(row.bytes, row.asked, {row.bytes.size()}), row.expected) << row.bytes;
  }
}

TEST(ResponseRows, octet_by_octet) {
  for (const ResponseRow& row : all_rows()) {
    EXPECT_EQ(rows::read_response(row.bytes, row.asked, {1}), row.expected) << row.bytes;
  }
}

TEST(ResponseRows, in_random_pieces) {
  std::mt19937 random(1);  // NOLINT: the same pieces each time
  for (const ResponseRow& row : all_rows()) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(rows::read_response(row.bytes, row.asked, rows::random_cuts(random, 24)), row.expected) << row.bytes;
    }
  }
}

TEST(ResponseRows, written_and_read_again) {
  for (const ResponseRow& row : all_rows()) {
    Arena arena;
    http::ResponseHead head(arena);
    Persistence persistence;
    auto size = ResponseReader(Limits{}).read(row.bytes, row.asked, head, persistence);
    if (!size || *size == 0 || head.status == 101) continue;
    std::string room(4096, '\0');
    OutBuffer out(room);
    const ResponseContext context{.client_version = http::Version::http11, .asked = row.asked};
    auto written = write_response_head(head, context, out);
    ASSERT_TRUE(written) << row.bytes;

    http::ResponseHead again(arena);
    Persistence persistence_again;
    auto size_again = ResponseReader(Limits{}).read(out.view(), row.asked, again, persistence_again);
    ASSERT_TRUE(size_again) << out.view();
    EXPECT_EQ(*size_again, written->octets);
    EXPECT_EQ(persistence_again.framing, written->framing) << out.view();
    // What went until close goes on in chunks, and an empty reason phrase is filled in.
    if (persistence.framing.kind == Framing::Kind::until_close) persistence.framing.kind = Framing::Kind::chunked;
    persistence.keep_alive = persistence_again.keep_alive = true;
    if (head.reason.empty()) head.reason = http::reason_phrase(head.status);
    head.version = http::Version::http11;
    EXPECT_EQ(rows::describe(again, persistence_again), rows::describe(head, persistence)) << out.view();
  }
}

}  // namespace
}  // namespace sp::codec::h1
