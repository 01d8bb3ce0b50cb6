#include "runtime/name_cache.h"

#include <algorithm>

namespace sp::runtime {

std::vector<IpAddress> order_addresses(const NameEntry& entry, std::size_t turn) {
  std::vector<IpAddress> ordered;
  ordered.reserve(entry.v4.size() + entry.v6.size());
  const std::size_t rounds = std::max(entry.v4.size(), entry.v6.size());
  for (std::size_t i = 0; i < rounds; ++i) {
    if (i < entry.v6.size()) ordered.push_back(entry.v6[(i + turn) % entry.v6.size()]);
    if (i < entry.v4.size()) ordered.push_back(entry.v4[(i + turn) % entry.v4.size()]);
  }
  return ordered;
}

NameCache::Node* NameCache::touch(std::string_view name, TimePoint now) {
  const auto at = by_name_.find(name);
  if (at == by_name_.end()) return nullptr;
  const auto node = at->second;
  if (now >= std::max(node->fresh_until, node->stale_until)) {
    by_name_.erase(at);
    used_.erase(node);
    return nullptr;
  }
  used_.splice(used_.begin(), used_, node);
  return &*node;
}

NameCache::Found NameCache::find(std::string_view name, TimePoint now) {
  Node* node = touch(name, now);
  if (node == nullptr) return {};
  return {&node->entry, now < node->fresh_until, node->turn++};
}

void NameCache::store(std::string_view name, NameEntry entry, std::chrono::seconds ttl, TimePoint now) {
  const bool negative = entry.code != Code::ok;
  const auto held = std::clamp(ttl, bounds_.shortest, negative ? bounds_.longest_negative : bounds_.longest);
  Node* node = touch(name, now);
  if (node == nullptr) {
    if (bounds_.entries == 0) return;
    if (used_.size() >= bounds_.entries) {
      by_name_.erase(used_.back().name);
      used_.pop_back();
    }
    used_.push_front(Node{std::string(name), {}, {}, {}});
    node = &used_.front();
    by_name_.emplace(node->name, used_.begin());
  }
  node->entry = std::move(entry);
  node->fresh_until = now + held;
  // That a name does not exist is not worth anything once its time is over.
  node->stale_until = negative ? node->fresh_until : node->fresh_until + bounds_.stale;
}

bool NameCache::extend(std::string_view name, std::chrono::seconds time, TimePoint now) {
  Node* node = touch(name, now);
  if (node == nullptr || node->entry.code != Code::ok || now >= node->stale_until) return false;
  node->fresh_until = std::max(node->fresh_until, std::min(now + time, node->stale_until));
  return true;
}

void NameCache::clear() {
  by_name_.clear();
  used_.clear();
}

}  // namespace sp::runtime
