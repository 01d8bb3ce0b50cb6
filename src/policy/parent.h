// The proxy that a way out goes through itself, and what it reaches without it. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.h"
#include "config/model.h"
#include "policy/destination_set.h"
#include "policy/outbound_rules.h"
#include "policy/site_table.h"

namespace sp::policy {

struct ParentProxy {
  enum class Protocol : std::uint8_t { http, socks5 };
  Protocol protocol = Protocol::http;
  const Upstream* upstream = nullptr;  // the proxy as a server: where it is, and TLS with it
  std::string name;                    // "http://192.168.4.5:3128", as it may be shown
  std::string user, password;          // an empty user: none
  std::string authorization;           // of HTTP: the value of Proxy-Authorization; a secret

  bool http() const { return protocol == Protocol::http; }
};

class Parent {
 public:
  // Adds proxies to `upstreams`. What is wrong is added to `findings`; then it is of no use.
  static std::unique_ptr<const Parent> compile(const config::ParentConfig& config,
                                               std::vector<std::unique_ptr<Upstream>>& upstreams,
                                               std::vector<config::Finding>& findings);

  struct Way {
    const ParentProxy* proxy = nullptr;      // null: directly
    std::optional<std::uint32_t> exception;  // the pattern of `no_proxy` that says so
    std::string_view unset;                  // or the variable that names no proxy
  };
  Way way_to(const OutboundRequest& request) const;
  // For the log and `explain`: "by parent http://192.168.4.5:3128", "directly: no_proxy `.internal.example.com`",
  // "directly: HTTPS_PROXY is not set".
  std::string reason(const Way& way) const;

  // Whether names are looked up here, although the proxy does it again.
  bool looks_names_up() const { return lookup_; }
  const ParentProxy& proxy(std::size_t number) const { return proxies_[number]; }
  std::size_t number_of(const ParentProxy& proxy) const { return static_cast<std::size_t>(&proxy - proxies_.data()); }

 private:
  std::vector<ParentProxy> proxies_;                       // at most two
  std::optional<std::size_t> for_requests_, for_tunnels_;  // in `proxies_`
  DestinationSet direct_;
  bool lookup_ = true;
};

}  // namespace sp::policy
