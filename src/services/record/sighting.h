// What the record keeps: how often somebody asked for a destination on one day, and what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "policy/observed.h"

namespace sp::proxy {
struct Exchange;
}

namespace sp::record {

struct SightingKey {
  std::string path;  // of the database
  std::string entry, user, client, host;
  std::uint16_t port = 0;
  policy::OutboundRequest::Kind kind = policy::OutboundRequest::Kind::tunnel;
  policy::Observed::Verdict verdict = policy::Observed::Verdict::allowed;
  std::string code, rule;
  std::int32_t day = 0;  // since 1970-01-01, UTC

  bool operator==(const SightingKey&) const = default;
};
struct SightingKeyHash {
  std::size_t operator()(const SightingKey& key) const;
};

struct SightingSum {
  std::uint64_t count = 0, reached = 0, special = 0;
  std::uint64_t octets_out = 0, octets_in = 0;
  std::int64_t first = 0, last = 0;  // seconds since 1970
  std::string address;

  void add(const SightingSum& other);
};

using Sightings = std::unordered_map<SightingKey, SightingSum, SightingKeyHash>;

struct Sighting {
  SightingKey key;
  SightingSum sum;
};
// Null where there is nothing to record: no way out, one without a record, a client that was not let in, or a
// destination that nobody understood. `now`: seconds since 1970.
std::optional<Sighting> sighting_of(const proxy::Exchange& exchange, std::int64_t now);

}  // namespace sp::record
