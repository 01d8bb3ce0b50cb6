// The commands as a shell sees them: what they print, and their exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "app/check_command.h"
#include "app/describe_commands.h"
#include "app/doctor_command.h"
#include "app/dry_outbound.h"
#include "app/egress_command.h"
#include "app/explain_command.h"
#include "app/import_command.h"
#include "app/reverse_proxy_command.h"
#include "app/test_command.h"
#include "app/testing.h"
#include "config/load.h"
#include "proxy/compile_snapshot.h"
#include "tls/self_signed.h"
#include "tls/ticket_keys.h"

namespace sp::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestWorld;
using testing::two_sites;

TEST(FindConfiguration, takes_the_first_default_that_exists_and_says_where_it_has_looked) {
  TestWorld t;
  EXPECT_EQ(check_command({}, t.world), Exit::usage);
  EXPECT_THAT(t.err(), HasSubstr("/etc/sallyport/sallyport.yaml"));
  t.files.files["/etc/sallyport/sallyport.yaml"] = "inbound: 1\n";
  EXPECT_EQ(find_configuration(std::nullopt, t.world), "/etc/sallyport/sallyport.yaml");
  t.files.files["sallyport.yaml"] = "inbound: 1\n";
  EXPECT_EQ(find_configuration(std::nullopt, t.world), "sallyport.yaml");
  EXPECT_EQ(find_configuration("other.yaml", t.world), "other.yaml");
}

TEST(Check, says_what_is_wrong_with_its_place) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = "inbound:\n  - listen: http://:80\n    site: []\n";
  EXPECT_EQ(check_command({}, t.world), Exit::configuration);
  EXPECT_THAT(t.out(), HasSubstr("sallyport.yaml:3:5: error: "));
  EXPECT_THAT(t.out(), HasSubstr("error"));
}

TEST(Check, warns_of_users_whom_the_file_does_not_have) {
  const std::string_view way_out =
      "outbound:\n  - listen: proxy://127.0.0.1:3128\n    users: users\n    rules:\n"
      "      - { allow: [ a.example ], who: [ anna, image-proxy ] }\n      - { allow: [ b.example ], who: [ ana ] }\n";
  TestWorld t;
  t.files.files["sallyport.yaml"] = way_out;
  t.files.files["users"] = "anna:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n";
  EXPECT_EQ(check_command({}, t.world), Exit::ok) << t.out();
  EXPECT_THAT(t.out(), HasSubstr("sallyport.yaml:6:9: warning: `who` names `ana`, who is not in users"));
  EXPECT_THAT(t.out(), Not(HasSubstr("names `anna`")));
  EXPECT_THAT(t.out(), Not(HasSubstr("names `image-proxy`")));
}

TEST(Check, warns_of_rules_whose_last_day_is_over) {
  const auto said_on = [](std::chrono::sys_days today) {
    TestWorld t;
    t.world.now = today + std::chrono::hours(23);
    t.files.files["sallyport.yaml"] =
        "outbound:\n  - listen: proxy://127.0.0.1:3128\n    rules:\n"
        "      - { allow: [ a.example ], until: 2027-01-31 }\n";
    EXPECT_EQ(check_command({}, t.world), Exit::ok) << t.out();
    return t.out();
  };
  using namespace std::chrono;
  EXPECT_THAT(said_on(2027y / January / 31), Not(HasSubstr("warning")));
  EXPECT_THAT(said_on(2027y / February / 1),
              HasSubstr("sallyport.yaml:4:40: warning: this rule held until 2027-01-31"));
}

TEST(Check, wants_the_certificates_unless_told_otherwise) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = two_sites;
  EXPECT_EQ(check_command({}, t.world), Exit::configuration);
  EXPECT_THAT(t.out(), HasSubstr("lists.pem"));
  TestWorld elsewhere;
  elsewhere.files.files["sallyport.yaml"] = two_sites;
  EXPECT_EQ(check_command({.named_files = NamedFiles::not_looked_at}, elsewhere.world), Exit::ok);
  EXPECT_EQ(elsewhere.out(), "sallyport.yaml can be run: 1 entry, 2 sites, 5 routes\n");
}

