// The resolver: literals, localhost, /etc/hosts, then what name servers say, asked for both families at once, kept for
// its time, with one question at a time for each name. Who asks the servers is an Asker: c-ares, or a test.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/intrusive_list.h"
#include "runtime/dns_answer.h"
#include "runtime/name_cache.h"
#include "runtime/name_sources.h"
#include "runtime/network.h"
#include "runtime/wait.h"

namespace sp::runtime {

// Asks name servers. Destroying it forgets what it was asked.
class Asker {
 public:
  virtual ~Asker() = default;
  using OnAnswer = std::function<void(DnsAnswer)>;
  // Calls exactly once, never before it has returned. The name is asked for as it is, without a search list.
  virtual void ask(const std::string& name, Family family, OnAnswer on_answer) = 0;
  // Questions from now on go to the servers of a new resolv.conf.
  virtual void servers_changed() = 0;
};

struct ResolverOptions {
  NameCache::Bounds cache;
  // IPv4 addresses are here, IPv6 has not been answered: how long to wait for it (RFC 8305 section 3).
  Duration second_family{50};
  // An answer past its time helps out when the servers are silent for so long (RFC 8767 section 5), and then for so
  // long.
  Duration stale_after{1800};
  std::chrono::seconds stale_for{5};
  // Told when that happens, for the log.
  std::function<void(std::string_view host)> on_stale;
};

struct ResolverCounts {
  std::uint64_t hits = 0;     // answered by the cache
  std::uint64_t lookups = 0;  // names for which servers were asked
  std::uint64_t joined = 0;   // waited for the lookup of another
  std::uint64_t failures = 0;
  std::uint64_t stale = 0;  // times that an answer past its time helped out
};

class CachingResolver final : public Resolver {
 public:
  // `loop` outlives it; nobody waits in resolve() any more when it is destroyed.
  CachingResolver(Loop& loop, std::unique_ptr<Asker> asker, std::unique_ptr<NameSourceReader> sources,
                  ResolverOptions options = {});
  ~CachingResolver() override;

  Task<Result<std::vector<IpAddress>>> resolve(std::string_view host, TimePoint deadline, CancelToken& token) override;
  const ResolverCounts& counts() const { return counts_; }

 private:
  struct Waiter;
  struct Lookup;
  using Addresses = Result<std::vector<IpAddress>>;

  const NameSources& sources();
  std::optional<Addresses> from_cache(std::string_view key);
  std::optional<Addresses> from_cache_though_stale(std::string_view key);
  Lookup& lookup_for(const std::string& key, std::string_view host, const NameSources& sources);
  // The life of a lookup. Only finish() ends it, and only when both families have been answered.
  void ask(Lookup& lookup);
  void answered(Lookup& lookup, Family family, DnsAnswer answer);
  void judge(Lookup& lookup);
  void found(Lookup& lookup);
  void not_found(Lookup& lookup);
  void failed(Lookup& lookup, Code code);
  bool help_out(Lookup& lookup);
  void finish(Lookup& lookup);

  Loop& loop_;
  std::unique_ptr<NameSourceReader> sources_;
  ResolverOptions options_;
  ResolverCounts counts_;
  NameCache cache_;
  unsigned servers_version_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Lookup>> lookups_;
  std::unique_ptr<Asker> asker_;  // last: its questions point to the lookups
};

}  // namespace sp::runtime
