// What `inspect` of a way out says, with its files read: what all workers share, and what each of them makes of it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "policy/inspect.h"
#include "proxy/outbound/pinned_clients.h"
#include "tls/client_context.h"
#include "tls/minter.h"
#include "tls/server_context.h"
#include "tls/signing_authority.h"

namespace sp::proxy {

struct Inspection {
  const policy::Inspect& policy;
  std::shared_ptr<const tls::SigningAuthority> authority;
  std::shared_ptr<const tls::ClientSettings> servers;
  std::shared_ptr<const tls::ServerSettings> clients;
  const std::unique_ptr<PinnedClients> pinned = std::make_unique<PinnedClients>();

  // Null with an error among `findings` where it cannot be done.
  static std::shared_ptr<const Inspection> load(const config::InspectConfig& config, const policy::Inspect& policy,
                                                const config::FileSystem& files,
                                                std::chrono::system_clock::time_point now,
                                                std::vector<config::Finding>& findings);

  // Whether a tunnel to there is opened, or may be when it is known for whom its TLS is. Never what the authority may
  // not sign for.
  bool opens(const policy::DestinationHost& host, std::uint16_t port) const {
    return policy.opens(host, port) && may_sign(host);
  }
  bool may_open(const policy::DestinationHost& host, std::uint16_t port) const {
    return policy.may_open(host, port) && (may_sign(host) || host.address);
  }

 private:
  bool may_sign(const policy::DestinationHost& host) const;
};

struct InspectionContexts {
  tls::Minter minter;
  std::unique_ptr<tls::ClientContext> servers;
  std::unique_ptr<tls::ServerContext> clients, http1_clients;  // those that are offered HTTP/2 too, and the others

  static Result<std::unique_ptr<InspectionContexts>> make(const Inspection& inspection);
};

}  // namespace sp::proxy
