// `env`: the variables of each runtime, and what is said of what it cannot say.
#include "app/env_command.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "app/proxy_variables.h"
#include "app/testing.h"

namespace sp::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestWorld;

nlohmann::json made(const std::string& runtime, const std::string& no_proxy,
                    const std::string& proxy = "http://gate.example:3128") {
  TestWorld t;
  EXPECT_EQ(env_command({.runtime = runtime, .proxy = proxy, .no_proxy = no_proxy, .format = Format::json}, t.world),
            Exit::ok)
      << t.err();
  return nlohmann::json::parse(t.out());
}

std::string list_of(const std::string& runtime, const std::string& no_proxy) {
  const auto variables = made(runtime, no_proxy)["variables"];
  for (const char* name : {"NO_PROXY", "no_proxy"}) {
    if (variables.contains(name)) return variables[name];
  }
  const std::string options = variables.value("JAVA_TOOL_OPTIONS", "");
  const auto at = options.find("nonProxyHosts=");
  return at == std::string::npos ? "" : options.substr(at + 14);
}

bool remarks_on(const std::string& runtime, const std::string& destination) {
  for (const auto& remark : made(runtime, destination)["remarks"]) {
    if (remark.get<std::string>().starts_with("`" + destination + "`")) return true;
  }
  return false;
}

TEST(Env, writes_destinations_as_each_runtime_reads_them) {
  struct Row {
    const char* destination;
    std::map<std::string, std::string> written;  // in the order of the runtimes; "!" before what has a remark
  };
  const Row rows[] = {
      {"example.com",
       {{"go", "example.com"},
        {"python", ".example.com"},
        {"node", "example.com,.example.com"},
        {"java", "example.com|*.example.com"},
        {"curl", "example.com"},
        {"ruby", "example.com"},
        {"php", "example.com"},
        {"dotnet", "example.com,.example.com"}}},
      {".example.com",
       {{"go", ".example.com"},
        {"python", "!.example.com"},
        {"node", ".example.com"},
        {"java", "*.example.com"},
        {"curl", "!example.com"},
        {"ruby", ".example.com"},
        {"php", "!example.com"},
        {"dotnet", ".example.com"}}},
      {"192.0.2.7",
       {{"go", "192.0.2.7"},
        {"python", "192.0.2.7"},
        {"node", "192.0.2.7"},
        {"java", "192.0.2.7"},
        {"curl", "192.0.2.7"},
        {"ruby", "192.0.2.7"},
        {"php", "192.0.2.7"},
        {"dotnet", "192.0.2.7"}}},
      {"2001:db8::1",
       {{"go", "2001:db8::1"},
        {"python", "2001:db8::1,[2001:db8::1]"},
        {"node", "[2001:db8::1]"},
        {"java", "[2001:db8::1]"},
        {"curl", "2001:db8::1"},
        {"ruby", "!"},
        {"php", "2001:db8::1"},
        {"dotnet", "2001:db8::1"}}},
      {"10.0.0.0/8",
       {{"go", "10.0.0.0/8"},
        {"python", "!10.0.0.0/8"},
        {"node", "!10.0.0.0-10.255.255.255"},
        {"java", "10.*"},
        {"curl", "!10.0.0.0/8"},
        {"ruby", "10.0.0.0/8"},
        {"php", "!10.0.0.0/8"},
        {"dotnet", "!"}}},
      {"172.16.0.0/12", {{"java", "!"}, {"node", "!172.16.0.0-172.31.255.255"}}},
      {"2001:db8::/32",
       {{"go", "2001:db8::/32"},
        {"python", "!"},
        {"node", "!"},
        {"java", "!"},
        {"curl", "!"},
        {"ruby", "!"},
        {"php", "!"},
        {"dotnet", "!"}}},
      {"example.com:8443",
       {{"go", "example.com:8443"},
        {"python", "!.example.com:8443,example.com:8443"},
        {"node", "example.com:8443,.example.com:8443"},
        {"java", "!"},
        {"curl", "!"},
        {"ruby", "example.com:8443"},
        {"php", "!"},
        {"dotnet", "!"}}},
      {"[2001:db8::1]:8443",
       {{"go", "[2001:db8::1]:8443"},
        {"python", "![2001:db8::1]:8443"},
        {"node", "[2001:db8::1]:8443"},
        {"ruby", "!"}}},
      {"10.0.0.0/8:443", {{"go", "!"}, {"python", "!"}, {"node", "!"}, {"java", "!"}, {"curl", "!"}, {"ruby", "!"}}},
      {"*",
       {{"go", "*"}, {"python", "*"}, {"node", "*"}, {"java", "*"}, {"curl", "*"}, {"ruby", "!"}, {"dotnet", "!"}}},
  };
  for (const Row& row : rows) {
    for (const auto& [runtime, written] : row.written) {
      const std::string found = (remarks_on(runtime, row.destination) ? "!" : "") + list_of(runtime, row.destination);
      EXPECT_EQ(found, written) << runtime << " " << row.destination;
    }
  }
}

