// What was asked of a way out, as its record has it: one destination, by one user at one address, on one day.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/ip.h"
#include "policy/outbound_rules.h"

namespace sp::policy {

struct Observed {
  enum class Verdict : std::uint8_t { allowed, would_refuse, refused };

  std::string entry;  // its name
  std::string user;   // empty: nobody was asked who he is
  IpAddress client;
  std::string host;  // in lower case; an address as IpAddress::text() writes it
  std::uint16_t port = 0;
  OutboundRequest::Kind kind = OutboundRequest::Kind::tunnel;
  Verdict verdict = Verdict::allowed;
  std::string code;  // of `refused`: "destination_refused", "destination_address_refused"
  std::string rule;  // the place of the rule that decided; empty: none did

  std::uint64_t count = 0;
  std::uint64_t reached = 0;  // of these, a server was connected to
  std::uint64_t special = 0;  // of these, at an address that is not simply the internet's (special_addresses.h)
  std::uint64_t octets_out = 0, octets_in = 0;
  std::int32_t day = 0;  // since 1970-01-01, UTC
  std::chrono::sys_seconds first{}, last{};
  std::string address;  // the last that was connected to, or that was refused; empty: none is known

  bool passed() const { return verdict != Verdict::refused; }
};

}  // namespace sp::policy
