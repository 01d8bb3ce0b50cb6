#include "policy/special_addresses.h"

#include <algorithm>
#include <vector>

#include "policy/address_set.h"

namespace sp::policy {
namespace {

using Kind = SpecialBlock::Kind;

struct Row {
  std::string_view network, name, reason;
  Kind kind = Kind::special;
};

constexpr std::string_view own_network = "such addresses are of somebody's own network, not of the internet";
constexpr std::string_view this_machine = "it leads to the machine of the gate itself";
constexpr std::string_view one_link =
    "such addresses are of one link: neighbours of the gate, and services of the machine";
constexpr std::string_view no_host = "no host of the internet has such an address";
constexpr std::string_view many_hosts = "it is for many receivers, not for one host";
constexpr std::string_view protocol_use = "such addresses are kept for a protocol, not for hosts";
constexpr std::string_view carries_ipv4 = "it leads to an IPv4 address by way of a translator or tunnel";
constexpr std::string_view nat64_remedy =
    "it leads to an IPv4 address by way of a translator; where the network of the gate has IPv6 only, name "
    "64:ff9b::/96 in `private_networks`";
constexpr std::string_view metadata = "it hands out credentials of the machine to whoever asks";
constexpr std::string_view reserved = "it is reserved: no host of the internet has such an address yet";

// The names are those of IANA's registries. IPv4-mapped addresses have to be written as IPv6 octets: see blocks().
constexpr Row rows[] = {
    {"0.0.0.0/8", "this network (RFC 791)", this_machine},
    {"10.0.0.0/8", "private network (RFC 1918)", own_network},
    {"100.64.0.0/10", "shared address space (RFC 6598)", own_network},
    {"100.100.100.200", "metadata service of a cloud", metadata, Kind::metadata},
    {"127.0.0.0/8", "loopback (RFC 1122)", this_machine},
    {"168.63.129.16", "metadata service of a cloud", metadata, Kind::metadata},
    {"169.254.0.0/16", "link-local (RFC 3927)", one_link},
    {"169.254.169.254", "metadata service of a cloud", metadata, Kind::metadata},
    {"169.254.170.2", "metadata service of a cloud", metadata, Kind::metadata},
    {"169.254.170.23", "metadata service of a cloud", metadata, Kind::metadata},
    {"172.16.0.0/12", "private network (RFC 1918)", own_network},
    {"192.0.0.0/24", "IETF protocol assignments (RFC 6890)", protocol_use},
    {"192.0.0.0/29", "IPv4 service continuity (RFC 7335)", own_network},
    {"192.0.0.8", "IPv4 dummy address (RFC 7600)", no_host},
    {"192.0.0.9", "Port Control Protocol anycast (RFC 7723)", protocol_use},
    {"192.0.0.10", "TURN anycast (RFC 8155)", protocol_use},
    {"192.0.0.170", "NAT64 discovery (RFC 8880)", protocol_use},
    {"192.0.0.171", "NAT64 discovery (RFC 8880)", protocol_use},
    {"192.0.0.192", "metadata service of a cloud", metadata, Kind::metadata},
    {"192.0.2.0/24", "documentation (RFC 5737)", no_host},
    {"192.31.196.0/24", "AS112 (RFC 7535)", protocol_use},
    {"192.52.193.0/24", "Automatic Multicast Tunneling (RFC 7450)", protocol_use},
    {"192.88.99.0/24", "6to4 relay anycast (RFC 7526)", protocol_use},
    {"192.88.99.2", "6a44 relay anycast (RFC 6751)", protocol_use},
    {"192.168.0.0/16", "private network (RFC 1918)", own_network},
    {"192.175.48.0/24", "direct delegation AS112 (RFC 7534)", protocol_use},
    {"198.18.0.0/15", "benchmarking (RFC 2544)", own_network},
    {"198.51.100.0/24", "documentation (RFC 5737)", no_host},
    {"203.0.113.0/24", "documentation (RFC 5737)", no_host},
    {"224.0.0.0/4", "multicast (RFC 5771)", many_hosts},
    {"240.0.0.0/4", "reserved (RFC 1112)", reserved},
    {"255.255.255.255", "limited broadcast (RFC 919)", many_hosts},

    {"::/3", "reserved by the IETF (RFC 4291)", reserved},
    {"::/96", "IPv4-compatible (RFC 4291)", carries_ipv4},
    {"::", "unspecified (RFC 4291)", this_machine},
    {"::1", "loopback (RFC 4291)", this_machine},
    {"::ffff:0:0:0/96", "IPv4-translated (RFC 7915)", carries_ipv4},
    {"64:ff9b::/96", "NAT64 (RFC 6052)", nat64_remedy},
    {"64:ff9b:1::/48", "local NAT64 (RFC 8215)", carries_ipv4},
    {"100::/64", "discard only (RFC 6666)", no_host},
    {"100:0:0:1::/64", "dummy prefix (RFC 9780)", no_host},
    {"2001::/23", "IETF protocol assignments (RFC 2928)", protocol_use},
    {"2001::/32", "Teredo (RFC 4380)", carries_ipv4},
    {"2001:1::1", "Port Control Protocol anycast (RFC 7723)", protocol_use},
    {"2001:1::2", "TURN anycast (RFC 8155)", protocol_use},
    {"2001:1::3", "DNS-SD registration anycast (RFC 9665)", protocol_use},
    {"2001:2::/48", "benchmarking (RFC 5180)", own_network},
    {"2001:3::/32", "Automatic Multicast Tunneling (RFC 7450)", protocol_use},
    {"2001:4:112::/48", "AS112 (RFC 7535)", protocol_use},
    {"2001:10::/28", "ORCHID (RFC 4843)", no_host},
    {"2001:20::/28", "ORCHIDv2 (RFC 7343)", no_host},
    {"2001:30::/28", "drone identifiers (RFC 9374)", no_host},
    {"2001:db8::/32", "documentation (RFC 3849)", no_host},
    {"2002::/16", "6to4 (RFC 3056)", carries_ipv4},
    {"2620:4f:8000::/48", "direct delegation AS112 (RFC 7534)", protocol_use},
    {"3fff::/20", "documentation (RFC 9637)", no_host},
    {"4000::/2", "reserved by the IETF (RFC 4291)", reserved},
    {"5f00::/16", "SRv6 segments (RFC 9602)", own_network},
    {"8000::/1", "reserved by the IETF (RFC 4291)", reserved},
    {"fc00::/7", "unique local (RFC 4193)", own_network},
    {"fd00:ec2::23", "metadata service of a cloud", metadata, Kind::metadata},
    {"fd00:ec2::254", "metadata service of a cloud", metadata, Kind::metadata},
    {"fd20:ce::254", "metadata service of a cloud", metadata, Kind::metadata},
    {"fe80::/10", "link-local (RFC 4291)", one_link},
    {"fec0::/10", "site-local (RFC 3879)", own_network},
    {"ff00::/8", "multicast (RFC 4291)", many_hosts},
};

// It has no text of its own: IpAddress reads such addresses as IPv4. A resolver may hand them over as they are.
SpecialBlock mapped_block() {
  config::Network network{.address = IpAddress::any6(), .bits = 96};
  network.address.bytes[10] = network.address.bytes[11] = 0xff;
  return {.address = {}, .network = network, .name = "IPv4-mapped (RFC 4291)", .reason = carries_ipv4};
}

struct Table {
  std::vector<SpecialBlock> blocks;
  AddressSet set;
};

const Table& table() {
  static const Table made = [] {
    Table result;
    for (const Row& row : rows) {
      result.blocks.push_back({{}, config::parse_network(row.network).value(), row.name, row.reason, row.kind});
    }
    result.blocks.push_back(mapped_block());
    std::vector<config::Network> networks;
    networks.reserve(result.blocks.size());
    for (const SpecialBlock& block : result.blocks) networks.push_back(block.network);
    result.set = AddressSet(networks);
    return result;
  }();
  return made;
}

bool starts_with(const IpAddress& address, std::initializer_list<int> octets) {
  return std::ranges::equal(octets, std::span(address.bytes).first(octets.size()));
}

bool all_zero(const IpAddress& address, std::size_t from, std::size_t to) {
  return std::all_of(address.bytes.begin() + static_cast<std::ptrdiff_t>(from),
                     address.bytes.begin() + static_cast<std::ptrdiff_t>(to), [](std::uint8_t b) { return b == 0; });
}

// The last 64 bits of ISATAP (RFC 5214): 0:5efe and an IPv4 address, perhaps with the bit for "universal" (0200:5efe).
bool is_isatap(const IpAddress& address) {
  const auto& b = address.bytes;
  return (b[8] & ~0x02) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
}

}  // namespace

void EmbeddedAddresses::add(const IpAddress& address, std::array<std::uint8_t, 4> at, std::uint8_t flip) {
  IpAddress inside;
  for (std::size_t i = 0; i < 4; ++i) inside.bytes[i] = address.bytes[at[i]] ^ flip;
  found_[count_++] = inside;
}

// The prefix inside of the block can have any length of RFC 6052 from 48 on; what is behind the IPv4 address is zero
// then, and so is octet 8. Each reading counts that gives an address at all.
void EmbeddedAddresses::add_local_nat64(const IpAddress& address) {
  struct Reading {
    std::array<std::uint8_t, 4> at;
    std::size_t end;
  };
  constexpr Reading readings[] = {
      {{6, 7, 9, 10}, 11}, {{7, 9, 10, 11}, 12}, {{9, 10, 11, 12}, 13}, {{12, 13, 14, 15}, 16}};
  for (const Reading& reading : readings) {
    const bool some = std::ranges::any_of(reading.at, [&](std::uint8_t i) { return address.bytes[i] != 0; });
    if (some && address.bytes[8] == 0 && all_zero(address, reading.end, 16)) add(address, reading.at);
  }
}

EmbeddedAddresses::EmbeddedAddresses(const IpAddress& address) {
  if (address.v4) return;
  constexpr std::array<std::uint8_t, 4> last{12, 13, 14, 15};
  const bool mapped = all_zero(address, 0, 10) && address.bytes[10] == 0xff && address.bytes[11] == 0xff;
  const bool translated = all_zero(address, 0, 8) && address.bytes[8] == 0xff && address.bytes[9] == 0xff &&
                          address.bytes[10] == 0 && address.bytes[11] == 0;
  const bool nat64 = starts_with(address, {0, 0x64, 0xff, 0x9b}) && all_zero(address, 4, 12);
  // ::1 is no IPv4 address, nor is ::.
  const bool compatible = all_zero(address, 0, 12) && !all_zero(address, 12, 14);
  if (mapped || translated || nat64 || compatible || is_isatap(address)) add(address, last);
  if (starts_with(address, {0, 0x64, 0xff, 0x9b, 0, 1})) add_local_nat64(address);
  if (starts_with(address, {0x20, 0x02})) add(address, {2, 3, 4, 5});
  if (starts_with(address, {0x20, 0x01, 0, 0})) {
    add(address, {4, 5, 6, 7});
    add(address, last, 0xff);
  }
}

std::span<const SpecialBlock> special_blocks() { return table().blocks; }

std::optional<SpecialBlock> own_special_block(const IpAddress& address) {
  const auto found = table().set.find(address);
  if (!found) return std::nullopt;
  SpecialBlock block = table().blocks[*found];
  block.address = address;
  return block;
}

std::optional<SpecialBlock> special_block(const IpAddress& address) {
  for (const IpAddress& inside : EmbeddedAddresses(address)) {
    if (auto block = own_special_block(inside)) return block;
  }
  return own_special_block(address);
}

std::string SpecialBlock::text(const IpAddress& asked) const {
  std::string result = asked.text();
  if (asked != address) result += " holds " + address.text() + ", which";
  result += network.bits == (network.address.v4 ? 32 : 128) ? " is the " : " is in " + network.text() + ", ";
  return result + std::string(name) + ": " + std::string(reason);
}

}  // namespace sp::policy