TEST(Env, writes_a_list) {
  EXPECT_EQ(list_of("go", "a.example, .b.example 10.0.0.0/8,,"), "a.example,.b.example,10.0.0.0/8");
  EXPECT_EQ(list_of("java", "a.example,192.0.2.7"), "a.example|*.a.example|192.0.2.7");
  // Beside other words it would be a name to these.
  EXPECT_EQ(list_of("curl", "a.example,*"), "*");
  EXPECT_EQ(list_of("node", "a.example,*"), "*");
  EXPECT_EQ(list_of("curl", ""), "");
}

TEST(Env, has_the_variables_that_are_read) {
  const std::string url = "http://us%40er:p%3Aw@gate.example:3128";
  for (const char* runtime : {"go", "node", "dotnet"}) {
    const auto variables = made(runtime, "", url)["variables"];
    EXPECT_EQ(variables["HTTP_PROXY"], url);
    EXPECT_EQ(variables["HTTPS_PROXY"], url);
  }
  for (const char* runtime : {"python", "curl", "ruby", "php"}) {
    const auto variables = made(runtime, "", url)["variables"];
    EXPECT_EQ(variables["http_proxy"], url);
    EXPECT_EQ(variables["https_proxy"], url);
  }
  EXPECT_EQ(made("node", "")["variables"]["NODE_USE_ENV_PROXY"], "1");
  EXPECT_EQ(
      made("java", "", url)["variables"]["JAVA_TOOL_OPTIONS"],
      "-Dhttp.proxyHost=gate.example -Dhttp.proxyPort=3128 -Dhttps.proxyHost=gate.example -Dhttps.proxyPort=3128");
  EXPECT_EQ(made("java", "10.0.0.0/8", "socks5://[2001:db8::1]:1080")["variables"]["JAVA_TOOL_OPTIONS"],
            "-DsocksProxyHost=2001:db8::1 -DsocksProxyPort=1080 -DsocksNonProxyHosts=10.*");
}

TEST(Env, prints_lines_for_a_shell) {
  TestWorld t;
  EXPECT_EQ(env_command({.runtime = "java", .proxy = "http://127.0.0.1:3128", .no_proxy = "*"}, t.world), Exit::ok);
  EXPECT_THAT(t.out(), HasSubstr("export JAVA_TOOL_OPTIONS='-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=3128 "));
  EXPECT_THAT(t.out(), Not(HasSubstr("systemd")));
  TestWorld percent;
  EXPECT_EQ(env_command({.runtime = "go", .proxy = "http://u:p%25@127.0.0.1:3128"}, percent.world), Exit::ok);
  EXPECT_THAT(percent.out(), HasSubstr("export HTTP_PROXY=http://u:p%25@127.0.0.1:3128\n"));
  EXPECT_THAT(percent.out(), HasSubstr("systemd"));
}

TEST(Env, refuses_what_is_no_argument) {
  const auto said = [](const EnvArguments& arguments) {
    TestWorld t;
    EXPECT_EQ(env_command(arguments, t.world), Exit::usage);
    return t.err();
  };
  EXPECT_THAT(said({.runtime = "perl", .proxy = "http://a:1"}),
              HasSubstr("--for: error: there is nothing known about `perl`"));
  EXPECT_THAT(said({.runtime = "go", .proxy = "http://a:1", .no_proxy = "*.example.com"}),
              HasSubstr("--no-proxy: error"));
  for (const char* url : {"gate:3128", "ftp://gate:3128", "http://gate:3128/path", "http://gate:3128?x", "http://"}) {
    EXPECT_THAT(said({.runtime = "go", .proxy = url}), HasSubstr("--proxy: error: it is not the URL of a proxy"))
        << url;
  }
  EXPECT_THAT(said({.runtime = "go", .proxy = "http://gate"}), HasSubstr("has no port"));
  const std::string with_secret = said({.runtime = "go", .proxy = "http://user:se/cret@gate:1"});
  EXPECT_THAT(with_secret, HasSubstr("%2F"));
  EXPECT_THAT(with_secret, Not(HasSubstr("cret")));
}

TEST(Env, takes_the_proxy_from_a_configuration) {
  for (const std::string_view everywhere : {"", "0.0.0.0", "[::]"}) {
    TestWorld t;
    t.files.files["sallyport.yaml"] = fmt::format(
        "outbound:\n  - listen: \"proxy://{}:3128\"\n    clients: [ 127.0.0.0/8 ]\n    "
        "rules: [ {{ allow: [ example.com ] }} ]\n",
        everywhere);
    ASSERT_EQ(env_command({.runtime = "go"}, t.world), Exit::ok) << t.err();
    EXPECT_THAT(t.out(), HasSubstr("export HTTP_PROXY=http://127.0.0.1:3128\n"));
    EXPECT_THAT(t.out(), HasSubstr("listens on all addresses"));
  }
  TestWorld none;
  none.files.files["sallyport.yaml"] =
      "inbound: [ { listen: http://:80, sites: [ { routes: [ { path: /, respond: { body: hi } } ] } ] } ]\n";
  EXPECT_EQ(env_command({.runtime = "go"}, none.world), Exit::failed);
  EXPECT_THAT(none.err(), HasSubstr("has no `outbound` entry"));
  TestWorld broken;
  broken.files.files["sallyport.yaml"] = "outbound: 1\n";
  EXPECT_EQ(env_command({.runtime = "go"}, broken.world), Exit::configuration);
}

}  // namespace
}  // namespace sp::app
