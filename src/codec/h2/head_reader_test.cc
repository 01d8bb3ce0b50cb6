// Field sections of RFC 9113 section 8, RFC 8441 and RFC 9110, good and bad: what the model holds afterwards, or the
// code of what is wrong.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codec/h2/head_reader.h"

namespace sp::codec::h2 {
namespace {

using namespace std::string_literals;
using Lines = std::vector<std::pair<std::string, std::string>>;

Lines operator+(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string describe(const http::Fields& fields) {
  std::string text;
  for (const http::Field& field : fields) {
    text += " | " + std::string(field.name) + ": " + std::string(field.value);
    EXPECT_EQ(field.id, http::field_id(field.name)) << field.name;
  }
  return text;
}

std::string describe(const http::BodySize& body) {
  switch (body.kind) {
    case http::BodySize::Kind::none: return " none";
    case http::BodySize::Kind::known: return " " + std::to_string(body.bytes);
    case http::BodySize::Kind::unknown: return " unknown";
  }
  return "";
}

// "GET /path?query @host none +continue +trailers upgrade=websocket | name: value"
std::string describe(const http::RequestHead& head) {
  std::string text(head.method_text);
  EXPECT_EQ(head.method, http::method_of(head.method_text));
  EXPECT_EQ(head.version, http::Version::http2);
  EXPECT_EQ(head.scheme.empty(), head.form == http::TargetForm::authority);
  text += " " + std::string(head.path);
  if (head.has_query) text += "?" + std::string(head.query);
  if (head.form == http::TargetForm::authority) text += "(authority)";
  if (head.form == http::TargetForm::asterisk) text += "(asterisk)";
  text += " @" + std::string(head.authority) + describe(head.body);
  if (head.expects_continue) text += " +continue";
  if (head.accepts_trailers) text += " +trailers";
  if (!head.upgrade.empty()) text += " upgrade=" + std::string(head.upgrade);
  return text + describe(head.fields);
}

// "200 none declared=5 | name: value"
std::string describe(const http::ResponseHead& head) {
  EXPECT_EQ(head.version, http::Version::http2);
  std::string text = std::to_string(head.status) + describe(head.body);
  if (head.content_length) text += " declared=" + std::to_string(*head.content_length);
  return text + describe(head.fields);
}

enum class Content : std::uint8_t { none, follows };

// Each line in memory of its own that is gone afterwards, so that whatever is kept must have been copied.
void add(HeadReader& reader, const Lines& lines) {
  for (const auto& [name, value] : lines) {
    const auto copy = std::make_unique<std::pair<std::string, std::string>>(name, value);
    reader.add(copy->first, copy->second, false);
  }
}

std::string outcome(Code code) {
  return (HeadReader::malformed(code) ? "malformed " : "answered ") + std::string(name(code));
}

std::string read_request(const Lines& lines, Content content = Content::none, const Limits& limits = {}) {
  Arena arena;
  http::RequestHead head(arena);
  HeadReader reader(limits);
  reader.begin(HeadReader::Kind::request, head.fields);
  add(reader, lines);
  auto read = reader.finish(head, content == Content::none);
  if (read) return describe(head);
  EXPECT_EQ(read.error().side, Side::client);
  return outcome(read.error().code);
}

std::string read_response(const Lines& lines, Content content = Content::follows,
                          http::Method asked = http::Method::get, const Limits& limits = {}) {
  Arena arena;
  http::ResponseHead head(arena);
  HeadReader reader(limits);
  reader.begin(HeadReader::Kind::response, head.fields);
  add(reader, lines);
  auto read = reader.finish(head, asked, content == Content::none);
  if (read) return describe(head);
  EXPECT_EQ(read.error().side, Side::upstream);
  return std::string(name(read.error().code));
}

std::string read_trailers(const Lines& lines, const Limits& limits = {}) {
  Arena arena;
  http::Fields fields(arena);
  HeadReader reader(limits);
  reader.begin(HeadReader::Kind::trailers, fields);
  add(reader, lines);
  auto read = reader.finish_trailers();
  return read ? "ok" + describe(fields) : std::string(name(read.error().code));
}

struct Row {
  Lines lines;
  std::string expected;
};

const Lines get{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
const Lines post{{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
const Lines tunnel{{":method", "CONNECT"},
                   {":protocol", "websocket"},
                   {":scheme", "https"},
                   {":authority", "a"},
                   {":path", "/chat?x"}};
const std::string good = "GET / @a none";

std::string shown(const Lines& lines) {
  std::string text;
  for (const auto& [name, value] : lines) text.append("\n  ").append(name).append(": ").append(value);
  return text;
}

void expect_requests(const std::vector<Row>& rows, Content content = Content::none) {
  for (const Row& row : rows) EXPECT_EQ(read_request(row.lines, content), row.expected) << shown(row.lines);
}

// The fields of a GET.
void expect_fields(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(read_request(get + row.lines), row.expected) << shown(row.lines);
}

TEST(HeadReader, pseudo_fields_of_requests) {
  expect_requests({
      {get, good},
      // In any order.
      {{{":path", "/"}, {":authority", "a"}, {":scheme", "https"}, {":method", "GET"}}, good},
      {{{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}}, good},
      {{{":method", "GET"}, {":scheme", "HTTPS"}, {":authority", "a"}, {":path", "/"}}, good},
      // Missing.
      {{}, "malformed bad_method"},
      {{{":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, "malformed bad_method"},
      {{{":method", "GET"}, {":authority", "a"}, {":path", "/"}}, "malformed bad_pseudo_field"},
      {{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}, "malformed bad_pseudo_field"},
      {{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}, "answered missing_host"},
      // Twice, the same or another.
      {get + Lines{{":method", "GET"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":scheme", "https"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":authority", "a"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":path", "/"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":path", "/b"}}, "malformed bad_pseudo_field"},
      {tunnel + Lines{{":protocol", "websocket"}}, "malformed bad_pseudo_field"},
      // Unknown, of responses, in capitals, empty.
      {get + Lines{{":status", "200"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":version", "HTTP/2"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":Path", "/"}}, "malformed bad_pseudo_field"},
      {get + Lines{{":", "/"}}, "malformed bad_pseudo_field"},
      {get + Lines{{"::path", "/"}}, "malformed bad_pseudo_field"},
      {{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":PATH", "/"}}, "malformed bad_pseudo_field"},
      // Without the colon they are fields like others.
      {get + Lines{{"path", "/"}}, good + " | path: /"},
  });
}

// Section 8.3: before all other fields, whatever becomes of these.
TEST(HeadReader, pseudo_fields_behind_fields) {
  for (const auto& [name, value] : Lines{{"x-a", "b"},
                                         {"host", "a"},
                                         {"content-length", "0"},
                                         {"expect", "100-continue"},
                                         {"te", "trailers"},
                                         {"cookie", "a=b"},
                                         {"x_real_ip", "::1"},
                                         {"proxy-authorization", "Basic YTpi"},
                                         {"proxy", "evil"},
                                         {"http2-settings", "AAAA"}}) {
    Lines late{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {name, value}, {":path", "/"}};
    EXPECT_EQ(read_request(late), "malformed bad_pseudo_field") << name;
    EXPECT_EQ(read_response({{name, value}, {":status", "200"}}), "bad_response_field") << name;
  }
}

TEST(HeadReader, methods) {
  const auto with = [](const std::string& method) {
    return read_request({{":method", method}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  };
  EXPECT_EQ(with("M-SEARCH"), "M-SEARCH / @a none");
  EXPECT_EQ(with("get"), "get / @a none");
  EXPECT_EQ(with("!#$%&'*+-.^_`|~09azAZ"), "!#$%&'*+-.^_`|~09azAZ / @a none");
  EXPECT_EQ(with(std::string(32, 'A')), std::string(32, 'A') + " / @a none");
  for (const std::string& bad : {""s, std::string(33, 'A'), "G T"s, "G(T"s, "GET:"s, "G\xc3\x89T"s, "GET\tA"s})
    EXPECT_EQ(with(bad), "malformed bad_method") << bad;
  for (const std::string& bad : {" GET"s, "GET "s, "GET\r\nX: y"s, "GET\0"s, "GET\n"s})
    EXPECT_EQ(with(bad), "malformed bad_field_value") << bad;
}

TEST(HeadReader, schemes) {
  const auto with = [](const std::string& scheme) {
    return read_request({{":method", "GET"}, {":scheme", scheme}, {":authority", "a"}, {":path", "/"}});
  };
  for (const std::string& bad : {"", "ftp", "ws", "https:", "https://", "httpss", "http s"})
    EXPECT_EQ(with(bad), "malformed bad_target") << bad;
  EXPECT_EQ(with("https\r\nHost: b"), "malformed bad_field_value");
}

TEST(HeadReader, paths) {
  const auto with = [](const std::string& path, const std::string& method = "GET") {
    return read_request({{":method", method}, {":scheme", "https"}, {":authority", "a"}, {":path", path}});
  };
  for (const std::string& path :
       {"/"s, "/a/b?c=d&e"s, "/?"s, "/??"s, "//a"s, "//evil.test/"s, "/../a/./b"s, "/%2e%2E%2F"s, "/a%20b?c%3Dd"s,
        "/\"<>\\^`{|}"s, "/-._~!$&'()*+,;=:@"s, "/http://b/"s, "/*"s, "/" + std::string(8000, 'a')}) {
    EXPECT_EQ(with(path), "GET " + path + " @a none");
  }
  EXPECT_EQ(with("*", "OPTIONS"), "OPTIONS *(asterisk) @a none");
  EXPECT_EQ(with("/", "OPTIONS"), "OPTIONS / @a none");
  EXPECT_EQ(with("*"), "malformed bad_target");
  EXPECT_EQ(with("**", "OPTIONS"), "malformed bad_target");
  EXPECT_EQ(with("*?a", "OPTIONS"), "malformed bad_target");
  for (const std::string& bad : {"",          "a",
                                 "a/b",       "?a",
                                 "http://a/", "https://a/",
                                 "#",         "/#",
                                 "/a#b",      "/?a#b",
                                 "/%",        "/%2",
                                 "/%2g",      "/%%41",
                                 "/%u0041",   "/a b",
                                 "/a\tb",     "/\xc3\xa9",
                                 "/?\xff",    "\\a",
                                 "a:80",      "/a/path/that/is/longer/than/one/vector/#"}) {
    EXPECT_EQ(with(bad), "malformed bad_target") << bad;
  }
  for (const std::string& bad : {" /"s, "/ "s, "/\t"s, "/\r"s, "/a\nb"s, "/a\0b"s, "/\x7f"s, "/\x1f"s})
    EXPECT_EQ(with(bad), "malformed bad_field_value") << bad;
}

// 414 as in HTTP/1.1: the request is well formed.
TEST(HeadReader, a_path_that_is_too_long_is_answered) {
  const auto with = [](std::size_t size) {
    Limits limits{.request_line = 100};
    return read_request(
        {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/" + std::string(size - 1, 'a')}},
        Content::none, limits);
  };
  EXPECT_EQ(with(100), "GET /" + std::string(99, 'a') + " @a none");
  EXPECT_EQ(with(101), "answered target_too_long");
}

TEST(HeadReader, authorities) {
  const auto with = [](const std::string& authority) {
    return read_request({{":method", "GET"}, {":scheme", "https"}, {":authority", authority}, {":path", "/"}});
  };
  for (const std::string& authority : {"a.test", "A.Test", "a:1", "a:65535", "192.0.2.1", "[2001:db8::1]",
                                       "[2001:db8::1]:8443", "a%20b", "a_b", "a.", "a-b~!$&'()*+;="})
    EXPECT_EQ(with(authority), "GET / @" + authority + " none");
  EXPECT_EQ(with("a:"), "GET / @a none");
  for (const std::string& bad : {"",     "u@a",       "u:p@a", ":80",       "a:b",      "a:65536", "a:000080",
                                 "a:-1", "a:+1",      "a b",   "a/b",       "a?b",      "a#b",     "a\\b",
                                 "a,b",  "a%2",       "a%zz",  "[::1",      "[::1]a",   "[a]",     "[::g]",
                                 "::1",  "[1.2.3.4]", "a:1:2", "https://a", "\xc3\xa9", "a\tb",    "[fe80::1%25eth0]",
                                 "@a",   "a@"}) {
    EXPECT_EQ(with(bad), "malformed bad_host") << bad;
  }
  const std::string longest(255, 'a');
  EXPECT_EQ(with(longest), "GET / @" + longest + " none");
  EXPECT_EQ(with(longest + "a"), "malformed bad_host");
  for (const std::string& bad : {"a "s, " a"s, "a\r\nX-A: b"s, "a\0"s})
    EXPECT_EQ(with(bad), "malformed bad_field_value") << bad;
}

TEST(HeadReader, host_beside_authority) {
  const auto with = [](const std::string& scheme, const std::string& authority, const std::string& host) {
    return read_request(
        {{":method", "GET"}, {":scheme", scheme}, {":authority", authority}, {":path", "/"}, {"host", host}});
  };
  EXPECT_EQ(with("https", "a", "a"), good);
  EXPECT_EQ(with("https", "a", "A"), good);
  EXPECT_EQ(with("https", "a", "a:443"), good);
  EXPECT_EQ(with("https", "a:443", "a"), "GET / @a:443 none");
  EXPECT_EQ(with("http", "a", "a:80"), good);
  EXPECT_EQ(with("http", "a:80", "a"), "GET / @a:80 none");
  EXPECT_EQ(with("https", "a", "a:80"), "malformed host_mismatch");
  EXPECT_EQ(with("http", "a", "a:443"), "malformed host_mismatch");
  EXPECT_EQ(with("https", "a", "b"), "malformed host_mismatch");
  EXPECT_EQ(with("https", "a:1", "a:2"), "malformed host_mismatch");
  EXPECT_EQ(with("https", "a", "a.b"), "malformed host_mismatch");
  EXPECT_EQ(with("https", "a", ""), "malformed bad_host");
  EXPECT_EQ(with("https", "a", "u@a"), "malformed bad_host");
  EXPECT_EQ(with("https", "", "a"), "malformed bad_host");
  EXPECT_EQ(with("https", "a", "a, a"), "malformed bad_host");
  // Section 8.3.1: Host alone will do.
  const Lines without{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}};
  EXPECT_EQ(read_request(without + Lines{{"host", "a"}}), good);
  EXPECT_EQ(read_request(without + Lines{{"host", "a"}, {"host", "a"}}), "malformed bad_host");
  EXPECT_EQ(read_request(without + Lines{{"host", ""}}), "malformed bad_host");
  EXPECT_EQ(read_request(get + Lines{{"host", "a"}, {"host", "a"}}), "malformed bad_host");
}

TEST(HeadReader, connect) {
  expect_requests(
      {
          {{{":method", "CONNECT"}, {":authority", "a:443"}}, "CONNECT (authority) @a:443 unknown"},
          {{{":method", "CONNECT"}, {":authority", "[::1]:443"}}, "CONNECT (authority) @[::1]:443 unknown"},
          // Section 8.5: no :scheme, no :path, and :authority says host and port.
          {{{":method", "CONNECT"}, {":authority", "a:443"}, {":path", "/"}}, "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}, {":authority", "a:443"}, {":scheme", "https"}}, "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}}, "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}, {"host", "a:443"}}, "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}, {":authority", "a"}}, "malformed bad_target"},
          {{{":method", "CONNECT"}, {":authority", "a:"}}, "malformed bad_target"},
          {{{":method", "CONNECT"}, {":authority", "a:0"}}, "malformed bad_target"},
          {{{":method", "CONNECT"}, {":authority", "u@a:443"}}, "malformed bad_host"},
          {{{":method", "CONNECT"}, {":authority", "https://a:443"}}, "malformed bad_host"},
          // RFC 8441 section 4.
          {tunnel, "GET /chat?x @a none upgrade=websocket"},
          {{{":method", "CONNECT"}, {":protocol", "websocket"}, {":authority", "a:443"}}, "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}, {":protocol", "websocket"}, {":authority", "a:443"}, {":path", "/"}},
           "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}, {":protocol", "websocket"}, {":authority", "a"}, {":scheme", "https"}},
           "malformed bad_pseudo_field"},
          {{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/"}},
           "answered missing_host"},
          {post + Lines{{":protocol", "websocket"}}, "malformed bad_pseudo_field"},
          {get + Lines{{":protocol", "websocket"}}, "malformed bad_pseudo_field"},
          {tunnel + Lines{{"content-length", "0"}}, "malformed upgrade_with_body"},
          {tunnel + Lines{{"content-length", "5"}}, "malformed upgrade_with_body"},
          {tunnel + Lines{{"upgrade", "websocket"}}, "malformed bad_connection_field"},
          {tunnel + Lines{{"connection", "upgrade"}}, "malformed bad_connection_field"},
          {tunnel + Lines{{"sec-websocket-version", "13"}},
           "GET /chat?x @a none upgrade=websocket | sec-websocket-version: 13"},
          {tunnel + Lines{{"expect", "100-continue"}}, "GET /chat?x @a none upgrade=websocket"},
      },
      Content::follows);
  for (const std::string& bad : {"", "web socket", "web,socket", "a/b\xc3"}) {
    const Lines lines{
        {":method", "CONNECT"}, {":protocol", bad}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
    EXPECT_EQ(read_request(lines, Content::follows), "malformed bad_pseudo_field") << bad;
  }
  EXPECT_EQ(read_request(tunnel), "malformed upgrade_with_body");
}

TEST(HeadReader, field_names) {
  for (const std::string& bad : {""s,
                                 "A"s,
                                 "x-A"s,
                                 "X-a"s,
                                 "a b"s,
                                 " a"s,
                                 "a "s,
                                 "a:"s,
                                 "a:b"s,
                                 "a\r"s,
                                 "a\n"s,
                                 "a\0"s,
                                 "\0"s,
                                 "a\x7f"s,
                                 "\xc3\xa9"s,
                                 "a/b"s,
                                 "a(b)"s,
                                 "a\t"s,
                                 "\""s,
                                 "a,b"s,
                                 "a;b"s,
                                 "[a]"s,
                                 "Content-Length"s,
                                 "Host"s,
                                 "Transfer-Encoding"s,
                                 "transfer-encoding "s}) {
    EXPECT_EQ(read_request(get + Lines{{bad, "1"}}), "malformed bad_field_name") << bad;
    EXPECT_EQ(read_response({{":status", "200"}, {bad, "1"}}), "bad_response_field") << bad;
    EXPECT_EQ(read_trailers({{bad, "1"}}), "bad_field_name") << bad;
  }
  expect_fields({{{{"!#$%&'*+-.^`|~09az", "b"}}, good + " | !#$%&'*+-.^`|~09az: b"}});
}

TEST(HeadReader, field_values) {
  for (const std::string& bad : {" b"s, "b "s, "\tb"s, "b\t"s, " "s, "\t"s, "\r"s, "\n"s, "\0"s, "b\r\nc: d"s, "b\nc"s,
                                 "b\rc"s, "b\0c"s, "\x01"s, "\x1f"s, "\x7f"s, "b\x0b"s, "\x0c"s, "\x1b[2J"s}) {
    EXPECT_EQ(read_request(get + Lines{{"a", bad}}), "malformed bad_field_value") << bad;
    EXPECT_EQ(read_request(get + Lines{{"cookie", bad}}), "malformed bad_field_value") << bad;
    EXPECT_EQ(read_request(get + Lines{{"x_y", bad}}), "malformed bad_field_value") << bad;
    EXPECT_EQ(read_response({{":status", "200"}, {"a", bad}}), "bad_response_field") << bad;
    EXPECT_EQ(read_trailers({{"a", bad}}), "bad_field_value") << bad;
  }
  for (const std::string& fine : {""s, "b"s, "b c"s, "b\tc"s, "b  c"s, "\xc3\xa9"s, "\x80\xff"s, "\"b, c\""s})
    expect_fields({{{{"a", fine}}, (good + " | a: ").append(fine)}});
}

TEST(HeadReader, fields_of_a_connection) {
  for (const std::string& name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    for (const std::string& value : {"", "close", "chunked", "identity", "te"}) {
      EXPECT_EQ(read_request(get + Lines{{name, value}}), "malformed bad_connection_field") << name;
      EXPECT_EQ(read_response({{":status", "200"}, {name, value}}), "bad_response_field") << name;
      EXPECT_EQ(read_trailers({{name, value}}), "bad_trailer") << name;
    }
  }
  expect_fields({
      {{{"te", "trailers"}}, good + " +trailers"},
      {{{"te", ""}}, "malformed bad_connection_field"},
      {{{"te", "gzip"}}, "malformed bad_connection_field"},
      {{{"te", "trailers, gzip"}}, "malformed bad_connection_field"},
      {{{"te", "trailers;q=1"}}, "malformed bad_connection_field"},
      {{{"te", "trailers"}, {"te", "gzip"}}, "malformed bad_connection_field"},
      // Of this hop, or dangerous behind it.
      {{{"http2-settings", "AAAA"}, {"a", "b"}}, good + " | a: b"},
      {{{"proxy-authorization", "Basic YTpi"}}, good},
      {{{"proxy", "http://evil.test"}}, good},
  });
}

TEST(HeadReader, underscores) {
  expect_fields({
      {{{"x_real_ip", "::1"}, {"a", "b"}}, good + " | a: b"},
      {{{"_", "b"}}, good},
      {{{"content_length", "5"}}, good},
      {{{"transfer_encoding", "chunked"}}, good},
  });
  const Limits keep{.underscores = Underscores::keep};
  EXPECT_EQ(read_request(get + Lines{{"x_a", "b"}}, Content::none, keep), good + " | x_a: b");
  EXPECT_EQ(read_response({{":status", "200"}, {"x_a", "b"}}), "200 unknown | x_a: b");
}

// Section 8.2.3.
TEST(HeadReader, cookies_are_joined) {
  expect_fields({
      {{{"cookie", "a=b"}}, good + " | cookie: a=b"},
      {{{"cookie", "a=b; c=d"}, {"cookie", "e=f"}}, good + " | cookie: a=b; c=d; e=f"},
      {{{"cookie", "a=b"}, {"x", "y"}, {"cookie", "c=d"}, {"cookie", "e=f"}}, good + " | cookie: a=b; c=d; e=f | x: y"},
      {{{"cookie", ""}, {"cookie", "c=d"}, {"cookie", ""}}, good + " | cookie: c=d"},
      {{{"cookie", ""}, {"cookie", ""}}, good + " | cookie: "},
  });
  EXPECT_EQ(read_response({{":status", "200"}, {"set-cookie", "a=b"}, {"set-cookie", "c=d"}}),
            "200 unknown | set-cookie: a=b | set-cookie: c=d");
}

TEST(HeadReader, content_of_requests) {
  const auto with = [](const std::string& length, Content content) {
    return read_request(post + Lines{{"content-length", length}}, content);
  };
  EXPECT_EQ(read_request(post, Content::follows), "POST / @a unknown");
  EXPECT_EQ(read_request(post), "POST / @a none");
  EXPECT_EQ(with("5", Content::follows), "POST / @a 5");
  EXPECT_EQ(with("0", Content::follows), "POST / @a 0");
  EXPECT_EQ(with("0", Content::none), "POST / @a none");
  EXPECT_EQ(with("5", Content::none), "malformed bad_content_length");
  EXPECT_EQ(with("9223372036854775807", Content::follows), "POST / @a 9223372036854775807");
  for (const std::string& bad :
       {"", "+5", "-5", "5,5", "5, 5", "0x5", "5a", "5.0", "9223372036854775808", "99999999999999999999999"}) {
    EXPECT_EQ(with(bad, Content::follows), "malformed bad_content_length") << bad;
    EXPECT_EQ(with(bad, Content::none), "malformed bad_content_length") << bad;
  }
  EXPECT_EQ(with(" 5", Content::follows), "malformed bad_field_value");
  expect_requests({{post + Lines{{"content-length", "5"}, {"content-length", "5"}}, "malformed bad_content_length"},
                   {post + Lines{{"content-length", "5"}, {"content-length", "6"}}, "malformed bad_content_length"},
                   {post + Lines{{"expect", "100-continue"}}, "POST / @a unknown +continue"},
                   {post + Lines{{"expect", "100-Continue"}}, "POST / @a unknown +continue"},
                   {post + Lines{{"expect", "200-ok"}}, "answered unsupported_expectation"},
                   {post + Lines{{"expect", ""}}, "answered unsupported_expectation"}},
                  Content::follows);
  EXPECT_EQ(read_request(post + Lines{{"expect", "100-continue"}}), "POST / @a none");
}

TEST(HeadReader, limits_of_size) {
  // Names, values and 32 octets for each line (section 6.5.2): 42 + 44 + 43 + 38 of the request line.
  const std::size_t line = (7 + 3 + 32) + (7 + 5 + 32) + (10 + 1 + 32) + (5 + 1 + 32);
  const auto with = [&](std::size_t size, const Limits& limits) {
    return read_request(get + Lines{{"a", std::string(size - line - 33, 'b')}}, Content::none, limits);
  };
  EXPECT_TRUE(with(65536, {}).starts_with(good));
  EXPECT_EQ(with(65537, {}), "answered fields_too_large");
  EXPECT_TRUE(with(300, {.head = 300}).starts_with(good));
  EXPECT_EQ(with(301, {.head = 300}), "answered fields_too_large");
  const Limits tiny{.head = 300};
  EXPECT_EQ(
      read_response({{":status", "200"}, {"a", std::string(300, 'b')}}, Content::follows, http::Method::get, tiny),
      "response_fields_too_large");
}

TEST(HeadReader, limits_of_number) {
  const auto with = [](std::size_t count, const std::string& name = "a") {
    return read_request(get + Lines(count, {name, ""}));
  };
  EXPECT_TRUE(with(128).starts_with(good));
  EXPECT_EQ(with(130), "answered too_many_fields");
  EXPECT_EQ(with(1000), "answered too_many_fields");
  // Whether or not they are kept.
  EXPECT_EQ(with(130, "x_y"), "answered too_many_fields");
  EXPECT_EQ(with(130, "cookie"), "answered too_many_fields");
  EXPECT_EQ(read_response(Lines{{":status", "200"}} + Lines(134, {"a", ""})), "response_fields_too_large");
  EXPECT_EQ(read_trailers(Lines(32, {"a", ""})).substr(0, 2), "ok");
  EXPECT_EQ(read_trailers(Lines(33, {"a", ""})), "too_many_fields");
  EXPECT_EQ(read_trailers({{"a", std::string(8192 - 33, 'b')}}).substr(0, 2), "ok");
  EXPECT_EQ(read_trailers({{"a", std::string(8192 - 32, 'b')}}), "fields_too_large");
}

// What is answered must be known well enough to be logged.
TEST(HeadReader, what_is_answered_has_its_request_line) {
  Arena arena;
  http::RequestHead head(arena);
  HeadReader reader(Limits{.head = 400});
  reader.begin(HeadReader::Kind::request, head.fields);
  add(reader, post + Lines{{"a", std::string(400, 'b')}, {"c", "d"}});
  EXPECT_FALSE(reader.flooded());
  auto read = reader.finish(head, false);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::fields_too_large);
  EXPECT_EQ(describe(head), "POST / @a unknown");
}

TEST(HeadReader, far_too_much_is_a_flood) {
  Arena arena;
  http::Fields fields(arena);
  HeadReader reader(Limits{.head = 1000});
  reader.begin(HeadReader::Kind::request, fields);
  // HPACK makes much of little: an empty line costs as well.
  for (int i = 0; i < 125; ++i) reader.add("", "", false);
  EXPECT_FALSE(reader.flooded());
  reader.add("", "", false);
  EXPECT_TRUE(reader.flooded());
  EXPECT_EQ(reader.octets(), 126u * 32);
  reader.begin(HeadReader::Kind::request, fields);
  EXPECT_FALSE(reader.flooded());
}

TEST(HeadReader, responses) {
  const auto with = [](const std::string& status, const Lines& lines = {}) {
    return read_response(Lines{{":status", status}} + lines);
  };
  EXPECT_EQ(with("200"), "200 unknown");
  EXPECT_EQ(with("200", {{"server", "a"}, {"x-b", ""}}), "200 unknown | server: a | x-b: ");
  EXPECT_EQ(with("200", {{"content-length", "5"}}), "200 5 declared=5");
  EXPECT_EQ(with("599"), "599 unknown");
  for (const std::string& bad :
       {"", "20", "2000", "099", "000", "2xx", "+20", "-20", "2 0", "200OK", "20\xb2", "600", "999"})
    EXPECT_EQ(with(bad), "bad_status_line") << bad;
  EXPECT_EQ(with("200 OK"), "bad_status_line");
  EXPECT_EQ(read_response({}), "bad_status_line");
  EXPECT_EQ(read_response({{"a", "b"}}), "bad_status_line");
  for (const std::string& pseudo :
       {":status", ":method", ":path", ":scheme", ":authority", ":protocol", ":", ":reason"})
    EXPECT_EQ(with("200", {{pseudo, "200"}}), "bad_response_field") << pseudo;
  for (const std::string& bad : {"", "+5", "5,5", "a", "9223372036854775808"})
    EXPECT_EQ(with("200", {{"content-length", bad}}), "bad_response_framing") << bad;
  EXPECT_EQ(with("200", {{"content-length", "5"}, {"content-length", "5"}}), "bad_response_field");
  // Of the other hop.
  EXPECT_EQ(with("200", {{"proxy-authenticate", "Basic"}, {"http2-settings", ""}}), "200 unknown");
}

TEST(HeadReader, responses_without_content) {
  const Lines length{{"content-length", "5"}};
  const auto with = [&](const std::string& status, const Lines& lines, Content content,
                        http::Method asked = http::Method::get) {
    return read_response(Lines{{":status", status}} + lines, content, asked);
  };
  EXPECT_EQ(with("200", {}, Content::none), "200 none");
  EXPECT_EQ(with("200", {{"content-length", "0"}}, Content::none), "200 none declared=0");
  EXPECT_EQ(with("200", length, Content::none), "bad_response_framing");
  EXPECT_EQ(with("200", length, Content::none, http::Method::head), "200 none declared=5");
  EXPECT_EQ(with("200", length, Content::follows, http::Method::head), "200 none declared=5");
  EXPECT_EQ(with("204", {}, Content::none), "204 none");
  EXPECT_EQ(with("304", length, Content::none), "304 none declared=5");
  EXPECT_EQ(with("304", length, Content::follows), "304 none declared=5");
}

TEST(HeadReader, interim_responses) {
  EXPECT_EQ(read_response({{":status", "100"}}), "100 none");
  EXPECT_EQ(read_response({{":status", "103"}, {"link", "</a>"}}), "103 none | link: </a>");
  EXPECT_EQ(read_response({{":status", "199"}}), "199 none");
  // Section 8.1: nothing ends with them; section 8.6: nothing is switched.
  EXPECT_EQ(read_response({{":status", "100"}}, Content::none), "bad_response_framing");
  EXPECT_EQ(read_response({{":status", "103"}, {"content-length", "5"}}), "bad_response_framing");
  EXPECT_EQ(read_response({{":status", "101"}}), "unexpected_upgrade");
  EXPECT_EQ(read_response({{":status", "101"}}, Content::none), "unexpected_upgrade");
}

// One head is read into for each of several responses: nothing of the one before is left.
TEST(HeadReader, a_head_is_used_again) {
  Arena arena;
  http::ResponseHead head(arena);
  HeadReader reader(Limits{});
  reader.begin(HeadReader::Kind::response, head.fields);
  add(reader, {{":status", "103"}, {"link", "</a>"}});
  ASSERT_TRUE(reader.finish(head, http::Method::get, false));
  reader.begin(HeadReader::Kind::response, head.fields);
  add(reader, {{":status", "304"}, {"content-length", "5"}});
  ASSERT_TRUE(reader.finish(head, http::Method::get, true));
  EXPECT_EQ(describe(head), "304 none declared=5");
  reader.begin(HeadReader::Kind::response, head.fields);
  add(reader, {{":status", "200"}});
  ASSERT_TRUE(reader.finish(head, http::Method::get, false));
  EXPECT_EQ(describe(head), "200 unknown");

  http::RequestHead request(arena);
  reader.begin(HeadReader::Kind::request, request.fields);
  add(reader, {{":method", "OPTIONS"}, {":scheme", "https"}, {":authority", "a"}, {":path", "*"}, {"te", "trailers"}});
  ASSERT_TRUE(reader.finish(request, true));
  reader.begin(HeadReader::Kind::request, request.fields);
  add(reader, get);
  ASSERT_TRUE(reader.finish(request, true));
  EXPECT_EQ(describe(request), good);
}

TEST(HeadReader, trailers) {
  EXPECT_EQ(read_trailers({}), "ok");
  EXPECT_EQ(read_trailers({{"grpc-status", "0"}, {"grpc-message", ""}}), "ok | grpc-status: 0 | grpc-message: ");
  EXPECT_EQ(read_trailers({{"a", "b"}, {"a", "c"}, {"etag", "\"d\""}}), "ok | a: b | a: c | etag: \"d\"");
  EXPECT_EQ(read_trailers({{"content-digest", "sha-256=:AA==:"}}), "ok | content-digest: sha-256=:AA==:");
  EXPECT_EQ(read_trailers({{"x_a", "b"}, {"c", "d"}}), "ok | c: d");
  for (const std::string& bad : {":status", ":method", ":path", ":scheme", ":authority", ":protocol", ":x", ":"})
    EXPECT_EQ(read_trailers({{"a", "b"}, {bad, "200"}}), "bad_pseudo_field") << bad;
  EXPECT_EQ(read_trailers({{":status", "200"}}), "bad_pseudo_field");
  for (const std::string& bad : {"content-length",
                                 "host",
                                 "te",
                                 "trailer",
                                 "authorization",
                                 "cookie",
                                 "set-cookie",
                                 "content-type",
                                 "content-encoding",
                                 "location",
                                 "cache-control",
                                 "expect",
                                 "x-forwarded-for",
                                 "via",
                                 "range",
                                 "if-match",
                                 "proxy-authorization",
                                 "http2-settings",
                                 "upgrade",
                                 "connection",
                                 "keep-alive",
                                 "proxy-connection"})
    EXPECT_EQ(read_trailers({{"a", "b"}, {bad, "5"}}), "bad_trailer") << bad;
}

}  // namespace
}  // namespace sp::codec::h2
