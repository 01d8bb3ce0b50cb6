#include "stages/access_log/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sp::access_log {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon = std::chrono::sys_days{std::chrono::year{2026} / 11 / 3} + 12h + 123456us;

std::string line(Format format, const Record& record) {
  std::string out;
  TimeText time;
  append_line(out, format, record, time);
  return out;
}

Record forwarded() {
  Record record{.time = noon,
                .client = "192.0.2.1",
                .peer = "10.0.0.9",
                .listen = "https://:443",
                .method = "GET",
                .authority = "lists.example.com",
                .path = "/sympa/home",
                .query = "x=1&y=%20",
                .has_query = true,
                .status = 200,
                .octets_in = 7,
                .octets_out = 5120,
                .referer = "https://lists.example.com/",
                .user_agent = "curl/8",
                .tls_version = "TLSv1.3",
                .tls_cipher = "TLS_AES_128_GCM_SHA256",
                .tls_sni = "lists.example.com",
                .site = "lists.example.com",
                .route_kind = "path",
                .route_pattern = "/sympa",
                .place = "sallyport.yaml:14",
                .upstream = "sympa",
                .server = "https://actual.host",
                .server_address = "10.0.0.7:443",
                .attempts = 1,
                .reused = true,
                .id = "0123456789abcdef"};
  record.phases = {
      .tls = 1'500us, .head = 0ns, .connect = 12'345'678ns, .first_byte = 2s, .last_byte = 999ns, .total = 2013ms};
  return record;
}

TEST(Format, json_of_a_request_that_was_forwarded) {
  EXPECT_EQ(
      line(Format::json, forwarded()),
      R"({"time":"2026-11-03T12:00:00.123Z","client":"192.0.2.1","peer":"10.0.0.9","listen":"https://:443",)"
      R"("method":"GET","host":"lists.example.com","target":"/sympa/home?x=1&y=%20","http":"1.1","status":200,)"
      R"("in":7,"out":5120,"referer":"https://lists.example.com/","user_agent":"curl/8",)"
      R"("tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"lists.example.com","resumed":false},)"
      R"("site":"lists.example.com","route":"path /sympa","place":"sallyport.yaml:14","upstream":"sympa",)"
      R"("server":"https://actual.host","address":"10.0.0.7:443","attempts":1,"reused":true,)"
      R"("id":"0123456789abcdef","ms":{"tls":1.500,"head":0.000,"connect":12.345,"first_byte":2000.000,)"
      R"("last_byte":0.000,"total":2013.000}})"
      "\n");
}

TEST(Format, json_of_a_failure_says_why_and_what_to_do) {
  Record record{.time = noon,
                .client = "::1",
                .peer = "::1",
                .method = "POST",
                .authority = "a.example",
                .path = "/",
                .version = http::Version::http10,
                .status = 502,
                .error = {.code = Code::connection_refused, .side = Side::upstream},
                .detail = "10.0.0.7:80",
                .remedy = "start it"};
  EXPECT_EQ(line(Format::json, record),
            R"({"time":"2026-11-03T12:00:00.123Z","client":"::1","method":"POST","host":"a.example","target":"/",)"
            R"("http":"1.0","status":502,"in":0,"out":0,"error":{"code":"connection_refused","side":"upstream",)"
            R"("detail":"10.0.0.7:80","remedy":"start it"},"ms":{}})"
            "\n");
}

TEST(Format, json_of_a_head_that_was_not_understood) {
  Record record{.time = noon,
                .client = "192.0.2.1",
                .peer = "192.0.2.1",
                .status = 400,
                .error = {.code = Code::bad_request_line, .side = Side::client}};
  EXPECT_EQ(line(Format::json, record),
            R"({"time":"2026-11-03T12:00:00.123Z","client":"192.0.2.1","status":400,"in":0,"out":0,)"
            R"("error":{"code":"bad_request_line","side":"client"},"ms":{}})"
            "\n");
}

