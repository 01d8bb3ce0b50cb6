// `explain --outbound`, and tests of a configuration that ask a way out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/explain_command.h"
#include "app/test_command.h"
#include "app/testing.h"

namespace sp::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestWorld;

constexpr std::string_view two_ways = R"(outbound:
  - name: egress
    listen: proxy://127.0.0.1:3128
    users: users
    rules:
      - deny: [ bad.example.com ]
        reason: "ask the operations team"
      - { allow: [ .gitlab.com ], who: [ other ] }
      - { allow: [ example.com, "hooks.example.net:8443" ], who: [ mattermost ] }
      - { allow: [ 203.0.113.0/24 ] }
      - { allow: [ api.example.org ], methods: [ GET ], paths: [ /v1 ], ports: [ 80, 443 ] }
  - name: open
    listen: http://10.0.0.5:3128
    clients: [ 10.0.0.0/8 ]
    private_networks: [ 10.1.0.0/16 ]
    rules: [ { allow: [ "*" ] }, { deny: [ "*" ] } ]
)";

// Names lead nowhere, unless a test says so: nothing is looked up.
struct Asked {
  explicit Asked(std::string_view configuration = two_ways) {
    t.files.files["sallyport.yaml"] = configuration;
    t.files.files["users"] = "mattermost:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n";
    t.world.resolve = [this](std::string_view host, std::chrono::milliseconds) -> Result<std::vector<IpAddress>> {
      looked_up = host;
      return std::vector{*IpAddress::parse("198.51.100.7")};
    };
  }
  std::string explain(ExplainArguments arguments, Exit exit = Exit::ok) {
    arguments.outbound = true;
    EXPECT_EQ(explain_command(arguments, t.world), exit) << t.err();
    return exit == Exit::ok ? t.out() : t.err();
  }

  TestWorld t;
  std::string looked_up;
};

TEST(ExplainOutbound, says_each_decision_with_its_place) {
  Asked asked;
  const std::string text = asked.explain({.request = {"www.example.com:443"}, .user = "mattermost"});
  EXPECT_THAT(text, HasSubstr("www.example.com:443 from 127.0.0.1 by mattermost"));
  EXPECT_THAT(text, HasSubstr("entry      egress (proxy://127.0.0.1:3128)  (sallyport.yaml:2)"));
  EXPECT_THAT(text, HasSubstr("mattermost, who is in users"));
  EXPECT_THAT(text, HasSubstr("wants      a tunnel to www.example.com:443"));
  EXPECT_THAT(text, HasSubstr("rule 1     deny bad.example.com: passed over, it is for other destinations"));
  EXPECT_THAT(text, HasSubstr("rule 3     allow example.com, hooks.example.net:8443: it matches  (sallyport.yaml:9)"));
  EXPECT_THAT(text, Not(HasSubstr("rule 4")));
  EXPECT_THAT(text, HasSubstr("www.example.com leads to 1 address"));
  EXPECT_THAT(text, HasSubstr("address    198.51.100.7"));
  EXPECT_EQ(asked.looked_up, "www.example.com");
}

// What is refused is said as the log says it, and what to do is about the rule that comes nearest.
TEST(ExplainOutbound, says_what_to_do_about_the_rule_that_refuses) {
  const std::string path = Asked().explain({.request = {"http://api.example.org/v2"}, .user = "mattermost"});
  EXPECT_THAT(path, HasSubstr("no rule allows api.example.org:80: rule 5 (sallyport.yaml:11) is for other paths)"));
  EXPECT_THAT(path, HasSubstr("remedy     if this path is to be reached, add it to `paths` of rule 5"));
  const std::string denied = Asked().explain({.request = {"bad.example.com:443"}, .user = "mattermost"});
  EXPECT_THAT(denied, HasSubstr("remedy     if it is to be reached, change rule 1 (sallyport.yaml:6), or"));
  EXPECT_THAT(denied, Not(HasSubstr("add it to `allow`")));
}

struct Row {
  const char* name;
  ExplainArguments arguments;
  const char* outcome;
  int status;
  const char* code;  // empty: none
  const char* said;
};

