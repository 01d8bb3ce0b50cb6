#include "config/load.h"

#include <gtest/gtest.h>

namespace sp::config {
namespace {

using namespace std::chrono_literals;

constexpr const char* site =
    "inbound:\n  - listen: http://:80\n    sites:\n      - routes:\n          - path: /\n            to: "
    "http://10.0.0.1\n";

Loaded loaded(const std::string& text, const MemoryFileSystem& files = {}) { return load_text("a.yaml", text, files); }
std::string problems(const Loaded& result) { return print(result.findings, result.sources); }

TEST(Load, what_is_not_written_has_its_default) {
  const Loaded result = loaded(site);
  ASSERT_TRUE(result.ok()) << problems(result);
  const InboundConfig& entry = result.config.inbound.at(0);
  EXPECT_EQ(entry.name, "inbound-1");
  EXPECT_EQ(entry.limits.head, Bytes{65536});
  EXPECT_EQ(entry.sites.at(0).hosts.at(0).value, "*");
  EXPECT_EQ(entry.sites[0].https_redirect, OnOff::on);
  const RouteConfig& route = entry.sites[0].routes.at(0);
  EXPECT_EQ(route.host.value, "preserve");
  EXPECT_EQ(route.upgrades, std::vector<std::string>{"websocket"});
  EXPECT_FALSE(route.max_body.has_value());
  EXPECT_EQ(result.config.timeouts.client_head, 10s);
  EXPECT_EQ(result.config.log.access.value, "stdout");
  EXPECT_EQ(result.config.runtime.workers, 0u);
}

TEST(Load, what_is_written_arrives) {
  const Loaded result = loaded(R"(
certificates: [ { cert: /c.pem, key: /c.key, default: on } ]
inbound:
  - name: web
    listen: https://:443
    max_body: 10MiB
    timeouts: { connect: 500ms }
    tls: { profile: modern }
    sites:
      - hosts: [ a.example, "*.b.example" ]
        https_redirect: OFF
        max_body: off
        routes:
          - path: /a
            to: pool
            request_headers: { set: { B: 1, A: "${client.address}" }, remove: X }
            upstream_tls: { verify: chain, sni: c.example }
            upgrades: []
          - exact: /b
            redirect: { to: /a, status: 301 }
upstreams:
  pool: { servers: [ { url: "https://10.0.0.1", weight: 3 }, "https://10.0.0.2" ], balance: random, retries: 0 }
timeouts: { min_rate: 1KiB/s }
runtime: { workers: 2 }
)");
  ASSERT_TRUE(result.ok()) << problems(result);
  EXPECT_TRUE(result.findings.empty()) << problems(result);
  EXPECT_TRUE(result.config.certificates.at(0).is_default);
  const InboundConfig& entry = result.config.inbound.at(0);
  EXPECT_EQ(entry.listen.at(0).value, "https://:443");
  EXPECT_EQ(entry.listen[0].place.line, 5);
  EXPECT_EQ(entry.listen[0].place.column, 13);
  EXPECT_EQ(entry.max_body, Bytes{10u << 20});
  EXPECT_EQ(entry.timeouts.connect, 500ms);
  EXPECT_EQ(entry.tls.profile, TlsProfile::modern);
  const SiteConfig& first = entry.sites.at(0);
  EXPECT_EQ(first.hosts.at(1).value, "*.b.example");
  EXPECT_EQ(first.https_redirect, OnOff::off);
  EXPECT_EQ(first.max_body, unlimited);
  const RouteConfig& route = first.routes.at(0);
  EXPECT_EQ(route.place.line, 14);
  ASSERT_EQ(route.request_headers.set.size(), 2u);
  EXPECT_EQ(route.request_headers.set[0].first, "B");
  EXPECT_EQ(route.request_headers.set[1].second.value, "${client.address}");
  EXPECT_EQ(route.request_headers.remove, std::vector<std::string>{"X"});
  EXPECT_EQ(route.upstream_tls.verify, Verify::chain);
  EXPECT_TRUE(route.upgrades.empty());
  EXPECT_EQ(first.routes.at(1).redirect->status, 301);
  const UpstreamConfig& pool = result.config.upstreams.at("pool");
  EXPECT_EQ(pool.name, "pool");
  EXPECT_EQ(pool.servers.at(0).weight, 3u);
  EXPECT_EQ(pool.servers.at(1).url.value, "https://10.0.0.2");
  EXPECT_EQ(pool.balance, Balance::random);
  EXPECT_EQ(result.config.timeouts.min_rate.bytes_per_second, 1024u);
  EXPECT_EQ(result.config.runtime.workers, 2u);
}

TEST(Load, entries_that_pass_octets_on_arrive) {
  const Loaded result = loaded(R"(
inbound:
  - listen: [ tcp://:993, tcp://:465 ]
    to: tcp://10.0.0.7
    ports: { 465: "tcp://10.0.0.7:10465" }
    sni: { b.example: tcp://10.0.0.2, a.example: tcp://10.0.0.1 }
    alpn: { acme-tls/1: pool }
    accept_proxy: { from: 10.1.0.0/16 }
    send_proxy: { version: v2, crc32c: on, tlvs: { 0xE1: "${client.address}" } }
    limits: { connections_per_address: 20, rate_per_address: 100/m }
  - listen: tcp://:25
    to: pool
    send_proxy: v1
upstreams: { pool: { servers: tcp://10.0.0.9 } }
tests: [ { connect: "tcp://a.example:993", sni: "", alpn: h2, expect: { server: "tcp://10.0.0.7:993", target: to } } ]
)");
  ASSERT_TRUE(result.ok()) << problems(result);
  EXPECT_TRUE(result.findings.empty()) << problems(result);
  const InboundConfig& entry = result.config.inbound.at(0);
  EXPECT_EQ(entry.to.value, "tcp://10.0.0.7");
  EXPECT_EQ(entry.ports.at(0).first, "465");
  EXPECT_EQ(entry.sni.at(0).first, "b.example");
  EXPECT_EQ(entry.sni.at(1).second.place.line, 6);
  EXPECT_EQ(entry.alpn.at(0).second.value, "pool");
  EXPECT_EQ(entry.accept_proxy.from.at(0).value, "10.1.0.0/16");
  EXPECT_EQ(entry.send_proxy.version, ProxyVersion::v2);
  EXPECT_EQ(entry.send_proxy.crc32c, OnOff::on);
  EXPECT_EQ(entry.send_proxy.tlvs.at(0).first, "0xE1");
  EXPECT_EQ(entry.limits.connections_per_address, 20u);
  EXPECT_EQ(entry.limits.rate_per_address.count, 100u);
  EXPECT_EQ(entry.limits.rate_per_address.per, 1min);
  EXPECT_FALSE(entry.starttls.has_value());
  EXPECT_EQ(entry.passwords_in_clear, InClear::refuse);
  EXPECT_EQ(result.config.inbound.at(1).send_proxy.version, ProxyVersion::v1);
  EXPECT_EQ(result.config.inbound.at(1).send_proxy.place.line, 13);
  const TestConfig& test = result.config.tests.at(0);
  EXPECT_EQ(test.sni, "");
  EXPECT_EQ(test.alpn, std::vector<std::string>{"h2"});
  EXPECT_EQ(test.expect.target, "to");
}

TEST(Load, timeouts_replace_the_outer_ones_that_they_name) {
  TimeoutsOverride inner;
  inner.connect = 1s;
  const TimeoutsConfig merged_timeouts = merged(TimeoutsConfig{}, inner);
  EXPECT_EQ(merged_timeouts.connect, 1s);
  EXPECT_EQ(merged_timeouts.client_head, 10s);
}

TEST(Load, the_access_log_has_a_path_like_all_others) {
  const auto access = [](const std::string& value) {
    const Loaded result =
        load_text("/etc/s/a.yaml", std::string(site) + "log: { access: " + value + " }\n", MemoryFileSystem{});
    EXPECT_TRUE(result.ok()) << problems(result);
    return result.config.log.access.value;
  };
  EXPECT_EQ(access("access.log"), "/etc/s/access.log");
  EXPECT_EQ(access("./access.log"), "/etc/s/./access.log");
  EXPECT_EQ(access("../log/access"), "/etc/s/../log/access");
  EXPECT_EQ(access("/var/log/access"), "/var/log/access");
  EXPECT_EQ(access("journal"), "journal");
  EXPECT_EQ(load_text("/etc/s/a.yaml", site, MemoryFileSystem{}).config.log.access.value, "stdout");
}

TEST(Load, the_environment_is_put_into_values_and_not_into_yaml) {
  MemoryFileSystem files;
  files.variables = {{"PORT", "8065"}, {"TRICK", "x\nlog: { access: off }"}, {"SELF", "${env.SELF}"}};
  const Loaded result = loaded(std::string(site) +
                                   "            request_headers: { set: { A: \"${env.PORT}-${env.NONE:-7}\", B: "
                                   "\"$${env.PORT}\", C: \"${env.EMPTY:-}\" } }\n"
                                   "log: { access: \"/${env.PORT}.log\" }\n",
                               files);
  ASSERT_TRUE(result.ok()) << problems(result);
  const auto& set = result.config.inbound.at(0).sites.at(0).routes.at(0).request_headers.set;
  EXPECT_EQ(set.at(0).second.value, "8065-7");
  EXPECT_TRUE(set[0].second.secret);
  EXPECT_EQ(set.at(1).second.value, "$${env.PORT}");
  EXPECT_FALSE(set[1].second.secret);
  EXPECT_EQ(set.at(2).second.value, "");
  EXPECT_EQ(result.config.log.access.value, "/8065.log");
  // Neither a line break nor another `${...}` in a variable is obeyed.
  const Loaded trick =
      loaded(std::string(site) + "            request_headers: { set: { A: \"${env.TRICK}\" } }\n", files);
  EXPECT_FALSE(trick.ok());
  EXPECT_EQ(trick.config.log.access.value, "stdout");
  EXPECT_EQ(problems(trick).find("access: off"), std::string::npos);
  EXPECT_FALSE(loaded(std::string(site) + "            host: \"${env.SELF}\"\n", files).ok());
}

TEST(Load, secrets_come_from_files_and_are_not_printed) {
  MemoryFileSystem files;
  files.files = {{"conf/token", "Bearer abc\n"}, {"conf/bad", "hush\nhush\n"}};
  const std::string good =
      std::string(site) + "            request_headers: { set: { Authorization: { file: token } } }\n";
  const Loaded result = load_text("conf/a.yaml", good, files);
  ASSERT_TRUE(result.ok()) << problems(result);
  const Text& value = result.config.inbound.at(0).sites.at(0).routes.at(0).request_headers.set.at(0).second;
  EXPECT_EQ(value.value, "Bearer abc");
  EXPECT_TRUE(value.secret);
  const Loaded bad = load_text(
      "conf/a.yaml", std::string(site) + "            to: { file: bad }\n            host: { file: bad }\n", files);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(problems(bad).find("hush"), std::string::npos) << problems(bad);
  EXPECT_FALSE(result.sources.contains("conf/token"));
}

TEST(Load, keys_that_stand_in_the_file_are_not_shown) {
  for (const std::string key : {"hush", "\"hu\\tsh\"", "'hush'"}) {
    const std::string text =
        "inbound:\n  - listen: http://:80\n    sites: [ { routes: [ { path: /, image_proxy: { key: " + key +
        ", outbound: nowhere } } ] } ]\n";
    const Loaded loaded = load_text("a.yaml", text, MemoryFileSystem());
    const std::string shown = print(loaded.findings, loaded.sources);
    EXPECT_NE(shown.find("outbound: nowhere"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("hu"), std::string::npos) << shown;
  }
}

TEST(Load, included_files_join) {
  MemoryFileSystem files;
  files.files = {
      {"/etc/s/a.yaml", "include: conf.d/*.yaml\n" + std::string(site) + "log: { format: common }\n"},
      {"/etc/s/conf.d/10-b.yaml", "inbound: [ { listen: 'http://:81', sites: [ { routes: { path: / } } ] } ]\n"},
      {"/etc/s/conf.d/20-c.yaml",
       "log: { access: off }\nupstreams: { u: { servers: http://10.0.0.1 } }\ncertificates: [ { cert: c.pem, key: "
       "c.key } ]\n"},
      {"/etc/s/conf.d/.hidden.yaml", "nonsense"},
  };
  const Loaded result = load_file("/etc/s/a.yaml", files);
  EXPECT_EQ(result.config.inbound.size(), 2u);
  EXPECT_EQ(result.config.log.format, LogFormat::common);
  EXPECT_EQ(result.config.log.access.value, "off");
  EXPECT_EQ(result.config.certificates.at(0).cert.value, "/etc/s/conf.d/c.pem");
  EXPECT_EQ(result.sources.size(), 3u);
  ASSERT_EQ(result.findings.size(), 2u) << problems(result);
  EXPECT_EQ(text(result.findings[0].place), "/etc/s/conf.d/10-b.yaml:1:55");
  EXPECT_EQ(text(result.findings[1].place), "/etc/s/conf.d/20-c.yaml:2:14");
}

TEST(Load, includes_are_bounded) {
  MemoryFileSystem files;
  for (int i = 0; i < 40; ++i)
    files.files[std::to_string(i) + ".yaml"] = "include: " + std::to_string(i + 1) + ".yaml\n";
  const Loaded deep = load_file("0.yaml", files);
  EXPECT_NE(problems(deep).find("too many included files"), std::string::npos);
  MemoryFileSystem wide;
  wide.files["a.yaml"] = "include: '*.yml'\n";
  for (int i = 0; i < 1100; ++i) wide.files[std::to_string(i) + ".yml"] = "";
  EXPECT_NE(problems(load_file("a.yaml", wide)).find("too many included files"), std::string::npos);
}

TEST(Load, a_file_that_is_not_there_is_a_finding) {
  const Loaded result = load_file("none.yaml", MemoryFileSystem{});
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(problems(result),
            "none.yaml: error: the file `none.yaml` cannot be used: there is no such file\n"
            "  remedy: check the path; without -c FILE it is ./sallyport.yaml, else /etc/sallyport/sallyport.yaml\n");
}

TEST(Load, every_error_is_found_at_once) {
  const Loaded result = loaded(
      "inbound:\n  - listen: htp://:80\n    sites:\n      - hosts: a b\n        routes: [ { path: x, too: y } "
      "]\ntimeouts: { connect: 3 }\n");
  EXPECT_EQ(result.findings.size(), 5u) << problems(result);
}

TEST(Load, an_alias_is_reported_once) {
  const Loaded result = loaded("x: &a { y: 1 }\nz: *a\n" + std::string(site));
  EXPECT_EQ(result.findings.size(), 2u) << problems(result);
}

TEST(Load, large_files_are_refused) {
  const Loaded result = loaded(std::string((16u << 20) + 1, '#'));
  EXPECT_FALSE(result.ok());
  EXPECT_NE(problems(result).find("larger than 16MiB"), std::string::npos);
}

TEST(Load, a_byte_order_mark_and_windows_line_ends_are_accepted) {
  std::string text = "\xEF\xBB\xBF";
  for (const char* c = site; *c != '\0'; ++c) text.append(*c == '\n' ? "\r\n" : std::string(1, *c));
  const Loaded result = loaded(text);
  EXPECT_TRUE(result.ok()) << problems(result);
}

}  // namespace
}  // namespace sp::config
