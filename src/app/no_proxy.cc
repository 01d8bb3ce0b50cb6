#include "app/no_proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "config/network.h"

namespace sp::app {
namespace {

using policy::DestinationPattern;
using Kind = DestinationPattern::Kind;
using Dialect = NoProxyDialect;

// What one destination has become. Without words it is left out.
struct Reading {
  std::vector<std::string> words;
  std::string remark;
};

Reading left_out(std::string_view why) { return {{}, fmt::format("left out, {}", why)}; }

Reading of_domain(const Dialect& dialect, const std::string& name, bool with_itself) {
  using enum Dialect::Domains;
  switch (dialect.domains) {
    case as_here: return {{with_itself ? name : "." + name}, ""};
    case exact_or_dot: return {with_itself ? std::vector{name, "." + name} : std::vector{"." + name}, ""};
    case dot_is_both: return {{"." + name}, with_itself ? "" : fmt::format("read as if {} were meant too", name)};
    case name_is_both: return {{name}, with_itself ? "" : fmt::format("read as if {} were meant too", name)};
    case stars: return {with_itself ? std::vector{name, "*." + name} : std::vector{"*." + name}, ""};
  }
  return {};
}

// Every address of an IPv4 network has its first octets, or it is no such network.
Reading by_octets(const config::Network& network) {
  if (network.bits % 8 != 0 || network.bits == 0)
    return left_out("since networks are not understood but by whole octets");
  std::string word;
  for (int i = 0; i < network.bits / 8; ++i)
    word += fmt::format("{}.", network.address.bytes[static_cast<std::size_t>(i)]);
  return {{word + "*"}, ""};
}

// "10.0.0.0-10.255.255.255".
std::string range_of(const config::Network& network) {
  IpAddress last = network.address;
  for (std::size_t i = 0; i < 4; ++i) {
    const int kept = std::clamp(network.bits - static_cast<int>(i) * 8, 0, 8);
    last.bytes[i] |= static_cast<std::uint8_t>(0xFFU >> kept);
  }
  return network.address.text() + "-" + last.text();
}

Reading of_network(const Dialect& dialect, const config::Network& network) {
  using enum Dialect::Networks;
  if (dialect.networks == no) return left_out("since networks are not understood");
  if (!network.address.v4 && dialect.networks != both) return left_out("since IPv6 networks are not understood");
  if (dialect.networks == v4_by_octets) return by_octets(network);
  const std::string word = dialect.networks == v4_as_ranges ? range_of(network) : network.text();
  return {{word}, std::string(dialect.networks_remark)};
}

Reading of_ipv6(const Dialect& dialect, const std::string& address, bool with_port) {
  using enum Dialect::Ipv6;
  const std::string bracketed = "[" + address + "]";
  switch (dialect.ipv6) {
    case no: return left_out("since IPv6 addresses are not understood");
    case plain: return {{with_port ? bracketed : address}, ""};
    case brackets: return {{bracketed}, ""};
    case either: return {with_port ? std::vector{bracketed} : std::vector{address, bracketed}, ""};
  }
  return {};
}

Reading without_port(const Dialect& dialect, const DestinationPattern& pattern) {
  switch (pattern.kind) {
    case Kind::domain: return of_domain(dialect, pattern.name, true);
    case Kind::subdomains: return of_domain(dialect, pattern.name, false);
    case Kind::everything:
      if (dialect.everything != Dialect::Everything::no) return {{"*"}, ""};
      return left_out("since `*` is not understood: set no variables at all");
    case Kind::network: break;
  }
  const config::Network& network = pattern.network;
  if (network.bits != (network.address.v4 ? 32 : 128)) return of_network(dialect, network);
  if (!network.address.v4) return of_ipv6(dialect, network.address.text(), pattern.port != 0);
  return {{network.address.text()}, ""};
}

bool is_wide(const DestinationPattern& pattern) {
  const config::Network& network = pattern.network;
  return pattern.kind == Kind::everything ||
         (pattern.kind == Kind::network && network.bits != (network.address.v4 ? 32 : 128));
}

Reading with_port(const Dialect& dialect, const DestinationPattern& pattern) {
  using enum Dialect::Ports;
  if (dialect.ports == no) return left_out("since ports are not understood");
  if (is_wide(pattern)) return left_out("since a port is understood behind a name or an address only");
  Reading reading = without_port(dialect, pattern);
  if (dialect.ports == where_written && !reading.words.empty()) {
    // The name itself is not found by its dotted form once there is a port.
    if (pattern.kind == Kind::domain) reading.words.push_back(pattern.name);
    reading.remark = pattern.kind == Kind::network
                         ? "the port counts only where the URL writes it, and for urllib alone"
                         : "the port counts only where the URL writes it";
  }
  for (std::string& word : reading.words) word += fmt::format(":{}", pattern.port);
  return reading;
}

std::string joined(const std::vector<std::string>& words, char separator) {
  return fmt::format("{}", fmt::join(words, std::string(1, separator)));
}

}  // namespace

NoProxy no_proxy_for(const NoProxyDialect& dialect, std::span<const DestinationPattern> destinations) {
  NoProxy made;
  std::vector<std::string> words;
  for (const DestinationPattern& each : destinations) {
    Reading reading = each.port == 0 ? without_port(dialect, each) : with_port(dialect, each);
    if (!reading.remark.empty()) made.remarks.push_back(fmt::format("`{}`: {}", each.text(), reading.remark));
    std::ranges::move(reading.words, std::back_inserter(words));
  }
  // Beside others it would be a name like any other.
  if (dialect.everything == Dialect::Everything::alone && std::ranges::find(words, "*") != words.end()) words = {"*"};
  made.value = joined(words, dialect.separator);
  return made;
}

}  // namespace sp::app
