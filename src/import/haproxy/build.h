// From what the sections say to the entries and upstreams of the result.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "import/haproxy/proxy.h"

namespace sp::import::haproxy {

// Who may come, as rules in their order say it.
class Access {
 public:
  // The rule applies where `left` holds. False: it cannot be said by addresses, and `why` says what became of it.
  bool add(const Rule& rule, const std::vector<All>& left, std::string& why);
  bool decided() const { return decided_; }  // what comes later changes nothing
  bool closed() const { return closed_; }    // nobody may come
  const std::vector<std::string>& allow() const { return allow_; }
  const std::vector<std::string>& deny() const { return deny_; }

 private:
  bool all(const Rule& rule);
  bool some(const Rule& rule, const All& all, std::string& why);
  bool only(const std::vector<std::string>& networks, std::string& why);

  std::vector<std::string> allow_, deny_, accepted_;
  bool decided_ = false, closed_ = false, restricted_ = false;
};

// Where a backend is, as `to` has it.
struct Target {
  std::string to;
  DraftUpstreamTls tls;
  std::string send_proxy;
  bool is_url = false;
  bool operator==(const Target&) const = default;
};

// What all entries share while they are made.
struct Building {
  const Configuration& configuration;
  Report& report;
  std::vector<DraftUpstream> upstreams;
  std::map<std::string, std::string> upstream_names;  // of backends, by the section's name and mode
  std::set<const Rule*> used;                         // rules that have an effect somewhere
  std::set<std::string> used_backends;
  std::set<std::string> entry_names, sockets;
};

enum class Shape : std::uint8_t { any, named };  // whether a server alone may stand as its URL
// Null where the backend has no server. `port` is for HTTP servers without one.
std::optional<Target> target_of(const Proxy& backend, Mode mode, Shape shape, int port, Building& state);
// The backend that a rule names; null, and a remark, where there is none of the mode.
const Proxy* find_backend(const std::string& name, const Origin& at, Mode mode, Building& state);

DraftTimeouts timeouts_of(const Proxy& frontend, const Proxy& backend, Mode mode, Report& report);
DraftLimits limits_of(const Proxy& frontend, Building& state);
// The entry's name and its listeners, which are all new.
DraftEntry begin_entry(const Proxy& frontend, const std::vector<Bind>& binds, std::string_view suffix, Mode mode,
                       Building& state);

// Whether any rule that the frontend can come to asks for it.
bool asks(const Proxy& frontend, Fact fact, const Building& state);
// The sections whose rules a connection of this frontend can meet: itself first.
std::vector<const Proxy*> reachable(const Proxy& frontend, const Building& state);
void add_patterns(const Condition& condition, Fact fact, std::vector<Pattern>& patterns);

std::vector<DraftEntry> relay_entries(const Proxy& frontend, const std::vector<Bind>& binds, Building& state);
std::vector<DraftEntry> http_entries(const Proxy& frontend, const std::vector<Bind>& binds, Building& state);

}  // namespace sp::import::haproxy