TEST(Check, wants_the_folder_of_the_access_log) {
  const std::string rest =
      "inbound: [ { listen: http://:80, sites: [ { routes: [ { path: /, respond: { body: hi } } ] } ] } ]\n";
  TestWorld t;
  t.files.files["sallyport.yaml"] = rest + "log: { access: /var/log/gate/access.log }\n";
  EXPECT_EQ(check_command({}, t.world), Exit::configuration);
  EXPECT_THAT(
      t.out(),
      HasSubstr("sallyport.yaml:2:16: error: cannot write to `/var/log/gate/access.log`: its folder does not exist"));
  EXPECT_THAT(t.out(), HasSubstr("remedy: make it: `mkdir -p /var/log/gate`"));
  EXPECT_EQ(check_command({.named_files = NamedFiles::not_looked_at}, t.world), Exit::ok);
  t.files.files["/var/log/gate/other.log"] = "";
  EXPECT_EQ(check_command({}, t.world), Exit::ok) << t.out();
  TestWorld folder;
  folder.files.files = t.files.files;
  folder.files.files["sallyport.yaml"] = rest + "log: { access: /var/log/gate }\n";
  EXPECT_EQ(check_command({}, folder.world), Exit::configuration);
  EXPECT_THAT(folder.out(), HasSubstr("name a file in it: `/var/log/gate/access.log`"));
}

TEST(Check, warns_of_a_name_that_no_certificate_has) {
  TestWorld t;
  std::array<std::string, 1> names{"lists.example.org"};
  auto pair = tls::make_self_signed(names, 7, t.world.now);
  ASSERT_TRUE(pair);
  t.files.files["a.pem"] = pair->certificate;
  t.files.files["a.key"] = pair->key;
  t.files.files["sallyport.yaml"] =
      "certificates: [ { cert: a.pem, key: a.key } ]\n"
      "inbound:\n"
      "- listen: [ \"https://:443\", \"http://:80\" ]\n"
      "  sites: [ { hosts: [ lists.example.com, lists.example.org ], routes: [ { path: /, respond: { body: hi } } ] } "
      "]\n";
  EXPECT_EQ(check_command({}, t.world), Exit::ok);
  EXPECT_THAT(t.out(), HasSubstr("sallyport.yaml:4:"));
  EXPECT_THAT(t.out(), HasSubstr("warning: no certificate is for `lists.example.com`"));
  EXPECT_THAT(t.out(), Not(HasSubstr("`lists.example.org`")));
}

TEST(Check, says_nothing_of_names_while_a_certificate_cannot_be_loaded) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = two_sites;
  EXPECT_EQ(check_command({}, t.world), Exit::configuration);
  EXPECT_THAT(t.out(), HasSubstr("cannot read lists.pem"));
  EXPECT_THAT(t.out(), Not(HasSubstr("no certificate is for")));
}

TEST(Check, prints_json) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = "inbound: 1\n";
  EXPECT_EQ(check_command({.format = Format::json}, t.world), Exit::configuration);
  auto list = nlohmann::json::parse(t.out());
  ASSERT_FALSE(list.empty());
  EXPECT_EQ(list[0]["line"], 1);
}

std::string explained(const ExplainArguments& arguments, Exit exit = Exit::ok) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = two_sites;
  EXPECT_EQ(explain_command(arguments, t.world), exit) << t.err();
  return exit == Exit::ok ? t.out() : t.err();
}

TEST(Explain, tells_the_way_of_a_request) {
  std::string text = explained({.request = {"https://lists.example.com/sympa/home?x=1"}});
  EXPECT_THAT(text, HasSubstr("listener   web (https://:443)  (sallyport.yaml:4)"));
  EXPECT_THAT(text, HasSubstr("route      path /sympa  (sallyport.yaml:10)"));
  EXPECT_THAT(text,
              HasSubstr("asked for  https://actual.host/wws/home?x=1; /sympa is replaced by /wws; Host is preserved"));
  EXPECT_THAT(text, HasSubstr("fields     Host: lists.example.com\n"));
  EXPECT_THAT(text, HasSubstr("           Front-End-Https: On\n"));
  EXPECT_THAT(text,
              HasSubstr("for any name (verify: chain); authorities: the system's; asked for as lists.example.com"));
  EXPECT_THAT(text, HasSubstr("https://actual.host/wws/home?x=1 becomes https://lists.example.com/sympa/home?x=1"));
}

