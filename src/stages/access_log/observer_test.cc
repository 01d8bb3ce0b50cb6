#include "stages/access_log/observer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/upstream_connection.h"
#include "stages/access_log/test_pipe.h"
#include "testing/fake_loop.h"

namespace sp::access_log {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct NoNetwork final : runtime::Network {
  runtime::Task<Result<std::unique_ptr<runtime::Stream>>> connect(const Endpoint&, runtime::TimePoint,
                                                                  runtime::CancelToken&) override {
    co_return fail(Code::internal);
  }
  std::unique_ptr<runtime::Listener> serve(runtime::BoundSocket, runtime::Listener::OnAccept) override {
    return nullptr;
  }
};
struct NoResolver final : runtime::Resolver {
  runtime::Task<Result<std::vector<IpAddress>>> resolve(std::string_view, runtime::TimePoint,
                                                        runtime::CancelToken&) override {
    co_return fail(Code::internal);
  }
};

class LogObserverTest : public ::testing::Test {
 protected:
  LogObserverTest()
      : log_({.descriptor = operator_.in()}),
        writer_(log_),
        path_(fs::temp_directory_path() / ("sallyport-observer-" + std::to_string(getpid()))),
        observer_(loop_, writer_, log_),
        worker_({.loop = loop_, .network = network_, .resolver = resolver_, .observer = observer_}) {
    fs::remove(path_);
    loop_.advance(16ms);
    EXPECT_TRUE(writer_.set_sink({.access = {.value = path_.string()}}));
    client_.peer_text = "10.0.0.9";
    client_.listen = &listen_;
    client_.requests = 1;
    client_.accepted = loop_.now() - 5ms;
    client_.secured = loop_.now() - 3ms;
    upstream_.name = "sympa";
    site_.name = "lists.example.com";
    route_.pattern = "/sympa";
    route_.place_text = "sallyport.yaml:14";
    server_.name = "https://actual.host";
  }
  ~LogObserverTest() override { fs::remove(path_); }

