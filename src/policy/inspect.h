// Which tunnels of a way out are opened, to be looked into.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/finding.h"
#include "config/model.h"
#include "policy/destination_set.h"

namespace sp::policy {

class Inspect {
 public:
  enum class Which : std::uint8_t { all, only, except };
  Inspect(Which which, DestinationSet listed) : which_(which), listed_(std::move(listed)) {}

  bool opens(const DestinationHost& host, std::uint16_t port) const;
  // As well where the client has asked for an address: what it is for may be said by the name that TLS asks for.
  bool may_open(const DestinationHost& host, std::uint16_t port) const {
    return opens(host, port) || (which_ == Which::only && host.address);
  }
  // A client that refuses what it is shown is passed on unopened.
  bool passes_pinned = true;

 private:
  Which which_;
  DestinationSet listed_;
};

// Nothing where a pattern cannot be read: that is added to `findings`.
std::optional<Inspect> compile_inspect(const config::InspectConfig& config, std::vector<config::Finding>& findings);

}  // namespace sp::policy