TEST(Explain, names_the_rule_that_refused) {
  std::string text = explained({.from = "198.51.100.7", .request = {"POST", "https://lists.example.com/soap"}});
  EXPECT_THAT(text, HasSubstr("198.51.100.7 is not in `allow`, which begins with 192.0.2.0/24 (sallyport.yaml:16)"));
  EXPECT_THAT(text, HasSubstr("refused    403 denied"));
  EXPECT_THAT(text, Not(HasSubstr("asked for")));
}

TEST(Explain, believes_trusted_proxies_about_the_client) {
  std::string text = explained(
      {.from = "10.1.2.3", .fields = {"X-Forwarded-For: 192.0.2.9"}, .request = {"https://lists.example.com/soap"}});
  EXPECT_THAT(text, HasSubstr("client     192.0.2.9 over https; 10.1.2.3 is one of trusted_proxies"));
  EXPECT_THAT(text, HasSubstr("192.0.2.9 is allowed by 192.0.2.0/24"));
  EXPECT_THAT(text, HasSubstr("X-Forwarded-For: 192.0.2.9, 10.1.2.3\n"));
}

TEST(Explain, knows_redirects_responses_and_upstreams_of_several_servers) {
  EXPECT_THAT(explained({.request = {"http://lists.example.com/sympa"}}),
              HasSubstr("https      301 to https://lists.example.com/sympa"));
  EXPECT_THAT(explained({.request = {"https://lists.example.com/"}}),
              HasSubstr("redirect   301 to /sympa  (sallyport.yaml:17)"));
  EXPECT_THAT(explained({.request = {"https://chat.example.com/teapot"}}),
              HasSubstr("respond    418 by the gate: /teapot"));
  std::string chat = explained({.request = {"https://chat.example.com/x"}});
  EXPECT_THAT(chat, HasSubstr("chat: 2 servers"));
  EXPECT_THAT(chat, HasSubstr("http://10.0.0.22:8065/x, only while no other can be used, as 10.0.0.22:8065"));
}

TEST(Explain, says_how_servers_are_checked) {
  const auto of = [](std::string_view servers, std::string_view health) {
    TestWorld t;
    t.files.files["sallyport.yaml"] =
        "inbound: [ { listen: http://:80, sites: [ { routes: [ { path: /, to: app } ] } ] } ]\nupstreams:\n  app:\n"
        "    servers: " +
        std::string(servers) + "\n    health: " + std::string(health) + "\n";
    EXPECT_EQ(explain_command({.request = {"http://a.test/x"}}, t.world), Exit::ok) << t.err();
    return t.out();
  };
  EXPECT_THAT(
      of("[ http://10.0.0.1, http://10.0.0.2 ]", "{ path: /ping, fall: 1 }"),
      HasSubstr("health     checked every 5s (asked for /ping): after 1 failure it is down and passed over, and "
                "after 2 successes up again  (sallyport.yaml:5)"));
  EXPECT_THAT(
      of("http://10.0.0.1", "{}"),
      HasSubstr("checked every 5s (to be connected): after 3 failures it is down, which only the log says since "
                "there is no other server, and after 2 successes up again"));
}

TEST(Explain, a_request_that_the_reader_refuses_is_explained_too) {
  EXPECT_THAT(explained({.fields = {"Content-Length: 1", "Transfer-Encoding: chunked"},
                         .request = {"POST", "https://chat.example.com/"}}),
              HasSubstr("refused    400 length_and_transfer_encoding"));
  EXPECT_THAT(explained({.request = {"https://other.example/"}}), HasSubstr("refused    421 no_site"));
}

TEST(Explain, a_request_that_another_gate_passed_on_is_no_loop) {
  std::string text = explained(
      {.fields = {"Via: 1.1 sallyport, 1.1 sallyport-0a1b2c3d"}, .request = {"https://lists.example.com/sympa"}});
  EXPECT_THAT(text, HasSubstr("asked for"));
  EXPECT_THAT(text, HasSubstr("Via: 1.1 sallyport-xxxxxxxx "));
}