TEST(Format, common_and_combined_as_apache_has_them) {
  const std::string common =
      R"(192.0.2.1 - - [03/Nov/2026:12:00:00 +0000] "GET /sympa/home?x=1&y=%20 HTTP/1.1" 200 5120)";
  EXPECT_EQ(line(Format::common, forwarded()), common + "\n");
  EXPECT_EQ(line(Format::combined, forwarded()), common + R"( "https://lists.example.com/" "curl/8")" + "\n");
}

Record of_way_out() {
  return {.time = noon,
          .client = "10.0.0.9",
          .peer = "10.0.0.9",
          .listen = "proxy://:3128",
          .method = "CONNECT",
          .authority = "a.example:443",
          .form = http::TargetForm::authority,
          .status = 200,
          .octets_in = 1893,
          .octets_out = 5120,
          .place = "sallyport.yaml:7",
          .server_address = "192.0.2.7:443",
          .user = "two words",
          .kind = "connect",
          .verdict = "allowed",
          .scan = "clean",
          .tls_name = "b.example",
          .tls_name_differs = true};
}

TEST(Format, json_of_a_tunnel_of_a_way_out) {
  EXPECT_EQ(line(Format::json, of_way_out()),
            R"({"time":"2026-11-03T12:00:00.123Z","client":"10.0.0.9","listen":"proxy://:3128","method":"CONNECT",)"
            R"("host":"a.example:443","target":"a.example:443","http":"1.1","status":200,"in":1893,"out":5120,)"
            R"("kind":"connect","verdict":"allowed","user":"two words","scan":"clean","tls_name":"b.example",)"
            R"("tls_name_differs":true,"place":"sallyport.yaml:7","address":"192.0.2.7:443","ms":{}})"
            "\n");
}

TEST(Format, common_of_ways_out_has_the_user) {
  Record record = of_way_out();
  EXPECT_EQ(line(Format::common, record),
            "10.0.0.9 - two\\x20words [03/Nov/2026:12:00:00 +0000] \"CONNECT a.example:443 HTTP/1.1\" 200 5120\n");
  record.relay = true;
  record.kind = "socks";
  record.user = "\" forged";
  record.status = 0;
  EXPECT_EQ(line(Format::common, record),
            "10.0.0.9 - \\\"\\x20forged [03/Nov/2026:12:00:00 +0000] \"SOCKS proxy://:3128 a.example:443\" 000 5120\n");
}

TEST(Format, common_of_what_is_not_there) {
  EXPECT_EQ(line(Format::combined, Record{.time = noon}),
            "- - - [03/Nov/2026:12:00:00 +0000] \"-\" 000 - \"-\" \"-\"\n");
}

TEST(Format, targets_are_put_together_as_they_were_sent) {
  struct Row {
    Record record;
    const char* request;
  };
  using enum http::TargetForm;
  const std::string_view host = "a.example:81";
  for (const Row& row : {
           Row{{.method = "GET", .authority = host, .path = "/a", .has_query = true}, "GET /a? HTTP/1.1"},
           Row{{.method = "GET",
                .scheme = "http",
                .authority = host,
                .path = "/a",
                .query = "b",
                .form = absolute,
                .has_query = true},
               "GET http://a.example:81/a?b HTTP/1.1"},
           Row{{.method = "OPTIONS", .authority = host, .path = "*", .form = asterisk}, "OPTIONS * HTTP/1.1"},
           Row{{.method = "CONNECT", .authority = host, .form = authority}, "CONNECT a.example:81 HTTP/1.1"},
       }) {
    EXPECT_NE(line(Format::common, row.record).find("\"" + std::string(row.request) + "\""), std::string::npos)
        << row.request;
  }
}

TEST(Format, hostile_texts_stay_inside_their_line_and_their_quotes) {
  Record record{.time = noon,
                .client = "192.0.2.1",
                .method = "GET",
                .authority = "a.example",
                .path = "/\" 200 1\n10.0.0.1 - - [forged",
                .referer = "\x1b]0;owned\x07",
                .user_agent = "\"}\n{\"status\":200,\"x\":\"\xff"};
  const std::string json = line(Format::json, record);
  EXPECT_EQ(std::ranges::count(json, '\n'), 1);
  const auto read = nlohmann::json::parse(json);
  EXPECT_EQ(read["status"], 0);
  EXPECT_EQ(read["target"], "/\" 200 1\n10.0.0.1 - - [forged");
  EXPECT_EQ(read["user_agent"], "\"}\n{\"status\":200,\"x\":\"\xc3\xbf");
  EXPECT_EQ(line(Format::combined, record),
            R"(192.0.2.1 - - [03/Nov/2026:12:00:00 +0000] "GET /\" 200 1\n10.0.0.1 - - [forged HTTP/1.1" 000 - )"
            R"("\x1b]0;owned\x07" "\"}\n{\"status\":200,\"x\":\"\xff")"
            "\n");
}

TEST(Format, a_line_has_a_bound_whatever_comes_in) {
  const std::string huge(1'000'000, '\x01');
  Record record{.time = noon,
                .client = huge,
                .peer = "x",
                .method = huge,
                .authority = huge,
                .path = huge,
                .query = huge,
                .has_query = true,
                .referer = huge,
                .user_agent = huge,
                .tls_version = "x",
                .tls_sni = huge,
                .detail = huge};
  EXPECT_LT(line(Format::json, record).size(), 130'000u);
  EXPECT_LT(line(Format::combined, record).size(), 90'000u);
}

TEST(Format, a_steady_state_allocates_nothing) {
  std::string out;
  TimeText time;
  append_line(out, Format::json, forwarded(), time);
  const char* room = out.data();
  const std::string first = out;
  for (int i = 0; i < 100; ++i) {
    out.clear();
    append_line(out, Format::json, forwarded(), time);
  }
  EXPECT_EQ(out.data(), room);
  EXPECT_EQ(out, first);
}

TEST(TimeText, follows_the_clock_in_both_directions) {
  TimeText time;
  std::string out;
  time.append_iso(out, WallTime{} + 999ms);
  time.append_iso(out, noon);
  time.append_iso(out, WallTime{} - 1ms);
  time.append_clf(out, std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 23h + 59min + 59s);
  EXPECT_EQ(out,
            "1970-01-01T00:00:00.999Z2026-11-03T12:00:00.123Z1969-12-31T23:59:59.999Z[29/Feb/2024:23:59:59 +0000]");
}

}  // namespace
}  // namespace sp::access_log
