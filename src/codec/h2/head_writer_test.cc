// What is written is what the reader of this folder reads; what it would refuse is not written.
#include "codec/h2/head_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "codec/h2/head_reader.h"

namespace sp::codec::h2 {
namespace {

using namespace std::string_literals;
using http::BodySize;
using http::FieldId;
using http::Method;

std::string text_of(const HeadWriter& writer) {
  std::string text;
  for (std::size_t i = 0; i < writer.size(); ++i) {
    const nghttp2_nv& line = writer.data()[i];
    const auto view = [](const std::uint8_t* octets, std::size_t size) {
      return std::string(reinterpret_cast<const char*>(octets), size);
    };
    if (!text.empty()) text += " | ";
    text += view(line.name, line.namelen) + ": " + view(line.value, line.valuelen);
    if ((line.flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0) text += " (secret)";
  }
  return text;
}

struct Writer : testing::Test {
  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  http::Fields trailers{arena};
  std::string scheme = "https", authority = "a", target = "/";

  Writer() {
    request.method_text = "GET";
    request.method = Method::get;
    response.status = 200;
  }
  std::string write_request() const {
    HeadWriter writer;
    return writer.add_request(request, scheme, authority, target) ? text_of(writer) : "refused";
  }
  std::string write_response() const {
    HeadWriter writer;
    return writer.add_response(response) ? text_of(writer) : "refused";
  }
  std::string write_trailers() const {
    HeadWriter writer;
    return writer.add_trailers(trailers) ? text_of(writer) : "refused";
  }
};

const std::string get = ":method: GET | :scheme: https | :authority: a | :path: /";

TEST_F(Writer, requests) {
  EXPECT_EQ(write_request(), get);
  request.fields.add("Accept", "*/*");
  request.fields.add("X-Empty", "");
  request.fields.add("x-white", " \ta b\t ");
  request.accepts_trailers = request.expects_continue = true;
  request.body = BodySize::known(std::numeric_limits<std::uint64_t>::max());
  // Names are made lower case by nghttp2.
  EXPECT_EQ(write_request(), get +
                                 " | Accept: */* | X-Empty:  | x-white: a b | te: trailers | expect: 100-continue | "
                                 "content-length: 18446744073709551615");
}

TEST_F(Writer, targets) {
  for (const std::string& fine : {"/", "/a?b", "//a", "/%zz", "/a:b@c"}) {
    target = fine;
    EXPECT_EQ(write_request(), ":method: GET | :scheme: https | :authority: a | :path: " + fine);
  }
  for (const std::string& bad :
       {""s, "a"s, "?a"s, "*"s, "http://a/"s, "/a b"s, "/a#b"s, "/a\r\nb: c"s, "/\xc3\xa9"s, "/a\0"s, "/\x7f"s}) {
    target = bad;
    EXPECT_EQ(write_request(), "refused") << bad;
  }
  target = "*";
  request.method_text = "OPTIONS";
  request.method = Method::options;
  EXPECT_EQ(write_request(), ":method: OPTIONS | :scheme: https | :authority: a | :path: *");
}

TEST_F(Writer, authorities) {
  for (const std::string& bad : {"", "a b", "a\r\nb", "u@a", "a/b", "a,b", ":80", "a:b"}) {
    authority = bad;
    EXPECT_EQ(write_request(), "refused") << bad;
  }
}

TEST_F(Writer, methods) {
  for (const std::string& bad : {""s, "G T"s, "GET\r\n"s, "GET:"s, "G\0T"s}) {
    request.method_text = bad;
    request.method = Method::other;
    EXPECT_EQ(write_request(), "refused") << bad;
  }
  // It would have another form (section 8.5), which nobody asks for.
  request.method_text = "CONNECT";
  request.method = Method::connect;
  EXPECT_EQ(write_request(), "refused");
}

TEST_F(Writer, tunnels) {
  request.upgrade = "websocket";
  EXPECT_EQ(write_request(), ":method: CONNECT | :protocol: websocket | :scheme: https | :authority: a | :path: /");
  for (const std::string& bad : {"web socket"s, "a\r\nb: c"s, "a,b"s, "a\0"s}) {
    request.upgrade = bad;
    EXPECT_EQ(write_request(), "refused") << bad;
  }
}

TEST_F(Writer, fields_that_may_not_be_written) {
  for (const std::string& name : {"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE",
                                  "Host", "Content-Length", "HTTP2-Settings"}) {
    request.fields.clear();
    response.fields.clear();
    request.fields.add(name, "a");
    response.fields.add(name, "a");
    EXPECT_EQ(write_request(), "refused") << name;
    EXPECT_EQ(write_response(), "refused") << name;
  }
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"", "b"},
                                                                                    {":status", "200"},
                                                                                    {"a:b", "c"},
                                                                                    {"a b", "c"},
                                                                                    {"a\r\nb", "c"},
                                                                                    {"a\0"s, "b"},
                                                                                    {"\xc3\xa9", "b"},
                                                                                    {"a", "b\r\nc: d"},
                                                                                    {"a", "b\nc"},
                                                                                    {"a", "b\0c"s},
                                                                                    {"a", "\x7f"},
                                                                                    {"a", "\x1b"}}) {
    request.fields.clear();
    response.fields.clear();
    trailers.clear();
    request.fields.add(name, value);
    response.fields.add(name, value);
    trailers.add(name, value);
    EXPECT_EQ(write_request(), "refused") << name;
    EXPECT_EQ(write_response(), "refused") << name;
    EXPECT_EQ(write_trailers(), "refused") << name;
  }
}