  void fill(proxy::Exchange& exchange) {
    exchange.admission.client.address_text = "192.0.2.1";
    exchange.admission.match.site = &site_;
    exchange.admission.match.route = &route_;
    exchange.upstream = &upstream_;
    exchange.server = &server_;
    exchange.server_address = "10.0.0.7:443";
    exchange.attempts = 2;
    exchange.status = 200;
    exchange.request.method_text = "GET";
    exchange.request.authority = "lists.example.com";
    exchange.request.path = "/sympa";
    exchange.request.query = "token=secret-in-query";
    exchange.request.has_query = true;
    exchange.request.fields.add("Cookie", "secret-cookie");
    exchange.request.fields.add("Authorization", "Basic secret-password");
    exchange.request.fields.add("Referer", "https://lists.example.com/");
    exchange.request.fields.add("User-Agent", "curl/8");
    const auto start = loop_.now() - 16ms;
    exchange.times = {.started = start,
                      .head = start + 1ms,
                      .connecting = start + 2ms,
                      .connected = start + 4ms,
                      .first_byte = start + 8ms,
                      .last_byte = start + 16ms};
  }
  // A request that ends; with a failure, unless it is ok.
  void request(Code code = Code::ok) {
    proxy::Exchange exchange(worker_, client_, arena_, token_);
    fill(exchange);
    if (code != Code::ok) {
      exchange.fail_with({.code = code, .side = Side::upstream}, "10.0.0.7:443");
      exchange.request_id();
    }
    observer_.exchange_ended(exchange);
  }
  std::string access_log() {
    EXPECT_TRUE(writer_.flush(10s));
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  sp::testing::FakeLoop loop_;
  TestPipe operator_;
  OperatorLog log_;
  LogWriter writer_;
  fs::path path_;
  NoNetwork network_;
  NoResolver resolver_;
  LogObserver observer_;
  proxy::Worker worker_;
  Arena arena_;
  runtime::CancelSource token_;
  proxy::Listen listen_{.text = "https://:443"};
  proxy::ClientConnection client_;
  policy::Upstream upstream_;
  policy::Server server_;
  policy::Site site_;
  policy::Route route_;
};

TEST_F(LogObserverTest, a_request_becomes_a_line_when_the_batch_is_old) {
  request();
  loop_.advance(50ms);
  EXPECT_EQ(access_log(), "") << "others may come";
  loop_.advance(50ms);
  const auto line = nlohmann::json::parse(access_log());
  EXPECT_EQ(line["time"], "2026-01-01T00:00:00.000Z") << "when it began";
  EXPECT_EQ(line["client"], "192.0.2.1");
  EXPECT_EQ(line["peer"], "10.0.0.9");
  EXPECT_EQ(line["target"], "/sympa?token=secret-in-query");
  EXPECT_EQ(line["route"], "path /sympa");
  EXPECT_EQ(line["place"], "sallyport.yaml:14");
  EXPECT_EQ(line["upstream"], "sympa");
  EXPECT_EQ(line["server"], "https://actual.host");
  EXPECT_EQ(line["user_agent"], "curl/8");
  EXPECT_EQ(line["ms"].dump(), R"({"connect":2.0,"first_byte":4.0,"head":1.0,"last_byte":8.0,"tls":2.0,"total":16.0})");
  EXPECT_FALSE(line.contains("error"));
}

TEST_F(LogObserverTest, no_credentials_get_into_any_log) {
  request(Code::connection_refused);
  loop_.advance(100ms);
  const std::string access = access_log();
  const std::string said = operator_.read();
  for (const char* secret : {"secret-cookie", "secret-password"}) {
    EXPECT_EQ(access.find(secret), std::string::npos) << access;
    EXPECT_EQ(said.find(secret), std::string::npos) << said;
  }
  EXPECT_EQ(said.find("secret-in-query"), std::string::npos) << said;
}

TEST_F(LogObserverTest, the_handshake_belongs_to_the_first_request) {
  client_.requests = 2;
  request();
  loop_.advance(100ms);
  EXPECT_FALSE(nlohmann::json::parse(access_log())["ms"].contains("tls"));
}

TEST_F(LogObserverTest, large_batches_do_not_wait) {
  int requests = 0;
  for (; access_log().empty(); ++requests) request();
  EXPECT_GE(fs::file_size(path_), LogObserver::batch_octets);
  EXPECT_EQ(std::ranges::count(access_log(), '\n'), requests);
}

TEST_F(LogObserverTest, a_failure_of_the_upstream_is_told_to_the_operator) {
  request(Code::connection_refused);
  const std::string said = operator_.read();
  for (const char* part : {" error connection_refused: ", " request=\"GET lists.example.com/sympa\"",
                           " client=192.0.2.1", " route=\"path /sympa\"", " place=sallyport.yaml:14",
                           " server=https://actual.host", " detail=10.0.0.7:443", " remedy=", " id="}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << " is not in " << said;
  }
  EXPECT_EQ(std::ranges::count(said, '\n'), 1);
}

TEST_F(LogObserverTest, what_a_client_does_wrong_is_in_the_access_log_only) {
  request(Code::bad_target);
  EXPECT_EQ(operator_.read(), "");
  loop_.advance(100ms);
  EXPECT_EQ(nlohmann::json::parse(access_log())["error"]["code"], "bad_target");
}

TEST_F(LogObserverTest, without_an_access_log_failures_are_told_all_the_same) {
  ASSERT_TRUE(writer_.set_sink({.access = {.value = "off"}}));
  request(Code::connection_refused);
  request();
  loop_.advance(100ms);
  EXPECT_EQ(std::ranges::count(operator_.read(), '\n'), 1);
  EXPECT_EQ(access_log(), "");
}

TEST_F(LogObserverTest, connections_that_fail_and_events_are_told) {
  observer_.connection_failed(client_, Code::client_tls_failed, "no shared cipher");
  observer_.event(Severity::notice, "ready", "4 workers");
  const std::string said = operator_.read();
  EXPECT_NE(said.find(" info client_tls_failed: "), std::string::npos) << said;
  EXPECT_NE(said.find(" client=10.0.0.9 listen=https://:443 detail=\"no shared cipher\""), std::string::npos) << said;
  EXPECT_NE(said.find(" notice ready detail=\"4 workers\"\n"), std::string::npos) << said;
}

TEST_F(LogObserverTest, a_server_that_is_marked_is_told_with_its_failure) {
  upstream_.fail_for = 10s;
  proxy::Exchange exchange(worker_, client_, arena_, token_);
  fill(exchange);
  exchange.fail_with({.code = Code::connection_refused, .side = Side::upstream}, "10.0.0.7:443 refused");
  observer_.server_marked_down(exchange);
  exchange.fail_with({.code = Code::upstream_closed, .side = Side::upstream});
  observer_.server_marked_down(exchange);
  const std::string said = operator_.read();
  EXPECT_NE(said.find(" warning server_marked_down: the server has failed too often: a worker asks it nothing for 10s "
                      "upstream=sympa server=https://actual.host error=connection_refused "
                      "detail=\"10.0.0.7:443 refused\" remedy=\"check that it runs "),
            std::string::npos)
      << said;
  EXPECT_NE(said.find(" error=upstream_closed detail=\"the server closed the connection without an answer\" "
                      "remedy=\"look into the log of the server, and ask `sallyport doctor`\"\n"),
            std::string::npos)
      << said;
}

TEST_F(LogObserverTest, an_attempt_that_failed_before_another_one_is_logged_with_it) {
  policy::Server other{.name = "https://other.host"};
  proxy::Exchange exchange(worker_, client_, arena_, token_);
  fill(exchange);
  exchange.retried = {Code::connection_refused, &other};
  observer_.exchange_ended(exchange);
  loop_.advance(100ms);
  const auto line = nlohmann::json::parse(access_log());
  EXPECT_EQ(line["retried"].dump(), R"({"code":"connection_refused","server":"https://other.host"})");
  EXPECT_FALSE(line.contains("error"));
}

TEST_F(LogObserverTest, a_head_that_was_not_understood_is_logged) {
  proxy::Exchange exchange(worker_, client_, arena_, token_);
  exchange.times.started = loop_.now();
  exchange.status = 400;
  exchange.fail_with({.code = Code::bad_request_line, .side = Side::client}, "a space too many");
  observer_.exchange_ended(exchange);
  loop_.advance(100ms);
  const auto line = nlohmann::json::parse(access_log());
  EXPECT_EQ(line["client"], "10.0.0.9");
  EXPECT_EQ(line["status"], 400);
  EXPECT_EQ(line["error"]["detail"], "a space too many");
  EXPECT_FALSE(line.contains("target"));
}

}  // namespace
}  // namespace sp::access_log