TEST(Explain, says_what_is_sent_to_a_client_of_http2) {
  EXPECT_THAT(explained({.request = {"https://lists.example.com/sympa"}}),
              HasSubstr("Via: 1.1 sallyport-xxxxxxxx (2 instead of 1.1 from a client that speaks HTTP/2)\n"));
}

TEST(Explain, writes_a_unix_socket_as_the_configuration_does) {
  TestWorld t;
  t.files.files["sallyport.yaml"] =
      "inbound: [ { listen: http://:80, sites: [ { routes: [ { path: /git, to: http+unix:///run/git.sock:/base } ] } ] "
      "} ]\n"
      "tests: [ { request: http://a.test/git/x, expect: { upstream: http+unix:///run/git.sock:/base/x } } ]\n";
  EXPECT_EQ(test_command({}, t.world), Exit::ok) << t.out();
  EXPECT_EQ(explain_command({.request = {"http://a.test/git/x"}}, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("asked for  http+unix:///run/git.sock:/base/x; /git is replaced by /base"));
}

TEST(Explain, http_belongs_to_https_whatever_the_path_is) {
  EXPECT_THAT(explained({.request = {"http://lists.example.com/none"}}),
              HasSubstr("https      301 to https://lists.example.com/none"));
}

TEST(Explain, a_port_that_nothing_listens_on_is_taken_for_a_mapped_one) {
  EXPECT_THAT(explained({.request = {"https://chat.example.com:8443/"}}),
              HasSubstr("taken for one that is mapped to this"));
}

TEST(Explain, wrong_usage) {
  EXPECT_THAT(explained({.request = {"lists.example.com"}}, Exit::usage), HasSubstr("is not a URL"));
  EXPECT_THAT(explained({.from = "here", .request = {"https://a/"}}, Exit::usage),
              HasSubstr("--from takes an IP address"));
  EXPECT_THAT(explained({.fields = {"no colon"}, .request = {"https://a/"}}, Exit::usage), HasSubstr("--header takes"));
  EXPECT_THAT(explained({.fields = {"A: b\r\nC: d"}, .request = {"https://a/"}}, Exit::failed),
              HasSubstr("line break"));
}

TEST(Explain, prints_json) {
  auto json =
      nlohmann::json::parse(explained({.request = {"https://lists.example.com/sympa"}, .format = Format::json}));
  EXPECT_EQ(json["outcome"], "forward");
  EXPECT_EQ(json["upstream"][0]["url"], "https://actual.host/wws");
  EXPECT_EQ(json["fields"][0]["name"], "Host");
  auto refused =
      nlohmann::json::parse(explained({.request = {"https://lists.example.com/none"}, .format = Format::json}));
  EXPECT_EQ(refused["code"], "no_route");
  EXPECT_EQ(refused["status"], 404);
}

// The tests of `two_sites` with these expectations.
std::pair<Exit, std::string> tested(std::string_view tests, Format format = Format::text) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = std::string(two_sites) + std::string(tests);
  Exit exit = test_command({.format = format}, t.world);
  EXPECT_NE(exit, Exit::configuration) << t.err();
  return {exit, t.out()};
}

TEST(Test, passes_where_everything_is_as_expected) {
  auto [exit, text] = tested(R"(tests:
  - request: GET https://lists.example.com/sympa/home
    expect: { upstream: "https://actual.host/wws/home", route: /sympa, header: { Front-End-Https: "On", Host: lists.example.com, X-None: "" } }
  - { request: "https://lists.example.com/soap", from: 198.51.100.7, expect: denied }
  - { request: "https://lists.example.com/", expect: { status: 301, location: /sympa } }
  - { request: "http://chat.example.com/x", expect: { status: 301, location: "https://chat.example.com/x" } }
  - { request: "https://chat.example.com/x", expect: { upstream: "http://10.0.0.22:8065/x" } }
)");
  EXPECT_EQ(exit, Exit::ok) << text;
  EXPECT_THAT(text, HasSubstr("sallyport.yaml: 5 passed, 0 failed"));
}

