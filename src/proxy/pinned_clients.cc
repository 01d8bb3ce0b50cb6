#include "proxy/pinned_clients.h"

#include <utility>

namespace sp::proxy {

bool PinnedClients::note(std::string client, runtime::TimePoint now) {
  const std::lock_guard lock(mutex_);
  any_ = true;
  const runtime::TimePoint* until = known_.find(client);
  const bool news = until == nullptr || *until <= now;
  known_.put(std::move(client), now + remembered);
  return news;
}

bool PinnedClients::knows(std::string_view client, runtime::TimePoint now) {
  if (!any_) return false;
  const std::lock_guard lock(mutex_);
  const runtime::TimePoint* until = known_.find(client);
  if (until == nullptr) return false;
  if (*until > now) return true;
  known_.erase(client);
  return false;
}

}  // namespace sp::proxy
