// The first line is a host as a client asks for it, the others are patterns. A host that inet_aton() reads is no name;
// a pattern is refused, or is the same after being written and read again; the compiled set finds what a list does.
#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "policy/destination_set.h"
#include "policy/rule_time.h"
#include "policy/special_addresses.h"

namespace {

using namespace sp::policy;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_host(std::string_view text, const DestinationHost& host) {
  if (host.address) {
    check(host.name.empty() && read_host(host.address->text())->address == host.address);
    if (auto block = special_block(*host.address)) check(block->network.contains(block->address));
  } else {
    in_addr address{};
    check(inet_aton(std::string(text).c_str(), &address) == 0 &&
          inet_aton(std::string(host.name).c_str(), &address) == 0);
    check(!host.name.empty() && host.name.size() <= 253 && !host.name.ends_with('.'));
  }
  // What may be asked for may also be named.
  const auto pattern = parse_destination(host.address ? host.address->text() : host.name);
  check(pattern && pattern->holds(host));
}

void check_pattern(const DestinationPattern& pattern) {
  const std::string text = pattern.text();
  check(std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; }));
  const auto again = parse_destination(text);
  check(again && *again == pattern);
}

void check_set(const DestinationSet& set, const DestinationHost& host, std::uint16_t port) {
  const auto patterns = set.patterns();
  const auto expected = std::ranges::find_if(patterns, [&](const DestinationPattern& pattern) {
    return pattern.holds(host) && (pattern.port == 0 || pattern.port == port);
  });
  const auto found = set.first(host, port);
  check(found ? patterns.begin() + *found == expected : expected == patterns.end());
  check(set.most_specific(host, port).has_value() == found.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto take_line = [&] {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
  };
  const std::string_view asked = take_line();
  const auto host = read_host(asked);
  if (host) check_host(asked, *host);
  std::vector<DestinationPattern> patterns;
  while (!rest.empty() && patterns.size() < 100) {
    const std::string_view line = take_line();
    static_cast<void>(parse_until(line));
    static_cast<void>(Schedule::parse(line));
    auto pattern = parse_destination(line);
    if (!pattern) continue;
    check_pattern(*pattern);
    patterns.push_back(*std::move(pattern));
  }
  const DestinationSet set(std::move(patterns));
  if (!host) return 0;
  check_set(set, *host, 443);
  check_set(set, *host, 80);
  return 0;
}
