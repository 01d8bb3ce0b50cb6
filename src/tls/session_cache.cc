#include "tls/session_cache.h"

#include <openssl/ssl.h>

namespace sp::tls {

SSL_SESSION* SessionCache::find(std::string_view key) {
  auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  SSL_SESSION* session = found->second->session.get();
  if (SSL_SESSION_is_resumable(session) == 1) return session;
  forget(key);
  return nullptr;
}

void SessionCache::put(std::string_view key, SessionPtr session) {
  if (limit_ == 0) return;
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    found->second->session = std::move(session);
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return;
  }
  if (by_key_.size() >= limit_) {
    by_key_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
  by_use_.push_front({std::string(key), std::move(session)});
  by_key_.emplace(by_use_.front().key, by_use_.begin());
}

void SessionCache::forget(std::string_view key) {
  auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  auto entry = found->second;
  by_key_.erase(found);
  by_use_.erase(entry);
}

}  // namespace sp::tls
