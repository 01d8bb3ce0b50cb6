#include "services/health/contexts.h"

#include <new>

#include "proxy/offered_protocols.h"
#include "tls/client_context.h"

namespace sp::health {
std::unique_ptr<proxy::WorkerContexts> contexts_of(const proxy::Snapshot& snapshot) {
  auto contexts = std::make_unique<proxy::WorkerContexts>();
  for (std::size_t i = 0; i < snapshot.upstream_tls.size(); ++i) {
    const policy::Upstream& upstream = *snapshot.policy->upstreams[i];
    contexts->clients.emplace_back();
    if (!upstream.health || snapshot.upstream_tls[i] == nullptr) continue;
    auto made = tls::ClientContext::make(snapshot.upstream_tls[i], proxy::offered_protocols(upstream));
    // A context that the library refuses is one that no worker has either: there is no such snapshot.
    if (!made) throw std::bad_alloc();
    contexts->clients.back() = *std::move(made);
  }
  return contexts;
}

}  // namespace sp::health