TEST(Test, says_what_differs) {
  auto [exit, text] = tested(R"(tests:
  - request: GET https://lists.example.com/sympa
    expect: { upstream: "https://actual.host/other", route: /soap, status: 200, header: { Front-End-Https: "Off", Via: "" } }
  - { request: "https://lists.example.com/soap", expect: denied }
  - { request: "https://lists.example.com/none", expect: { upstream: "https://actual.host/none" } }
)");
  EXPECT_EQ(exit, Exit::failed);
  EXPECT_THAT(text, HasSubstr("upstream: expected https://actual.host/other, but it goes to https://actual.host/wws"));
  EXPECT_THAT(text, HasSubstr("route: expected /soap, but it is /sympa (sallyport.yaml:10)"));
  EXPECT_THAT(text, HasSubstr("status: expected 200, but it goes to"));
  EXPECT_THAT(text, HasSubstr("Front-End-Https: expected 'Off', but it is 'On'"));
  EXPECT_THAT(text, HasSubstr("Via: expected no such field, but it is '1.1 sallyport-xxxxxxxx'"));
  EXPECT_THAT(text, HasSubstr("refused: expected denied, but it goes to https://actual.host/soap"));
  EXPECT_THAT(text, HasSubstr("it is refused as no_route"));
  EXPECT_THAT(text, HasSubstr("0 passed, 3 failed"));
}

TEST(Test, prints_json_and_passes_without_tests) {
  auto [exit, text] = tested("tests: [ { request: \"https://lists.example.com/\", expect: denied } ]\n", Format::json);
  EXPECT_EQ(exit, Exit::failed);
  EXPECT_EQ(nlohmann::json::parse(text)[0]["passed"], false);
  auto [none, said] = tested("");
  EXPECT_EQ(none, Exit::ok);
  EXPECT_EQ(said, "sallyport.yaml has no tests.\n");
}

