#include "services/doctor/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/proxy_protocol/reader.h"
#include "config/load.h"
#include "proxy/compile_snapshot.h"
#include "services/doctor/examine.h"
#include "tls/self_signed.h"
#include "tls/ticket_keys.h"

namespace sp::doctor {
namespace {

using ::testing::ElementsAre;
using Kind = Speech::Kind;

std::shared_ptr<const proxy::Snapshot> snapshot_of(std::string text) {
  config::MemoryFileSystem files;
  const std::array<std::string, 1> names{"localhost"};
  const auto now = std::chrono::system_clock::now();
  const auto pair = tls::make_self_signed(names, 7, now);
  files.files["a.pem"] = pair->certificate + pair->key;
  files.files["sallyport.yaml"] = "certificates: [ { cert: a.pem, key: a.pem } ]\n" + std::move(text);
  config::Loaded loaded = config::load_file("sallyport.yaml", files);
  auto made = proxy::compile_snapshot(std::move(loaded.config),
                                      {.files = files, .now = now, .tickets = std::make_shared<tls::TicketKeys>()},
                                      loaded.findings);
  EXPECT_NE(made, nullptr) << config::print(loaded.findings, loaded.sources);
  return made;
}

std::vector<std::string> names_of(std::span<const Subject> subjects) {
  std::vector<std::string> names;
  for (const Subject& subject : subjects) names.push_back(subject.name);
  return names;
}

constexpr std::string_view mail = R"(inbound:
  - listen: [ "tcp://:25", "tcp://:993" ]
    to: tcp://10.0.0.7
    ports: { "993": "tcp://10.0.0.8:10993" }
    send_proxy: v2
  - { listen: "tls://:465", to: "tcp://10.0.0.7:25" }
  - { listen: "smtp://:587", to: "smtp://mail.internal:587" }
  - listen: http://:80
    sites: [ { hosts: [ a.example.com ], routes: [ { path: /, to: https://10.0.0.9 }, { path: /b, to: web } ] } ]
upstreams:
  web: { servers: [ http://10.0.0.9:8080, http://10.0.0.10:8080 ], send_proxy: v1 }
)";

TEST(Subjects, are_all_servers_that_are_used) {
  const auto snapshot = snapshot_of(std::string(mail));
  const auto all = subjects_of(*snapshot, Which::all);
  EXPECT_THAT(names_of(all),
              ElementsAre("tcp://10.0.0.7:25", "tcp://10.0.0.8:10993", "tcp://10.0.0.7:25", "smtp://mail.internal:587",
                          "https://10.0.0.9:443", "http://10.0.0.9:8080", "http://10.0.0.10:8080"));
  EXPECT_THAT(names_of(subjects_of(*snapshot, Which::told)),
              ElementsAre("tcp://10.0.0.7:25", "tcp://10.0.0.8:10993", "tcp://10.0.0.7:25", "smtp://mail.internal:587",
                          "http://10.0.0.9:8080", "http://10.0.0.10:8080"));
}

TEST(Subjects, know_what_is_spoken_by_their_ports_and_those_of_the_gate) {
  const auto snapshot = snapshot_of(std::string(mail));
  const auto all = subjects_of(*snapshot, Which::all);
  EXPECT_EQ(all[0].speech.kind, Kind::mail);
  EXPECT_EQ(all[0].tls, Tls::none);
  EXPECT_TRUE(all[0].passes_tls);
  EXPECT_EQ(all[1].speech.mail, codec::mail::Protocol::imap);
  EXPECT_EQ(all[1].tls, Tls::at_once);  // between the client and the server
  EXPECT_FALSE(all[2].passes_tls);      // it ends here
  EXPECT_EQ(all[3].tls, Tls::starttls);
  EXPECT_EQ(all[4].speech.kind, Kind::http1);
  EXPECT_EQ(all[4].tls, Tls::at_once);
  EXPECT_EQ(all[4].host, "a.example.com");
}

TEST(Subjects, know_what_goes_on_in_clear_and_what_is_told) {
  const auto snapshot = snapshot_of(R"(inbound:
  - { listen: "tcp://:143", to: "tcp://10.0.0.1" }                                  # the server's own STARTTLS
  - { listen: "tls://:993", to: "tcp://10.0.0.2:143" }
  - { listen: "tls://:994", to: "tcp://10.0.0.3:143", send_proxy: v2 }              # the header tells of TLS
  - { listen: "tls://:995", to: "tcp://10.0.0.4:143", send_proxy: v1 }
  - { listen: "imap://:144", to: "tcp://10.0.0.5", send_proxy: v2, xclient: on }    # it comes before TLS
  - { listen: "imap://:145", sni: { "*": "tcp://10.0.0.6" }, send_proxy: v2 }       # it comes behind TLS
  - { listen: "imap://:146", to: "imap://10.0.0.7", xclient: on }
  - { listen: "tls://:996", to: "tls://10.0.0.8", xclient: on, protocol: imap }
)");
  std::string clear, told;
  for (const Subject& subject : subjects_of(*snapshot, Which::all)) {
    const char last = subject.server->url.host.back();
    if (subject.in_clear) clear += last;
    if (subject.xclient) told += last;
  }
  EXPECT_EQ(clear, "245");
  EXPECT_EQ(told, "578");
}

TEST(Subjects, are_meant_by_name_url_and_address) {
  const auto snapshot = snapshot_of(std::string(mail));
  const auto all = subjects_of(*snapshot, Which::all);
  for (const char* word : {"web", "http://10.0.0.9:8080", "10.0.0.9:8080", "10.0.0.9"})
    EXPECT_TRUE(is_meant(all[5], word)) << word;
  EXPECT_FALSE(is_meant(all[5], "10.0.0.10:8080"));
}

TEST(Ways, begin_with_what_is_configured_and_are_all_that_there_are) {
  const auto snapshot = snapshot_of(std::string(mail));
  const auto all = subjects_of(*snapshot, Which::all);
  const auto ways = ways_to(all[0]);
  EXPECT_EQ(ways.size(), 6u);
  EXPECT_EQ(ways.front(), (Way{config::ProxyVersion::v2, Tls::none}));
  EXPECT_EQ(ways_to(all[3]).front(), (Way{config::ProxyVersion::off, Tls::starttls}));
}

TEST(ProbeHeaders, say_that_the_gate_itself_connects) {
  const auto snapshot = snapshot_of(std::string(mail));
  const auto all = subjects_of(*snapshot, Which::all);
  const Endpoint gate{.address = *IpAddress::parse("10.0.0.2"), .port = 4711, .unix_path = {}};
  const Endpoint server{.address = *IpAddress::parse("10.0.0.7"), .port = 25, .unix_path = {}};
  EXPECT_EQ(probe_header(all[0], config::ProxyVersion::v1, gate, server), "PROXY TCP4 10.0.0.2 10.0.0.7 4711 25\r\n");
  const std::string octets = probe_header(all[0], config::ProxyVersion::v2, gate, server);
  codec::proxy_protocol::Header header;
  const auto size = codec::proxy_protocol::HeaderReader().read(octets, header);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, octets.size());
  EXPECT_TRUE(header.has_addresses());
  EXPECT_EQ(header.source, gate);
  // Of a Unix socket there are no addresses to tell of.
  const Endpoint path{.address = {}, .port = 0, .unix_path = "/run/x.sock"};
  EXPECT_EQ(probe_header(all[0], config::ProxyVersion::v1, path, path), "PROXY TCP4 127.0.0.1 127.0.0.1 0 0\r\n");
}

}  // namespace
}  // namespace sp::doctor
