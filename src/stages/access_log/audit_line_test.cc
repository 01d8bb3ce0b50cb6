// What is logged of a way out: of whole sessions, as lines.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codec/tls_hello/rows_for_tests.h"
#include "proxy/outbound/users.h"
#include "stages/access_log/format.h"
#include "testing/gate/gate.h"

namespace sp::access_log {
namespace {

using namespace std::string_literals;
using sp::testing::Gate;
using sp::testing::GateOptions;
using sp::testing::Scripted;
namespace rows = codec::tls_hello::rows;

constexpr std::string_view way_out =
    "outbound:\n  - listen: [ \"proxy://127.0.0.1:3128\" ]\n    users: users\n"
    "    rules: [ { allow: [ example.com, 1.2.3.4 ], ports: [ 80, 443 ] } ]\n";
constexpr std::string_view secret = "tell-nobody";
constexpr std::string_view token = "YW5uYTp0ZWxsLW5vYm9keQ==";  // anna:tell-nobody
constexpr std::string_view proves = "Proxy-Authorization: Basic YW5uYTp0ZWxsLW5vYm9keQ==\r\n";

class Anna final : public proxy::Users {
 public:
  runtime::Task<Answer> verify(std::string_view user, std::string_view password, runtime::CancelToken&) override {
    co_return user == "anna" && password == secret ? Answer::right : Answer::wrong;
  }
};

GateOptions with_anna() {
  GateOptions options;
  options.users = std::make_shared<Anna>();
  return options;
}

class AuditLine : public ::testing::Test {
 protected:
  AuditLine() : gate_(way_out, with_anna()) {
    gate_.resolver.set("example.com", {"1.2.3.4"});
    gate_.resolver.set("EXAMPLE.com", {"1.2.3.4"});
    gate_.server("1.2.3.4:443");
    gate_.server("1.2.3.4:80");
    gate_.observed.also = [this](const proxy::Exchange& exchange) {
      TimeText time;
      for (const Format format : {Format::combined, Format::json})
        append_line(lines_, format, record_of(exchange, gate_.loop.now(), gate_.loop.wall_clock()), time);
    };
  }
  Scripted client() { return gate_.client("127.0.0.1:50000", "127.0.0.1:3128"); }
  nlohmann::json last() const {
    const auto end = lines_.find_last_of('\n');
    if (end == std::string::npos) return {};
    const auto begin = lines_.rfind('\n', end - 1);
    return nlohmann::json::parse(lines_.substr(begin == std::string::npos ? 0 : begin + 1));
  }
  // A tunnel through which the client says this, and the server "hello".
  void tunnel(std::string_view to, std::string_view said) {
    Scripted from = client();
    from.send("CONNECT " + std::string(to) + " HTTP/1.1\r\nHost: " + std::string(to) + "\r\n" + std::string(proves) +
              "\r\n");
    Scripted server = gate_.server("1.2.3.4:443").accept();
    EXPECT_TRUE(from.take_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    from.send(said);
    server.expect(said);
    server.send("hello");
    from.expect("hello");
    server.close();
    from.close();
    gate_.loop.settle();
  }

  std::string lines_;
  Gate gate_;
};

std::string hello_for(std::string_view name) { return rows::record(rows::hello(rows::server_name(name))); }

TEST_F(AuditLine, of_a_request) {
  Scripted from = client();
  from.send("GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n" + std::string(proves) + "\r\n");
  Scripted server = gate_.server("1.2.3.4:80").accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  from.take_until("\r\n\r\nhi");
  from.close();
  const auto line = last();
  EXPECT_EQ(line["kind"], "request");
  EXPECT_EQ(line["verdict"], "allowed");
  EXPECT_EQ(line["user"], "anna");
  EXPECT_EQ(line["address"], "1.2.3.4:80");
  EXPECT_EQ(line["place"], "sallyport.yaml:4");
  EXPECT_EQ(line["out"], 2);
}

TEST_F(AuditLine, of_a_tunnel_says_how_much_and_which_name_its_tls_asks_for) {
  tunnel("example.com:443", hello_for("example.com"));
  const auto line = last();
  EXPECT_EQ(line["kind"], "connect");
  EXPECT_EQ(line["verdict"], "allowed");
  EXPECT_EQ(line["host"], "example.com:443");
  EXPECT_EQ(line["address"], "1.2.3.4:443");
  EXPECT_EQ(line["in"], hello_for("example.com").size());
  EXPECT_EQ(line["out"], 5);
  EXPECT_EQ(line["tls_name"], "example.com");
  EXPECT_FALSE(line.contains("tls_name_differs"));
}

TEST_F(AuditLine, of_a_tunnel_whose_tls_asks_for_another_name) {
  struct Row {
    std::string_view to, name;
    bool differs;
  };
  for (const Row& row : {Row{"example.com:443", "hidden.example.net", true},
                         Row{"EXAMPLE.com.:443", "example.COM", false}, Row{"1.2.3.4:443", "example.com", false}}) {
    tunnel(row.to, hello_for(row.name));
    EXPECT_EQ(last().contains("tls_name"), true) << row.to;
    EXPECT_EQ(last().contains("tls_name_differs"), row.differs) << row.to;
  }
}

TEST_F(AuditLine, of_a_tunnel_without_tls_has_no_name) {
  tunnel("example.com:443", "SSH-2.0-OpenSSH_9.6\r\n");
  EXPECT_FALSE(last().contains("tls_name"));
}

TEST_F(AuditLine, of_socks) {
  Scripted from = client();
  from.send("\x05\x01\x02"s);
  from.expect("\x05\x02"s);
  from.send(
      "\x01\x04"
      "anna\x0b"s +
      std::string(secret));
  from.expect("\x01\x00"s);
  from.send(
      "\x05\x01\x00\x03\x0b"
      "example.com\x01\xbb"s +
      hello_for("other.example"));
  Scripted server = gate_.server("1.2.3.4:443").accept();
  from.take(10);
  server.close();
  from.close();
  gate_.loop.settle();
  const auto line = last();
  EXPECT_EQ(line["kind"], "socks");
  EXPECT_EQ(line["user"], "anna");
  EXPECT_EQ(line["host"], "example.com:443");
  EXPECT_EQ(line["tls_name"], "other.example");
  EXPECT_EQ(line["tls_name_differs"], true);
}

TEST_F(AuditLine, of_what_is_refused) {
  Scripted from = client();
  from.send("CONNECT example.com:22 HTTP/1.1\r\nHost: example.com:22\r\n" + std::string(proves) + "\r\n");
  from.take_until("\r\n\r\n");
  from.close();
  EXPECT_EQ(last()["verdict"], "refused");
  EXPECT_EQ(last()["error"]["code"], "destination_refused");
}

// {0} is the password, {1} what a client makes of it.
std::vector<std::string> heads_with_credentials() {
  std::vector<std::string> heads;
  for (const std::string& line : std::initializer_list<std::string>{
           "GET http://anna:{0}@example.com/ HTTP/1.1\r\nHost: example.com\r\n",
           "GET http://{0}@example.com/ HTTP/1.1\r\nHost: example.com\r\n",
           "GET http://example.com/ HTTP/1.1\r\nHost: anna:{0}@example.com\r\n",
           "CONNECT anna:{0}@example.com:443 HTTP/1.1\r\nHost: anna:{0}@example.com:443\r\n",
           "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n",
           "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n",
       }) {
    for (const char* fields : {
             "\r\n",
             "Proxy-Authorization: Basic {1}\r\n\r\n",
             "Proxy-Authorization: Basic {1}\r\nProxy-Authorization: Basic {1}\r\n\r\n",
             "Proxy-Authorization: Bearer {0}\r\n\r\n",
             "Proxy-Authorization: Basic {0}\r\n\r\n",
             "proxy-authorization : Basic {1}\r\n\r\n",
             "Authorization: Basic {1}\r\n\r\n",
             "Cookie: {0}\r\n\r\n",
         }) {
      heads.push_back(fmt::format(fmt::runtime(line + fields), secret, token));
    }
  }
  return heads;
}

// Whatever is said, and where: not what proves who one is.
TEST_F(AuditLine, holds_no_credentials) {
  const std::string in_clear(secret);
  std::vector<std::string> said = heads_with_credentials();
  said.push_back(
      "\x05\x01\x02"
      "\x01\x04"
      "anna\x0b"s +
      in_clear + "\x05\x01\x00\x01\x0a\0\0\x01\x01\xbb"s);
  said.push_back(
      "\x05\x01\x02"
      "\x01\x04"
      "anna\x0c"s +
      in_clear + "!");
  said.push_back("\x05\x01\x00"s + in_clear);
  said.push_back("\x04\x01"s + in_clear);
  for (const std::string& octets : said) {
    const std::size_t before = lines_.size();
    Scripted from = client();
    from.send(octets);
    gate_.loop.advance(std::chrono::seconds(20));
    from.close();
    gate_.loop.settle();
    EXPECT_GT(lines_.size(), before) << "nothing is logged of " << octets;
  }
  EXPECT_EQ(lines_.find(secret), std::string::npos) << lines_;
  EXPECT_EQ(lines_.find(token), std::string::npos) << lines_;
}

}  // namespace
}  // namespace sp::access_log