TEST(ReverseProxy, is_a_configuration_with_a_certificate_made_on_the_spot) {
  TestWorld t;
  OverlayFiles files(t.files);
  std::string text = reverse_proxy_configuration({.from = "https://127.0.0.1:8443", .to = "http://127.0.0.1:9000/a\"b"},
                                                 files, t.world);
  EXPECT_THAT(t.err(), HasSubstr("made on the spot"));
  auto loaded = config::load_text("command line", text, files);
  ASSERT_EQ(loaded.config.certificates.size(), 1u) << text;
  auto pem = files.read(loaded.config.certificates[0].cert.value, 100'000);
  ASSERT_TRUE(pem);
  EXPECT_THAT(*pem, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(loaded.config.inbound[0].sites[0].routes[0].to.value, "http://127.0.0.1:9000/a\"b");
}

TEST(ReverseProxy, speaks_of_its_arguments) {
  TestWorld t;
  OverlayFiles files(t.files);
  auto said = [&](const ReverseProxyArguments& arguments) {
    auto loaded = load_reverse_proxy(arguments, reverse_proxy_configuration(arguments, files, t.world), files);
    return config::print(loaded.findings, loaded.sources);
  };
  EXPECT_EQ(said({.from = "http://localhost:80", .to = "ftp://x"}),
            "--from: error: `localhost` is not an address of this machine to listen on\n"
            "  remedy: write `127.0.0.1`\n"
            "--to: error: `ftp://` is not a scheme that is known\n"
            "  remedy: write `https://host`, `http://10.0.0.7:8080` or `http+unix:///run/app.sock`\n");
  ReverseProxyArguments good{.from = "https://:8443", .to = "http://a", .cert = "/x.pem"};
  auto loaded = load_reverse_proxy(good, reverse_proxy_configuration(good, files, t.world), files);
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(config::text(loaded.config.certificates[0].cert.place), "--cert");
  EXPECT_EQ(config::text(loaded.config.inbound[0].listen[0].place), "--from");
  EXPECT_EQ(config::text(loaded.config.inbound[0].sites[0].routes[0].place), "--to");
}

TEST(Egress, speaks_of_its_arguments) {
  TestWorld t;
  auto said = [&](const EgressArguments& arguments) {
    auto loaded = load_egress(arguments, t.files);
    return config::print(loaded.findings, loaded.sources);
  };
  EXPECT_EQ(said({.listen = {"127.0.0.1:3129"}, .allow = {"a.example"}}),
            "--listen: error: `127.0.0.1:3129` has no scheme, and every address is a URL\n"
            "  remedy: write `proxy://127.0.0.1:3129`, or `http://`, `https://` or `socks5://`\n");
  EXPECT_THAT(said({.listen = {"proxy://0.0.0.0:3128"}, .allow = {"a.example"}}), HasSubstr("remedy: add --clients"));
  EXPECT_THAT(said({.listen = {"https://127.0.0.1:3128"}, .allow = {"a.example"}}), HasSubstr("remedy: add --cert"));
}

// What is refused then is no reason to edit a file that nobody has.
TEST(Egress, its_reasons_and_remedies_name_arguments) {
  TestWorld t;
  auto loaded =
      load_egress({.listen = {"proxy://127.0.0.1:3128"}, .allow = {"a.example"}, .deny = {"bad.a.example"}}, t.files);
  ASSERT_TRUE(loaded.ok());
  proxy::CompileDeps deps{
      .files = t.files, .now = t.world.now, .tickets = std::make_shared<tls::TicketKeys>(), .via = "gate"};
  std::vector<config::Finding> findings;
  const auto snapshot = proxy::compile_snapshot(std::move(loaded.config), deps, findings);
  ASSERT_NE(snapshot, nullptr);
  struct Row {
    const char *target, *address, *detail, *remedy;
  };
  for (const Row& row : {Row{"a.example:443", "10.0.0.7", "name it by --private-network", "by --private-network"},
                         Row{"b.example:443", "8.8.8.8", "no rule is for b.example:443", "name it by --allow"},
                         Row{"bad.a.example:443", "8.8.8.8", "rule 1 (--deny) denies", "change rule 1 (--deny)"}}) {
    OutboundQuestion question;
    question.target = row.target;
    question.resolve = [&](std::string_view, config::Duration) -> Result<std::vector<IpAddress>> {
      return std::vector{*IpAddress::parse(row.address)};
    };
    const auto run = DryOutbound::decide(*snapshot, question);
    ASSERT_TRUE(run) << run.error();
    EXPECT_THAT((*run)->detail(), HasSubstr(row.detail));
    EXPECT_THAT((*run)->remedy(), HasSubstr(row.remedy));
    EXPECT_THAT((*run)->detail() + (*run)->remedy(), Not(HasSubstr("private_networks")));
  }
}

TEST(ReverseProxy, takes_the_certificate_it_is_given) {
  TestWorld t;
  OverlayFiles files(t.files);
  std::string text =
      reverse_proxy_configuration({.from = "https://:8443", .to = "http://a", .cert = "/x.pem"}, files, t.world);
  EXPECT_THAT(text, HasSubstr(R"({ cert: "/x.pem", key: "/x.pem" })"));
  EXPECT_EQ(t.err(), "");
  EXPECT_THAT(reverse_proxy_configuration({.from = "http://:80", .to = "http://a"}, files, t.world),
              Not(HasSubstr("certificates")));
}

TEST(Import, prints_the_configuration_and_what_is_not_in_it) {
  TestWorld t;
  t.files.files["front.conf"] =
      "<VirtualHost *:80>\n  ServerName lists.example.com\n  ProxyPass /sympa http://10.0.0.7/sympa\n  NoSuchDirective "
      "on\n</VirtualHost>\n";
  EXPECT_EQ(import_command(ImportFrom::apache, {.files = {"front.conf"}}, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("path: /sympa"));
  EXPECT_THAT(t.err(), HasSubstr("front.conf:4: NoSuchDirective on"));
  EXPECT_THAT(t.err(),
              HasSubstr("1 line did not go over word for word: 1 to decide about, 0 done otherwise, 0 not needed."));
  TestWorld missing;
  EXPECT_EQ(import_command(ImportFrom::apache, {.files = {"none.conf"}}, missing.world), Exit::failed);
  EXPECT_EQ(missing.out(), "");
  EXPECT_THAT(missing.err(), HasSubstr("none.conf cannot be read: there is no such file"));
  TestWorld json;
  json.files.files = t.files.files;
  EXPECT_EQ(import_command(ImportFrom::apache, {.files = {"front.conf"}, .format = Format::json}, json.world),
            Exit::ok);
  auto list = nlohmann::json::parse(json.out())["untranslated"];
  EXPECT_TRUE(std::ranges::any_of(list, [](const auto& item) {
    return item["line"] == 4 && item["file"] == "front.conf";
  })) << list;
}

TEST(Import, counts_a_line_with_several_remarks_once) {
  TestWorld t;
  t.files.files["front.conf"] =
      "<VirtualHost *:80>\n  ServerName a.example\n  ProxyPass /x/ http://10.0.0.7/x/ retry=0 acquire=100 nofail=on\n"
      "  ErrorLog /var/log/a\n  ErrorLog /var/log/b\n</VirtualHost>\n";
  EXPECT_EQ(import_command(ImportFrom::apache, {.files = {"front.conf"}, .format = Format::json}, t.world), Exit::ok)
      << t.err();
  TestWorld text;
  text.files.files = t.files.files;
  import_command(ImportFrom::apache, {.files = {"front.conf"}}, text.world);
  auto remarks = nlohmann::json::parse(t.out())["untranslated"];
  EXPECT_EQ(remarks.size(), 4u) << remarks;
  EXPECT_THAT(text.err(),
              HasSubstr("3 lines did not go over word for word: 0 to decide about, 1 done otherwise, 2 not needed."));
}

TEST(Doctor, wants_a_configuration_and_servers_that_are_in_it) {
  TestWorld t;
  EXPECT_EQ(doctor_command({}, t.world), Exit::usage);
  t.files.files["sallyport.yaml"] = "inbound: 1\n";
  EXPECT_EQ(doctor_command({}, t.world), Exit::configuration);
  t.files.files["sallyport.yaml"] = "inbound: [ { listen: tcp://:25, to: tcp://127.0.0.1:1 } ]\n";
  EXPECT_EQ(doctor_command({.upstreams = {"127.0.0.1:2"}}, t.world), Exit::usage);
  EXPECT_THAT(t.err(), HasSubstr("No entry or route goes to `127.0.0.1:2`: did you mean `127.0.0.1:1`?"));
}

TEST(Doctor, says_what_is_wrong_with_a_server) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = "inbound: [ { listen: tcp://:25, to: tcp://127.0.0.1:1 } ]\n";
  EXPECT_EQ(doctor_command({.format = Format::json}, t.world), Exit::failed) << t.err();
  const auto found = nlohmann::json::parse(t.out());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["server"], "tcp://127.0.0.1:1");
  EXPECT_EQ(found[0]["code"], "connection_refused");
  EXPECT_EQ(found[0]["well"], false);
}

TEST(Doctor, tries_the_check_of_a_server) {
  TestWorld t;
  t.files.files["sallyport.yaml"] =
      "inbound: [ { listen: http://:80, sites: [ { routes: [ { path: /, to: app } ] } ] } ]\n"
      "upstreams: { app: { servers: http://127.0.0.1:1, health: /ping } }\n";
  EXPECT_EQ(doctor_command({}, t.world), Exit::failed) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("  health     its check fails (sallyport.yaml:2): 127.0.0.1:1 refused\n"));
}

TEST(Describe, the_reference_page_in_docs_is_up_to_date) {
  TestWorld t;
  EXPECT_EQ(reference_command(t.world), Exit::ok);
  auto page = config::RealFileSystem().read(SP_SOURCE_DIR "/docs/reference.md", std::size_t{1} << 24);
  ASSERT_TRUE(page);
  EXPECT_TRUE(*page == t.out()) << "run: build/release/sallyport reference > docs/reference.md";
}

TEST(Describe, the_schema_is_json_and_the_version_is_said) {
  TestWorld t;
  EXPECT_EQ(schema_command(t.world), Exit::ok);
  EXPECT_TRUE(nlohmann::json::accept(t.out()));
  TestWorld version;
  EXPECT_EQ(version_command(Format::json, version.world), Exit::ok);
  EXPECT_TRUE(nlohmann::json::parse(version.out()).contains("version"));
}

}  // namespace
}  // namespace sp::app
