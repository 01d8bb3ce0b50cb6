// Answers of name servers, kept for their time to live. Values in, values out: the time is given.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/code.h"
#include "base/ip.h"
#include "runtime/timer_wheel.h"

namespace sp::runtime {

// What is known of a name: addresses, or the code of the failure.
struct NameEntry {
  std::vector<IpAddress> v4, v6;
  Code code = Code::ok;
  const char* why = "";  // what exactly was said: a literal
  bool operator==(const NameEntry&) const = default;
};

// In the order in which they should be tried: families interleaved, IPv6 first (RFC 8305 section 4), each family
// rotated by `turn`, so that connections spread over equal servers.
std::vector<IpAddress> order_addresses(const NameEntry& entry, std::size_t turn);

class NameCache {
 public:
  struct Bounds {
    std::size_t entries = 4096;        // the one that was used longest ago makes room
    std::chrono::seconds shortest{1};  // times to live are brought between these two
    std::chrono::seconds longest{3600};
    std::chrono::seconds longest_negative{300};
    std::chrono::seconds stale{300};  // how long beyond its time an answer may help out (RFC 8767)
  };
  explicit NameCache(Bounds bounds) : bounds_(bounds) {}
  NameCache() : NameCache(Bounds{}) {}

  struct Found {
    const NameEntry* entry = nullptr;  // null: nothing is known. Valid until the cache changes
    bool fresh = false;                // else only to be used if no server can be reached
    std::size_t turn = 0;              // another one each time
  };
  Found find(std::string_view name, TimePoint now);
  void store(std::string_view name, NameEntry entry, std::chrono::seconds ttl, TimePoint now);
  // The servers cannot be reached: what find() gives as not fresh counts as fresh for that long. False: there is
  // nothing.
  bool extend(std::string_view name, std::chrono::seconds time, TimePoint now);
  void clear();
  std::size_t size() const { return by_name_.size(); }

 private:
  struct Node {
    std::string name;
    NameEntry entry;
    TimePoint fresh_until, stale_until;
    std::size_t turn = 0;
  };
  Node* touch(std::string_view name, TimePoint now);

  Bounds bounds_;
  std::list<Node> used_;                                                     // the latest first
  std::unordered_map<std::string_view, std::list<Node>::iterator> by_name_;  // views into the nodes
};

}  // namespace sp::runtime
