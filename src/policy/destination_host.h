// Whom a client asks to be connected with: an address, or a name that is going to be looked up. What some program would
// take for an address although it is not written as one (127.1, 0x7f000001, 2130706433) is refused before anybody looks
// it up.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/ip.h"

namespace sp::policy {

// One of the two. A view: it lives as long as the text that was read.
struct DestinationHost {
  std::optional<IpAddress> address;
  std::string_view name;  // in the case in which it was written, without the trailing dot

  bool operator==(const DestinationHost&) const = default;
};

enum class HostFault : std::uint8_t {
  empty,
  nul,
  control_character,
  not_ascii,
  percent,
  zone,
  bad_ipv6,
  bad_character,
  too_long,
  empty_label,
  label_too_long,
  number,
};
// For the page, the log and `explain`: "the name has an empty label".
std::string_view text(HostFault fault);

// A host without a port: "example.com", "example.com.", "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". Names are of
// letters, digits, '-' and '_', of at most 253 octets with labels of at most 63; international ones are their A-labels.
std::expected<DestinationHost, HostFault> read_host(std::string_view text);

// Whether the last label is a number, decimal or 0x: then it is no name, since no top-level domain is one, and
// inet_aton() or a browser may read an address in it.
bool ends_in_number(std::string_view name);

}  // namespace sp::policy
