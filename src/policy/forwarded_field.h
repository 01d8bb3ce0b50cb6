// The grammar of X-Forwarded-For and Forwarded (RFC 7239), read from the end: the end is what the nearest peer wrote.
#pragma once

#include <optional>
#include <string_view>

#include "base/ip.h"

namespace sp::policy {

// The elements of a comma-separated list, the last one first, trimmed. Commas inside quotes do not separate.
class ListFromEnd {
 public:
  explicit ListFromEnd(std::string_view list) : rest_(list) {}
  bool done() const { return done_; }
  std::string_view next();

 private:
  std::string_view rest_;
  bool done_ = false;
};

// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711". Nothing for names, "unknown",
// "_hidden".
std::optional<IpAddress> node_address(std::string_view node);

struct ForwardedElement {
  std::string_view node;  // of `for`, without quotes
  std::string_view proto;
  std::string_view host;
};
// One element: "for=192.0.2.60;proto=https;by=...". What is malformed or unknown is left out. Values with backslashes
// in their quotes count as malformed: no address, scheme or host needs one.
ForwardedElement parse_forwarded_element(std::string_view element);

}  // namespace sp::policy
