#include "policy/relay.h"

#include <gtest/gtest.h>

#include <array>

namespace sp::policy {
namespace {

RelayTarget target(std::string_view label) { return {.label = std::string(label)}; }

// Everything that a connection can be chosen by.
Relay everything() {
  Relay relay;
  relay.add_default(target("to"));
  relay.add_port(465, target("port 465"));
  relay.add_port(993, target("port 993"));
  relay.add_name("mail.example.com", target("sni mail.example.com"));
  relay.add_name("*.example.com", target("sni *.example.com"));
  relay.add_name("*.eu.example.com", target("sni *.eu.example.com"));
  relay.add_name("Dotted.Example.ORG.", target("sni Dotted.Example.ORG."));
  relay.add_protocol("acme-tls/1", target("alpn acme-tls/1"));
  relay.add_protocol("h2", target("alpn h2"));
  return relay;
}

using Protocols = std::vector<std::string_view>;

std::string chosen(const Relay& relay, std::string_view name, std::uint16_t port = 1, const Protocols& protocols = {}) {
  const RelayChoice choice = relay.choose({.port = port, .server_name = name, .protocols = protocols});
  return (choice.target == nullptr ? "nothing" : choice.target->label) + "; " + std::string(choice.why);
}

TEST(Relay, a_protocol_wins_over_the_name) {
  const Relay relay = everything();
  EXPECT_EQ(chosen(relay, "mail.example.com", 993, {"acme-tls/1"}), "alpn acme-tls/1; the client offers this protocol");
  EXPECT_EQ(chosen(relay, "mail.example.com", 993, {"http/1.1", "h2", "acme-tls/1"}),
            "alpn h2; the client offers this protocol")
      << "of several that are named, the client's first";
  EXPECT_EQ(chosen(relay, "mail.example.com", 993, {"ACME-TLS/1", "h2c", "http/1.1"}),
            "sni mail.example.com; the client asks for this name")
      << "names of protocols are octets: upper and lower case differ";
}

TEST(Relay, an_exact_name_wins_over_the_nearest_pattern) {
  const Relay relay = everything();
  EXPECT_EQ(chosen(relay, "mail.example.com", 993), "sni mail.example.com; the client asks for this name");
  EXPECT_EQ(chosen(relay, "other.example.com", 993), "sni *.example.com; the client asks for this name");
  EXPECT_EQ(chosen(relay, "a.eu.example.com", 993), "sni *.eu.example.com; the client asks for this name");
  EXPECT_EQ(chosen(relay, "a.b.eu.example.com", 993), "sni *.eu.example.com; the client asks for this name")
      << "all below it, not one label only";
  EXPECT_EQ(chosen(relay, "eu.example.com", 993), "sni *.example.com; the client asks for this name")
      << "a pattern is not for the name that it is below";
}

TEST(Relay, a_pattern_is_for_whole_labels_below_it) {
  const Relay relay = everything();
  EXPECT_EQ(chosen(relay, "example.com", 993), "port 993; the client has connected to this port");
  EXPECT_EQ(chosen(relay, "anexample.com", 993), "port 993; the client has connected to this port");
  EXPECT_EQ(chosen(relay, "example.com.evil.example", 993), "port 993; the client has connected to this port");
}

TEST(Relay, case_and_trailing_dots_of_patterns_mean_nothing) {
  const Relay relay = everything();
  EXPECT_EQ(chosen(relay, "MAIL.Example.COM"), "sni mail.example.com; the client asks for this name");
  EXPECT_EQ(chosen(relay, "mail.example.com."), "sni mail.example.com; the client asks for this name");
  EXPECT_EQ(chosen(relay, "dotted.example.org"), "sni Dotted.Example.ORG.; the client asks for this name");
}

TEST(Relay, then_come_the_port_and_what_is_for_all) {
  const Relay relay = everything();
  EXPECT_EQ(chosen(relay, "other.example", 465), "port 465; the client has connected to this port");
  EXPECT_EQ(chosen(relay, "", 993), "port 993; the client has connected to this port");
  EXPECT_EQ(chosen(relay, "other.example", 25), "to; nothing more special is for it");
}

TEST(Relay, every_name_is_less_than_a_name_and_more_than_a_port) {
  Relay relay = everything();
  relay.add_name("*", target("sni *"));
  EXPECT_EQ(chosen(relay, "a.example.com", 993), "sni *.example.com; the client asks for this name");
  EXPECT_EQ(chosen(relay, "other.example", 993), "sni *; no other name is the one that the client asks for");
  EXPECT_EQ(chosen(relay, "", 993), "sni *; the client asks for no name, and this is for all");
}

TEST(Relay, nothing_may_be_for_a_connection) {
  Relay relay;
  relay.add_name("mail.example.com", target("sni mail.example.com"));
  relay.add_port(993, target("port 993"));
  EXPECT_EQ(chosen(relay, "other.example", 465),
            "nothing; neither its name nor its port is one that is listed, and there is no `to`");
  EXPECT_EQ(chosen(relay, "", 465),
            "nothing; neither its name nor its port is one that is listed, and there is no `to`");
}

TEST(Relay, knows_what_it_must_look_at) {
  Relay plain;
  plain.add_default(target("to"));
  plain.add_port(25, target("port 25"));
  EXPECT_FALSE(plain.needs_hello());
  EXPECT_FALSE(plain.needs_protocols());
  Relay names;
  names.add_name("*", target("sni *"));
  EXPECT_TRUE(names.needs_hello());
  EXPECT_FALSE(names.needs_protocols());
  const Relay all = everything();
  EXPECT_TRUE(all.needs_hello());
  EXPECT_TRUE(all.needs_protocols());
  const std::array<std::string_view, 2> offered{"http/1.1", "h2"};
  EXPECT_TRUE(all.names_any(offered));
  EXPECT_FALSE(all.names_any(std::span(offered).first(1)));
  EXPECT_FALSE(all.names_any({}));
}

TEST(Relay, keeps_its_targets_as_they_were_added) {
  const Relay relay = everything();
  ASSERT_EQ(relay.targets().size(), 9u);
  EXPECT_EQ(relay.targets().front().label, "to");
  EXPECT_EQ(relay.targets().back().label, "alpn h2");
}

}  // namespace
}  // namespace sp::policy
