// What the record gets to know of exchanges, on a whole gate: `mode: observe`, and what is refused all the same.
#include "services/record/sighting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>

#include "proxy/outbound/use.h"
#include "proxy/outbound/users.h"
#include "testing/gate/gate.h"

namespace sp::record {
namespace {

using namespace std::string_literals;
using sp::testing::Gate;
using sp::testing::GateOptions;
using sp::testing::Scripted;
using sp::testing::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = policy::Observed::Verdict;

class OneUser final : public proxy::Users {
 public:
  runtime::Task<Answer> verify(std::string_view user, std::string_view password, runtime::CancelToken&) override {
    co_return user == "mattermost" && password == "secret" ? Answer::right : Answer::wrong;
  }
};

constexpr std::string_view observing = R"(outbound:
  - name: egress
    listen: [ "proxy://127.0.0.1:3128" ]
    mode: observe
    record: /var/lib/egress.db
    rules:
      - { allow: [ example.com ] }
      - { deny: [ denied.net ] }
)";

class Sighted : public ::testing::Test {
 protected:
  void start(std::string_view yaml = observing, GateOptions options = {}) {
    gate = std::make_unique<Gate>(yaml, std::move(options));
    gate->observed.also = [this](const proxy::Exchange& exchange) { note(exchange); };
    for (const char* name : {"example.com", "Denied.NET.", "Denied.NET", "denied.net.", "denied.net", "other.org"})
      gate->resolver.set(name, {"1.2.3.4"});
    gate->resolver.set("private.org", {"10.0.0.1"});
  }
  void note(const proxy::Exchange& exchange) {
    const auto sighting = sighting_of(exchange, 1000);
    if (!sighting) {
      seen.emplace_back("-");
      return;
    }
    sightings.push_back(*sighting);
    const SightingKey& key = sighting->key;
    static constexpr std::array kinds{"request", "tunnel", "to inspect", "inspected"};
    static constexpr std::array verdicts{"allowed", "would_refuse", "refused"};
    seen.push_back(fmt::format("{} {}:{} {} {} {}", kinds.at(static_cast<std::size_t>(key.kind)), key.host, key.port,
                               verdicts.at(static_cast<std::size_t>(key.verdict)),
                               sighting->sum.reached != 0 ? sighting->sum.address : "not reached", key.rule));
  }
  Scripted client() { return gate->client("127.0.0.1:50000", "127.0.0.1:3128"); }
  // A tunnel through which 5 octets go and 7 come, unless it is refused.
  void tunnel(std::string_view to, std::string_view more = {}, bool reached = true) {
    Scripted connected = client();
    ScriptedServer& listener = gate->server("1.2.3.4:443");
    connected.send(fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", to, more));
    if (reached) {
      Scripted server = listener.accept();
      connected.take_until("\r\n\r\n");
      connected.send("hello");
      server.expect("hello");
      server.send("goodbye");
      connected.expect("goodbye");
      server.close();
    } else {
      connected.take_until("\r\n\r\n");
    }
    connected.close();
  }

  std::unique_ptr<Gate> gate;
  std::vector<std::string> seen;
  std::vector<Sighting> sightings;
};

TEST_F(Sighted, tunnels_by_what_the_rules_would_have_said) {
  start();
  tunnel("example.com:443");
  tunnel("Denied.NET.:443");
  tunnel("other.org:443");
  EXPECT_THAT(seen, ElementsAre("tunnel example.com:443 allowed 1.2.3.4 sallyport.yaml:7",
                                "tunnel denied.net:443 would_refuse 1.2.3.4 sallyport.yaml:8",
                                "tunnel other.org:443 would_refuse 1.2.3.4 "));
  EXPECT_EQ(sightings.at(0).sum.octets_out, 5U);
  EXPECT_EQ(sightings.at(0).sum.octets_in, 7U);
  EXPECT_EQ(sightings.at(0).key.entry, "egress");
  EXPECT_EQ(sightings.at(0).key.path, "/var/lib/egress.db");
  EXPECT_EQ(sightings.at(0).key.client, "127.0.0.1");
  EXPECT_EQ(sightings.at(0).key.day, 0);
}

TEST_F(Sighted, private_addresses_are_refused_all_the_same) {
  start();
  tunnel("private.org:443", {}, false);
  tunnel("10.0.0.1:443", {}, false);
  tunnel("169.254.169.254:80", {}, false);
  EXPECT_THAT(seen,
              ElementsAre("tunnel private.org:443 refused not reached ", "tunnel 10.0.0.1:443 refused not reached ",
                          "tunnel 169.254.169.254:80 refused not reached "));
  for (const Sighting& each : sightings) EXPECT_EQ(each.key.code, "destination_address_refused");
}

TEST_F(Sighted, a_name_that_nobody_knows_is_not_reached) {
  start();
  tunnel("nobody.org:443", {}, false);
  EXPECT_THAT(seen, ElementsAre("tunnel nobody.org:443 would_refuse not reached "));
}

TEST_F(Sighted, requests) {
  start();
  ScriptedServer& listener = gate->server("1.2.3.4:80");
  Scripted asking = client();
  asking.send("GET http://other.org/a HTTP/1.1\r\nHost: other.org\r\n\r\n");
  Scripted server = listener.accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(asking.take_until("ok").starts_with("HTTP/1.1 200 "));
  asking.close();
  server.close();
  EXPECT_THAT(seen, ElementsAre("request other.org:80 would_refuse 1.2.3.4 "));
}

TEST_F(Sighted, socks) {
  start();
  ScriptedServer& listener = gate->server("1.2.3.4:443");
  Scripted asking = client();
  asking.send("\x05\x01\x00"s);
  asking.expect("\x05\x00"s);
  asking.send(
      "\x05\x01\x00\x03\x09"
      "other.org\x01\xbb"s);
  Scripted server = listener.accept();
  asking.expect("\x05\x00\x00\x01\0\0\0\0\0\0"s);
  server.close();
  asking.close();
  EXPECT_THAT(seen, ElementsAre("tunnel other.org:443 would_refuse 1.2.3.4 "));
}

TEST_F(Sighted, where_it_enforces_what_is_refused_is_recorded_as_such) {
  std::string enforcing(observing);
  enforcing.replace(enforcing.find("    mode: observe\n"), 18, "");
  start(enforcing);
  tunnel("example.com:443");
  tunnel("denied.net:443", {}, false);
  tunnel("other.org:443", {}, false);
  EXPECT_THAT(seen, ElementsAre("tunnel example.com:443 allowed 1.2.3.4 sallyport.yaml:6",
                                "tunnel denied.net:443 refused not reached sallyport.yaml:7",
                                "tunnel other.org:443 refused not reached "));
  EXPECT_EQ(sightings.at(2).key.code, "destination_refused");
}

TEST_F(Sighted, users_only_once_they_are_known) {
  GateOptions options;
  options.users = std::make_shared<OneUser>();
  std::string with_users(observing);
  with_users.insert(with_users.find("    mode"), "    users: users\n");
  start(with_users, options);
  tunnel("other.org:443", {}, false);
  tunnel("other.org:443", "Proxy-Authorization: Basic eDp5\r\n", false);
  EXPECT_THAT(sightings, IsEmpty());
  tunnel("other.org:443", "Proxy-Authorization: Basic bWF0dGVybW9zdDpzZWNyZXQ=\r\n");
  ASSERT_EQ(sightings.size(), 1U);
  EXPECT_EQ(sightings[0].key.user, "mattermost");
}

TEST_F(Sighted, nothing_without_a_record_or_without_a_destination) {
  start();
  tunnel("127.1:443", {}, false);
  Scripted odd = client();
  odd.send("GET / HTTP/1.1\r\nHost: other.org\r\n\r\n");
  odd.take_until("\r\n\r\n");
  odd.close();
  std::string without(observing);
  without.replace(without.find("    record: /var/lib/egress.db\n"), 31, "");
  gate.reset();
  start(without);
  tunnel("other.org:443");
  EXPECT_THAT(seen, ElementsAre("-", "-", "-"));
}

}  // namespace
}  // namespace sp::record
