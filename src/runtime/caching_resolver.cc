#include "runtime/caching_resolver.h"

#include <algorithm>

namespace sp::runtime {

using Kind = DnsAnswer::Kind;

// One who waits in resolve(), in that coroutine's frame.
struct CachingResolver::Waiter : ListHook {
  Event event;
  std::optional<Addresses> answer;
};

// The question for one name that is under way.
struct CachingResolver::Lookup {
  Lookup(CachingResolver& resolver, std::string key_in, std::string_view host_in)
      : owner(resolver), key(std::move(key_in)), host(host_in) {}

  static void enough_of_waiting(void* self) {
    auto& lookup = *static_cast<Lookup*>(self);
    lookup.owner.found(lookup);
  }
  static void servers_are_slow(void* self) {
    auto& lookup = *static_cast<Lookup*>(self);
    lookup.owner.help_out(lookup);
  }
  void wake(const NameEntry& entry);

  CachingResolver& owner;
  const std::string key;   // as in lookups_ and in the cache
  const std::string host;  // as it was asked for first, for on_stale
  std::vector<std::string> names;
  std::size_t at = 0;  // which of the names is being asked for
  bool ask_v4 = true, ask_v6 = true;
  std::optional<DnsAnswer> v4, v6;  // of that name
  bool exists = false;              // one of the names does, though without addresses
  std::chrono::seconds negative = std::chrono::seconds::max();
  IntrusiveList<Waiter> waiters;
  Timer second_family{&Lookup::enough_of_waiting, this};
  Timer stale{&Lookup::servers_are_slow, this};
};

namespace {

constexpr const char* silence = "no name server answered in time";
constexpr const char* no_such_name = "the name server says that there is no such name (NXDOMAIN)";
constexpr const char* no_address = "the name server knows the name, but no address of it";
constexpr const char* no_word = "the name servers cannot or will not say (SERVFAIL, REFUSED)";

Result<std::vector<IpAddress>> addresses_of(const NameEntry& entry, std::size_t turn) {
  if (entry.code != Code::ok) return fail(entry.code, entry.why);
  return order_addresses(entry, turn);
}

bool has_addresses(const std::optional<DnsAnswer>& answer) { return answer && answer->kind == Kind::addresses; }
bool is_failure(const DnsAnswer& answer) { return answer.kind == Kind::failure || answer.kind == Kind::no_reply; }

// RFC 6761 section 6.3: never asked of a server.
bool is_localhost(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

NameEntry loopback(const NameSources& sources) {
  NameEntry entry{{IpAddress::loopback4()}, {}};
  if (sources.has_loopback_v6) entry.v6.push_back(*IpAddress::parse("::1"));
  return entry;
}

NameEntry entry_of(const std::vector<IpAddress>& addresses) {
  NameEntry entry;
  for (const IpAddress& address : addresses) (address.v4 ? entry.v4 : entry.v6).push_back(address);
  return entry;
}

// What needs no server: the hosts file goes first, also for localhost.
std::optional<NameEntry> known_here(const std::string& name, const NameSources& sources) {
  if (const auto line = sources.hosts.find(name); line != sources.hosts.end()) return entry_of(line->second);
  if (is_localhost(name)) return loopback(sources);
  return std::nullopt;
}

}  // namespace

void CachingResolver::Lookup::wake(const NameEntry& entry) {
  std::size_t turn = 0;
  while (Waiter* waiter = waiters.pop_front()) {
    waiter->answer = addresses_of(entry, turn++);
    waiter->event.set();
  }
}

CachingResolver::CachingResolver(Loop& loop, std::unique_ptr<Asker> asker, std::unique_ptr<NameSourceReader> sources,
                                 ResolverOptions options)
    : loop_(loop),
      sources_(std::move(sources)),
      options_(std::move(options)),
      cache_(options_.cache),
      servers_version_(sources_->current(loop.now()).servers_version),
      asker_(std::move(asker)) {}

CachingResolver::~CachingResolver() = default;

const NameSources& CachingResolver::sources() {
  const NameSources& sources = sources_->current(loop_.now());
  if (sources.servers_version != servers_version_) {
    servers_version_ = sources.servers_version;
    cache_.clear();  // another network may have other answers
    asker_->servers_changed();
  }
  return sources;
}

Task<Result<std::vector<IpAddress>>> CachingResolver::resolve(std::string_view host, TimePoint deadline,
                                                              CancelToken& token) {
  if (const auto literal = IpAddress::parse(host)) co_return std::vector{*literal};
  std::string key = normal_name(host);
  if (key.empty()) co_return fail(Code::dns_error, "this is not a name that can be looked up");
  const NameSources& now = sources();
  if (const auto entry = known_here(key, now)) co_return addresses_of(*entry, 0);
  if (host.ends_with('.')) key += '.';  // another question: no search list
  if (auto cached = from_cache(key)) {
    ++counts_.hits;
    co_return *std::move(cached);
  }
  if (token.cancelled()) co_return fail(token.why(), "resolve");

  Waiter waiter;
  lookup_for(key, host, now).waiters.push_back(waiter);
  const auto waited = co_await waiter.event.wait(deadline, &token);
  if (waited) co_return *std::move(waiter.answer);
  if (token.cancelled()) co_return fail(token.why(), "resolve");
  if (auto late = from_cache_though_stale(key)) co_return *std::move(late);
  co_return fail(Code::dns_timeout, silence);
}

std::optional<CachingResolver::Addresses> CachingResolver::from_cache(std::string_view key) {
  const NameCache::Found found = cache_.find(key, loop_.now());
  if (!found.fresh) return std::nullopt;
  return addresses_of(*found.entry, found.turn);
}

std::optional<CachingResolver::Addresses> CachingResolver::from_cache_though_stale(std::string_view key) {
  const NameCache::Found found = cache_.find(key, loop_.now());
  if (found.entry == nullptr) return std::nullopt;
  ++counts_.stale;
  return addresses_of(*found.entry, found.turn);
}

CachingResolver::Lookup& CachingResolver::lookup_for(const std::string& key, std::string_view host,
                                                     const NameSources& sources) {
  std::unique_ptr<Lookup>& slot = lookups_[key];
  if (slot) {
    ++counts_.joined;
    return *slot;
  }
  ++counts_.lookups;
  slot = std::make_unique<Lookup>(*this, key, host);
  slot->names = candidates(key, sources.search);
  slot->ask_v4 = sources.has_v4;
  slot->ask_v6 = sources.has_v6;
  if (cache_.find(key, loop_.now()).entry != nullptr) {
    loop_.timers().arm(slot->stale, loop_.now() + options_.stale_after);
  }
  ask(*slot);
  return *slot;
}

void CachingResolver::ask(Lookup& lookup) {
  static const DnsAnswer not_asked{Kind::no_address, {}, std::chrono::seconds::max()};
  lookup.v4 = lookup.ask_v4 ? std::nullopt : std::optional(not_asked);
  lookup.v6 = lookup.ask_v6 ? std::nullopt : std::optional(not_asked);
  // The lookup outlives its questions: it ends when both are answered, and the asker is destroyed before the lookups
  // are.
  Lookup* self = &lookup;
  const std::string& name = lookup.names[lookup.at];
  if (lookup.ask_v6) {
    asker_->ask(name, Family::v6,
                [self](DnsAnswer answer) { self->owner.answered(*self, Family::v6, std::move(answer)); });
  }
  if (lookup.ask_v4) {
    asker_->ask(name, Family::v4,
                [self](DnsAnswer answer) { self->owner.answered(*self, Family::v4, std::move(answer)); });
  }
}

void CachingResolver::answered(Lookup& lookup, Family family, DnsAnswer answer) {
  (family == Family::v4 ? lookup.v4 : lookup.v6) = std::move(answer);
  if (lookup.v4 && lookup.v6) {
    judge(lookup);
  } else if (has_addresses(lookup.v4)) {
    // IPv6 alone waits for IPv4 until the servers give up: a broken IPv6 network would leave nothing to fall back to.
    loop_.timers().arm(lookup.second_family, loop_.now() + options_.second_family);
  }
}

void CachingResolver::judge(Lookup& lookup) {
  lookup.second_family.unlink();
  if (has_addresses(lookup.v4) || has_addresses(lookup.v6)) {
    found(lookup);
    finish(lookup);
  } else if (is_failure(*lookup.v4) || is_failure(*lookup.v6)) {
    // The search list ends here too: the next name would be another's answer to a question that this server owes.
    const bool silent = lookup.v4->kind == Kind::no_reply || lookup.v6->kind == Kind::no_reply;
    failed(lookup, silent ? Code::dns_timeout : Code::dns_error);
    finish(lookup);
  } else {
    not_found(lookup);
  }
}

void CachingResolver::found(Lookup& lookup) {
  constexpr std::chrono::seconds longest_half{
      30};  // a family that failed, or has not been answered, gets another chance
  NameEntry entry;
  auto ttl = std::chrono::seconds::max();
  for (const auto& [answer, into] : {std::pair(&lookup.v4, &entry.v4), std::pair(&lookup.v6, &entry.v6)}) {
    if (has_addresses(*answer)) {
      *into = (*answer)->addresses;
      ttl = std::min(ttl, (*answer)->ttl);
    } else if (!*answer || is_failure(**answer)) {
      ttl = std::min(ttl, longest_half);
    }
  }
  lookup.stale.unlink();
  lookup.wake(entry);
  cache_.store(lookup.key, std::move(entry), ttl, loop_.now());
}

void CachingResolver::not_found(Lookup& lookup) {
  for (const DnsAnswer& answer : {*lookup.v4, *lookup.v6}) {
    lookup.exists = lookup.exists || (answer.kind == Kind::no_address && answer.ttl != std::chrono::seconds::max());
    lookup.negative = std::min(lookup.negative, answer.ttl);
  }
  if (++lookup.at < lookup.names.size()) {
    ask(lookup);
    return;
  }
  ++counts_.failures;
  NameEntry entry{{}, {}, Code::dns_error, no_such_name};
  if (lookup.exists) entry = {{}, {}, Code::dns_no_address, no_address};
  lookup.wake(entry);
  cache_.store(lookup.key, std::move(entry), lookup.negative, loop_.now());
  finish(lookup);
}

void CachingResolver::failed(Lookup& lookup, Code code) {
  ++counts_.failures;
  if (help_out(lookup)) return;
  NameEntry entry{{}, {}, code, code == Code::dns_timeout ? silence : no_word};
  lookup.wake(entry);
  cache_.store(lookup.key, std::move(entry), std::chrono::seconds(0), loop_.now());  // for the shortest time there is
}

// The servers are silent: an answer that is past its time is better than none.
bool CachingResolver::help_out(Lookup& lookup) {
  if (!cache_.extend(lookup.key, options_.stale_for, loop_.now())) return false;
  ++counts_.stale;
  lookup.wake(*cache_.find(lookup.key, loop_.now()).entry);
  if (options_.on_stale) options_.on_stale(lookup.host);
  return true;
}

void CachingResolver::finish(Lookup& lookup) { lookups_.erase(lookups_.find(lookup.key)); }

}  // namespace sp::runtime
