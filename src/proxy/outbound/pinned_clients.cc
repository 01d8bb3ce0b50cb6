#include "proxy/outbound/pinned_clients.h"

#include <utility>

namespace sp::proxy {

bool PinnedClients::holds(RecentlyUsed<Until>& table, std::string_view client, runtime::TimePoint now) {
  const Until* until = table.find(client);
  if (until == nullptr) return false;
  if (*until > now) return true;
  table.erase(client);
  return false;
}

PinnedClients::Verdict PinnedClients::note(RecentlyUsed<Until>& table, std::string client, runtime::TimePoint now) {
  const bool known = holds(table, client, now);
  table.put(std::move(client), now + remembered);
  return known ? Verdict::refuses : Verdict::refuses_as_news;
}

PinnedClients::Verdict PinnedClients::pins(std::string client, runtime::TimePoint now) {
  any_ = true;
  left_once_.erase(client);
  return note(refusing_, std::move(client), now);
}

PinnedClients::Verdict PinnedClients::refused(std::string client, runtime::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (holds(trusting_, client, now)) return note(told_, std::move(client), now);
  return pins(std::move(client), now);
}

PinnedClients::Verdict PinnedClients::left(std::string client, runtime::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (holds(trusting_, client, now)) return Verdict::none;
  if (!holds(left_once_, client, now) && !holds(refusing_, client, now)) {
    left_once_.put(std::move(client), now + remembered);
    return Verdict::none;
  }
  return pins(std::move(client), now);
}

void PinnedClients::used(std::string client, runtime::TimePoint now) {
  const std::lock_guard lock(mutex_);
  left_once_.erase(client);
  trusting_.put(std::move(client), now + remembered);
}

bool PinnedClients::knows(std::string_view client, runtime::TimePoint now) {
  if (!any_) return false;
  const std::lock_guard lock(mutex_);
  return holds(refusing_, client, now);
}

}  // namespace sp::proxy