TEST_F(Writer, responses) {
  EXPECT_EQ(write_response(), ":status: 200");
  response.fields.add(FieldId::server, "a");
  response.body = BodySize::known(0);
  EXPECT_EQ(write_response(), ":status: 200 | Server: a | content-length: 0");
  response.body = BodySize::unknown();
  EXPECT_EQ(write_response(), ":status: 200 | Server: a");
  response.body = BodySize::none();
  response.content_length = 12345;  // of HEAD, 304
  EXPECT_EQ(write_response(), ":status: 200 | Server: a | content-length: 12345");
  response.status = 103;
  EXPECT_EQ(write_response(), ":status: 103 | Server: a");
  response.status = 599;
  response.content_length.reset();
  EXPECT_EQ(write_response(), ":status: 599 | Server: a");
  // Section 8.6; and what no status is.
  for (const std::uint16_t bad : {101, 0, 99, 1000, 65535}) {
    response.status = bad;
    EXPECT_EQ(write_response(), "refused") << bad;
  }
}

TEST_F(Writer, trailers_of_messages) {
  EXPECT_EQ(write_trailers(), "");
  trailers.add("grpc-status", "0");
  trailers.add("X-A", " b ");
  EXPECT_EQ(write_trailers(), "grpc-status: 0 | X-A: b");
  for (const std::string& bad : {"Content-Length", "Host", "TE", "Set-Cookie", "Connection", "Transfer-Encoding"}) {
    trailers.clear();
    trailers.add(bad, "1");
    EXPECT_EQ(write_trailers(), "refused") << bad;
  }
}

// RFC 7541 section 7.1.3.
TEST_F(Writer, secrets_are_not_indexed) {
  request.fields.add("Authorization", "Bearer a");
  request.fields.add("Cookie", "b=c");
  request.fields.add("X-D", "e");
  EXPECT_EQ(write_request(), get + " | Authorization: Bearer a (secret) | Cookie: b=c | X-D: e");
  response.fields.add("Set-Cookie", "b=c");
  EXPECT_EQ(write_response(), ":status: 200 | Set-Cookie: b=c (secret)");
}

// Beside the array that most heads fit in.
TEST_F(Writer, many_fields) {
  for (const std::size_t count : {43u, 44u, 45u, 48u, 49u, 200u}) {
    request.fields.clear();
    request.body = BodySize::known(7);
    std::string expected = get;
    std::vector<std::string> names(count);
    for (std::size_t i = 0; i < count; ++i) {
      names[i] = "x-" + std::to_string(i);
      request.fields.add(names[i], "v");
      expected += " | " + names[i] + ": v";
    }
    EXPECT_EQ(write_request(), expected + " | content-length: 7") << count;
  }
}

TEST_F(Writer, what_is_written_can_be_read) {
  request.method_text = "POST";
  request.method = Method::post;
  request.body = BodySize::known(5);
  request.accepts_trailers = request.expects_continue = true;
  request.fields.add("accept", "*/*");
  target = "/a?b";
  HeadWriter writer;
  ASSERT_TRUE(writer.add_request(request, scheme, authority, target));
  http::RequestHead head(arena);
  HeadReader reader(Limits{});
  reader.begin(HeadReader::Kind::request, head.fields);
  for (std::size_t i = 0; i < writer.size(); ++i) {
    const nghttp2_nv& line = writer.data()[i];
    reader.add({reinterpret_cast<const char*>(line.name), line.namelen},
               {reinterpret_cast<const char*>(line.value), line.valuelen}, false);
  }
  ASSERT_TRUE(reader.finish(head, false));
  EXPECT_EQ(head.method, Method::post);
  EXPECT_EQ(head.path, "/a");
  EXPECT_EQ(head.query, "b");
  EXPECT_EQ(head.authority, "a");
  EXPECT_EQ(head.body, BodySize::known(5));
  EXPECT_TRUE(head.accepts_trailers && head.expects_continue);
  EXPECT_EQ(head.fields.size(), 1u);
}

}  // namespace
}  // namespace sp::codec::h2