class ExplainedOutbound : public ::testing::TestWithParam<Row> {};

TEST_P(ExplainedOutbound, comes_out) {
  Asked asked;
  ExplainArguments arguments = GetParam().arguments;
  arguments.format = Format::json;
  const auto json = nlohmann::json::parse(asked.explain(arguments));
  EXPECT_EQ(json["outcome"], GetParam().outcome) << json;
  EXPECT_EQ(json["status"], GetParam().status) << json;
  EXPECT_EQ(json.value("code", ""), GetParam().code) << json;
  EXPECT_THAT(json.dump(), HasSubstr(GetParam().said));
}

const std::optional<std::string> mattermost = "mattermost";

INSTANTIATE_TEST_SUITE_P(
    Rows, ExplainedOutbound,
    ::testing::Values(
        Row{"tunnel",
            {.request = {"hooks.example.net:8443"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "tunnel",
            200,
            "",
            "8.8.8.8 is allowed"},
        Row{"connect",
            {.request = {"CONNECT", "example.com:443"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "tunnel",
            200,
            "",
            ""},
        Row{"https_is_a_tunnel",
            {.request = {"https://example.com/x"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "tunnel",
            200,
            "",
            "a tunnel to example.com:443"},
        Row{"request",
            {.request = {"http://example.com/x?y"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "request",
            0,
            "",
            "GET /x of example.com:80"},
        Row{"reason",
            {.request = {"bad.example.com:443"}, .user = mattermost},
            "refuse",
            403,
            "destination_refused",
            "ask the operations team"},
        Row{"other_user",
            {.request = {"ci.gitlab.com:443"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "refuse",
            403,
            "destination_refused",
            "it is for other users"},
        Row{"other_port",
            {.request = {"example.com:22"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "refuse",
            403,
            "destination_refused",
            "it is for other ports"},
        Row{"by_address",
            {.request = {"anything.example.edu:443"}, .user = mattermost, .addresses = {"203.0.113.9"}},
            "tunnel",
            200,
            "",
            "203.0.113.0/24"},
        Row{"private_address",
            {.request = {"example.com:443"}, .user = mattermost, .addresses = {"10.0.0.7"}},
            "refuse",
            403,
            "destination_address_refused",
            "private network"},
        Row{"one_of_two",
            {.request = {"example.com:443"}, .user = mattermost, .addresses = {"10.0.0.7", "8.8.8.8"}},
            "tunnel",
            200,
            "",
            "10.0.0.7 is refused"},
        Row{"metadata", {.request = {"169.254.169.254:80"}, .entry = "open"}, "refuse", 403, "destination_refused", ""},
        Row{"hidden_method",
            {.request = {"api.example.org:443"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "refuse",
            403,
            "destination_refused",
            "cannot be seen in a tunnel"},
        Row{"seen_method",
            {.request = {"http://api.example.org/v1/x"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "request",
            0,
            "",
            ""},
        Row{"other_path",
            {.request = {"http://api.example.org/v2"}, .user = mattermost, .addresses = {"8.8.8.8"}},
            "refuse",
            403,
            "destination_refused",
            "it is for other paths"},
        Row{"nobody", {.request = {"example.com:443"}}, "refuse", 407, "proxy_authentication_required", "--user NAME"},
        Row{"unknown_user",
            {.request = {"example.com:443"}, .user = "eve"},
            "refuse",
            407,
            "proxy_authentication_required",
            "eve is not in users"},
        Row{"other_client",
            {.from = "192.0.2.7", .request = {"example.com:443"}, .entry = "open"},
            "refuse",
            403,
            "denied",
            "10.0.0.0/8"},
        Row{"usual_client",
            {.request = {"example.com:443"}, .entry = "open", .addresses = {"10.1.2.3"}},
            "tunnel",
            200,
            "",
            "10.0.0.0"},
        Row{"disguised", {.request = {"127.1:443"}, .user = mattermost}, "refuse", 400, "destination_malformed", ""},
        Row{"trace",
            {.request = {"TRACE", "http://example.com/"}, .user = mattermost},
            "refuse",
            405,
            "trace_refused",
            ""}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ExplainOutbound, looks_up_only_what_is_allowed) {
  Asked asked;
  asked.explain({.request = {"nobody.example.edu:443"}, .entry = "open"});
  EXPECT_EQ(asked.looked_up, "nobody.example.edu");
  Asked refused;
  refused.explain({.request = {"bad.example.com:443"}, .user = "mattermost"});
  EXPECT_EQ(refused.looked_up, "");
}

TEST(ExplainOutbound, a_name_without_an_address_is_a_bad_gateway) {
  Asked asked;
  asked.t.world.resolve = [](std::string_view, std::chrono::milliseconds) -> Result<std::vector<IpAddress>> {
    return fail(Code::dns_no_address, "there is no such name");
  };
  EXPECT_THAT(asked.explain({.request = {"example.com:443"}, .user = "mattermost"}),
              HasSubstr("refused    502 dns_no_address"));
}

TEST(ExplainOutbound, says_what_is_no_question) {
  const auto said = [](const ExplainArguments& arguments, Exit exit) { return Asked().explain(arguments, exit); };
  EXPECT_THAT(said({.request = {"example.com"}}, Exit::failed), HasSubstr("neither HOST:PORT nor a URL"));
  EXPECT_THAT(said({.request = {"GET", "example.com:443"}}, Exit::failed), HasSubstr("by CONNECT, not by GET"));
  EXPECT_THAT(said({.request = {"example.com:443"}, .entry = "none"}, Exit::failed),
              HasSubstr("there are: egress, open"));
  EXPECT_THAT(said({.request = {"example.com:443"}, .addresses = {"here"}}, Exit::usage), HasSubstr("--address"));
  EXPECT_THAT(said({.fields = {"A: b"}, .request = {"example.com:443"}}, Exit::usage), HasSubstr("--header"));
  TestWorld t;
  t.files.files["sallyport.yaml"] = two_ways;
  EXPECT_EQ(explain_command({.request = {"http://example.com/"}, .user = "mattermost"}, t.world), Exit::usage);
  EXPECT_THAT(t.err(), HasSubstr("add --outbound"));
  TestWorld plain;
  plain.files.files["sallyport.yaml"] = two_ways;
  EXPECT_EQ(explain_command({.request = {"https://example.com/"}}, plain.world), Exit::failed);
  EXPECT_THAT(plain.err(), HasSubstr("with --outbound"));
}

// ---- what else a way out may do

constexpr std::string_view other_ways = R"(outbound:
  - name: opened
    listen: proxy://127.0.0.1:3128
    inspect: { ca: { cert: ca.pem, key: ca.key }, except: [ bank.example ] }
    rules:
      - { allow: [ api.example ], methods: [ GET ], paths: [ /v1 ] }
      - { allow: [ bank.example ] }
  - name: watched
    listen: proxy://127.0.0.1:3129
    mode: observe
    rules: [ { allow: [ example.com ] } ]
  - name: by-parent
    listen: proxy://127.0.0.1:3130
    parent: { url: "http://192.0.2.9:3128", no_proxy: .direct.example }
    per_user: { rate: 20/s, tunnels: 5 }
    scanner: { responses: "icap://127.0.0.1:1344/avscan" }
    rules: [ { allow: [ example.com, .direct.example ] }, { allow: [ 8.0.0.0/8 ] } ]
)";

class ExplainedOtherWays : public ::testing::TestWithParam<Row> {};

TEST_P(ExplainedOtherWays, comes_out) {
  Asked asked(other_ways);
  asked.t.world.resolve = [](std::string_view, std::chrono::milliseconds) -> Result<std::vector<IpAddress>> {
    return fail(Code::dns_no_address, "there is no such name");
  };
  ExplainArguments arguments = GetParam().arguments;
  arguments.format = Format::json;
  const auto json = nlohmann::json::parse(asked.explain(arguments));
  EXPECT_EQ(json["outcome"], GetParam().outcome) << json.dump(1);
  EXPECT_EQ(json["status"], GetParam().status) << json.dump(1);
  EXPECT_EQ(json.value("code", ""), GetParam().code) << json.dump(1);
  EXPECT_THAT(json.dump(), HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ExplainedOtherWays,
    ::testing::Values(Row{"opened",
                          {.request = {"https://api.example/v1/x?y"}, .entry = "opened", .addresses = {"8.8.8.8"}},
                          "tunnel",
                          200,
                          "",
                          "GET /v1/x of api.example:443"},
                      Row{"other_method_inside",
                          {.request = {"POST", "https://api.example/v1"}, .entry = "opened", .addresses = {"8.8.8.8"}},
                          "refuse",
                          403,
                          "destination_refused",
                          "it is for other methods"},
                      Row{"other_path_inside",
                          {.request = {"https://api.example/v2"}, .entry = "opened", .addresses = {"8.8.8.8"}},
                          "refuse",
                          403,
                          "destination_refused",
                          "it is for other paths"},
                      Row{"refused_before",
                          {.request = {"other.example:443"}, .entry = "opened"},
                          "refuse",
                          403,
                          "destination_refused",
                          "told inside of the tunnel"},
                      Row{"stays_closed",
                          {.request = {"bank.example:443"}, .entry = "opened", .addresses = {"8.8.8.8"}},
                          "tunnel",
                          200,
                          "",
                          "the tunnel stays closed: `except` has it"},
                      Row{"watched",
                          {.request = {"other.example:443"}, .entry = "watched", .addresses = {"8.8.8.8"}},
                          "tunnel",
                          200,
                          "",
                          "observe: the rules refuse it"},
                      Row{"watched_and_allowed",
                          {.request = {"example.com:443"}, .entry = "watched", .addresses = {"8.8.8.8"}},
                          "tunnel",
                          200,
                          "",
                          "they allow this"},
                      Row{"watched_and_private",
                          {.request = {"other.example:443"}, .entry = "watched", .addresses = {"10.0.0.1"}},
                          "refuse",
                          403,
                          "destination_address_refused",
                          ""},
                      Row{"by_parent",
                          {.request = {"example.com:443"}, .entry = "by-parent", .addresses = {"8.8.8.8"}},
                          "tunnel",
                          200,
                          "",
                          "by parent http://192.0.2.9:3128"},
                      Row{"by_parent_unless_not",
                          {.request = {"x.direct.example:443"}, .entry = "by-parent", .addresses = {"8.8.8.8"}},
                          "tunnel",
                          200,
                          "",
                          "directly: no_proxy"},
                      Row{"one_refused_address_is_enough",
                          {.request = {"example.com:443"}, .entry = "by-parent", .addresses = {"8.8.8.8", "10.0.0.1"}},
                          "refuse",
                          403,
                          "destination_address_refused",
                          ""},
                      Row{"by_its_name_alone",
                          {.request = {"example.com:443"}, .entry = "by-parent"},
                          "tunnel",
                          200,
                          "",
                          "leads to no address"},
                      Row{"not_by_its_name_alone",
                          {.request = {"other.example:443"}, .entry = "by-parent"},
                          "refuse",
                          403,
                          "destination_refused",
                          "parent proxy's to know"},
                      Row{"limits",
                          {.request = {"example.com:443"}, .entry = "by-parent"},
                          "tunnel",
                          200,
                          "",
                          "each client: 20/s, 5 tunnels at a time"},
                      Row{"scanner",
                          {.request = {"http://example.com/"}, .entry = "by-parent"},
                          "request",
                          0,
                          "",
                          "is shown responses to icap://127.0.0.1:1344/avscan"}),
    [](const auto& each) { return std::string(each.param.name); });

// ---- tests of the configuration

std::pair<Exit, std::string> tested(const std::string& tests) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = std::string(two_ways) + tests;
  const Exit exit = test_command({}, t.world);
  return {exit, t.out() + t.err()};
}

TEST(TestOutbound, passes_where_it_comes_out_as_expected) {
  const auto [exit, said] = tested(R"(tests:
  - { outbound: "CONNECT example.com:443", user: mattermost, expect: allowed }
  - { outbound: "CONNECT bad.example.com:443", user: mattermost, expect: denied }
  - { outbound: "bad.example.com:443", user: mattermost, expect: destination_refused }
  - { outbound: "CONNECT ci.gitlab.com:443", user: other, expect: { rule: .gitlab.com, refused: allowed } }
  - { outbound: "GET http://api.example.org/v1", user: mattermost, address: 8.8.8.8, expect: { rule: api.example.org } }
  - { outbound: "CONNECT example.com:443", user: mattermost, address: 127.0.0.1, expect: destination_address_refused }
  - { outbound: "CONNECT example.com:443", expect: proxy_authentication_required }
  - { outbound: "CONNECT 8.8.8.8:443", entry: open, expect: allowed }
  - { outbound: "CONNECT 8.8.8.8:443", entry: open, from: 192.0.2.1, expect: denied }
)");
  EXPECT_EQ(exit, Exit::ok) << said;
  EXPECT_THAT(said, HasSubstr("9 passed, 0 failed"));
  EXPECT_THAT(said, HasSubstr("pass CONNECT example.com:443 by mattermost  (sallyport.yaml:"));
}

TEST(ExplainOutbound, shows_no_passwords_of_urls) {
  const std::vector<std::string> requests[] = {{"http://anna:sesame@example.com/a@b"},
                                               {"GET", "http://anna:sesame@example.com/"},
                                               {"anna:sesame@example.com:443"}};
  for (const std::vector<std::string>& request : requests) {
    for (const Format format : {Format::text, Format::json}) {
      Asked asked;
      ExplainArguments arguments{.request = request, .user = "mattermost"};
      arguments.format = format;
      const std::string said = asked.explain(arguments);
      EXPECT_THAT(said, Not(HasSubstr("sesame")));
    }
  }
}

// ---- images, which the gate fetches as the user image-proxy

constexpr std::string_view with_images = R"(inbound:
  - name: web
    listen: "http://:80"
    sites:
      - hosts: [ images.example ]
        routes: [ { path: /, image_proxy: { key: secret, outbound: pictures } } ]
outbound:
  - name: egress
    listen: proxy://127.0.0.1:3128
  - name: pictures
    listen: proxy://127.0.0.1:3129
    users: users
    clients: [ 10.0.0.0/8 ]
    rules:
      - { allow: [ pics.example ], who: [ image-proxy ], ports: [ 80, 443 ], methods: [ GET ], paths: [ /public ] }
)";

TEST(ExplainImages, by_the_user_of_the_gate_itself) {
  Asked asked(with_images);
  const std::string text = asked.explain({.request = {"http://pics.example/public/a.png"},
                                          .user = "image-proxy",
                                          .entry = "pictures",
                                          .addresses = {"8.8.8.8"}});
  EXPECT_THAT(text, HasSubstr("127.0.0.1, the gate itself; `clients` is not asked"));
  EXPECT_THAT(text, HasSubstr("image-proxy, the gate itself, which fetches images; `users` is not asked"));
  EXPECT_THAT(text, HasSubstr("wants      GET /public/a.png of pics.example:80"));
  EXPECT_THAT(text, HasSubstr("rule 1     allow pics.example: it matches"));
  EXPECT_THAT(text, Not(HasSubstr("refused")));
}

TEST(ExplainImages, refuses_to_be_asked_what_the_gate_does_not_do) {
  for (const std::vector<std::string>& request :
       {std::vector<std::string>{"pics.example:443"}, {"POST", "http://pics.example/public"}}) {
    EXPECT_THAT(Asked(with_images).explain({.request = request, .user = "image-proxy"}, Exit::failed),
                HasSubstr("fetches images by GET"));
  }
}

TEST(TestOutbound, judges_images_as_they_are_fetched) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = std::string(with_images) + R"(tests:
  - { outbound: "GET https://pics.example/public/a.png", entry: pictures, user: image-proxy, address: 8.8.8.8, expect: allowed }
  - { outbound: "GET http://pics.example/public/a.png", entry: pictures, user: image-proxy, address: 8.8.8.8, expect: allowed }
  - { outbound: "GET https://pics.example/public/a.png", entry: pictures, user: image-proxy, address: 10.0.0.7, expect: destination_address_refused }
  - { outbound: "GET https://pics.example/private/a.png", entry: pictures, user: image-proxy, expect: destination_refused }
  - { outbound: "GET https://pics.example:444/public", entry: pictures, user: image-proxy, expect: destination_refused }
  - { outbound: "GET https://pics.example/public/a.png", entry: egress, user: image-proxy, expect: denied }
)";
  const Exit exit = test_command({}, t.world);
  EXPECT_EQ(exit, Exit::ok) << t.out() << t.err();
  EXPECT_THAT(t.out(), HasSubstr("6 passed, 0 failed"));
}

// `url` signed with the key of `with_images`, by the form with a query.
struct SignedRow {
  const char* name;
  std::vector<std::string> request;
  const char* said;
};

class ExplainedImages : public ::testing::TestWithParam<SignedRow> {};

TEST_P(ExplainedImages, says_what_the_rules_make_of_it) {
  for (const Format format : {Format::text, Format::json}) {
    Asked asked(with_images);
    ExplainArguments arguments{.request = GetParam().request};
    arguments.format = format;
    ASSERT_EQ(explain_command(arguments, asked.t.world), Exit::ok) << asked.t.err();
    EXPECT_THAT(asked.t.out(), HasSubstr(GetParam().said));
  }
}

// printf %s http://pics.example/public/a.png | openssl dgst -sha1 -hmac secret
INSTANTIATE_TEST_SUITE_P(
    Rows, ExplainedImages,
    ::testing::Values(
        SignedRow{
            "entry",
            {"http://images.example/"
             "f58e326ea1914f1873543fb6b2b44ee781164922?url=http%3A%2F%2Fpics.example%2Fpublic%2Fa.png"},
            "of http://pics.example/public/a.png, which the gate fetches as the user image-proxy, by the rules of "
            "`pictures`"},
        SignedRow{"allowed",
                  {"http://images.example/"
                   "f58e326ea1914f1873543fb6b2b44ee781164922?url=http%3A%2F%2Fpics.example%2Fpublic%2Fa.png"},
                  "allow pics.example: it matches"},
        SignedRow{
            "refused",
            {"http://images.example/db12c95bba5c01df97c5268bee79a27302109883?url=https%3A%2F%2Fpics.example%2Fprivate"},
            "403 destination_refused"},
        SignedRow{
            "not_signed",
            {"http://images.example/f58e326ea1914f1873543fb6b2b44ee781164922?url=https%3A%2F%2Fpics.example%2Fprivate"},
            "refused as image_url_signature"},
        SignedRow{"method",
                  {"POST",
                   "http://images.example/"
                   "f58e326ea1914f1873543fb6b2b44ee781164922?url=http%3A%2F%2Fpics.example%2Fpublic%2Fa.png"},
                  "refused as image_method"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(TestOutbound, says_what_came_of_it_instead) {
  const auto [exit, said] = tested(R"(tests:
  - { outbound: "CONNECT example.com:443", user: mattermost, expect: denied }
  - { outbound: "CONNECT bad.example.com:443", user: mattermost, expect: allowed }
  - { outbound: "CONNECT example.com:443", user: mattermost, address: 8.8.8.8, expect: { rule: .gitlab.com } }
  - { outbound: "CONNECT nobody.example.edu:443", user: mattermost, expect: allowed }
)");
  EXPECT_EQ(exit, Exit::failed);
  EXPECT_THAT(said, HasSubstr("expected denied, but it is allowed (rule 3 (sallyport.yaml:9) allows `example.com`)"));
  EXPECT_THAT(said, HasSubstr("expected allowed, but it is refused as destination_refused (rule 1"));
  EXPECT_THAT(said, HasSubstr("rule: expected .gitlab.com, but"));
  EXPECT_THAT(said, HasSubstr("expected allowed, but the addresses of the name decide: give them by `address`"));
  EXPECT_THAT(said, HasSubstr("0 passed, 4 failed"));
}

}  // namespace
}  // namespace sp::app
