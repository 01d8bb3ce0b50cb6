// What this machine says about names before any server is asked: /etc/hosts, the search list of /etc/resolv.conf, and
// the families of addresses that it has.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "runtime/timer_wheel.h"

namespace sp::runtime {

// Names in lower case, without a final dot.
using HostsTable = std::unordered_map<std::string, std::vector<IpAddress>>;
// hosts(5). Lines that cannot be read are passed over.
HostsTable parse_hosts(std::string_view text);

struct SearchList {
  std::vector<std::string> domains;
  unsigned ndots = 1;
};
// The search list and ndots of resolv.conf(5); the servers are c-ares's business.
SearchList parse_search_list(std::string_view text);

// The names to ask for, in order. A name with at least `ndots` dots, or with a final one, is only ever asked for as it
// is: a mistyped public name is not to be answered by a wildcard of a search domain.
std::vector<std::string> candidates(std::string_view name, const SearchList& search);

// Lower case without the final dot; empty if no server should ever be asked for it (RFC 1123 section 2.1, plus
// underscores).
std::string normal_name(std::string_view host);

struct NameSources {
  HostsTable hosts;
  SearchList search;
  // Whether this machine has addresses of the family beyond loopback and link-local ones; asking for others is in vain.
  bool has_v4 = true;
  bool has_v6 = true;
  bool has_loopback_v6 = true;
  unsigned servers_version = 0;  // another number: the name servers may have changed
};

// Where they come from. Tests have their own.
class NameSourceReader {
 public:
  virtual ~NameSourceReader() = default;
  // Valid until the next call.
  virtual const NameSources& current(TimePoint now) = 0;
};

// The real ones. Looks at most every two seconds whether the files have changed, and reads them then.
class SystemNameSources final : public NameSourceReader {
 public:
  explicit SystemNameSources(std::string hosts_path = "/etc/hosts", std::string resolv_conf_path = "/etc/resolv.conf");
  const NameSources& current(TimePoint now) override;

 private:
  // Changes when a file is replaced, written or removed.
  struct Stamp {
    std::uint64_t inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const std::string& path);
  void read_families();

  std::string hosts_path_, resolv_conf_path_;
  NameSources sources_;
  Stamp hosts_stamp_, resolv_conf_stamp_;
  TimePoint look_again_ = TimePoint::min();
};

}  // namespace sp::runtime
