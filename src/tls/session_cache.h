// Sessions with servers that can be resumed: of one worker and one set of settings, the latest for each server and
// name.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tls/handles.h"

namespace sp::tls {

class SessionCache {
 public:
  // When it is full, the session that was used least recently makes room.
  explicit SessionCache(std::size_t limit) : limit_(limit) {}
  // Null: none. The cache keeps the session.
  ssl_session_st* find(std::string_view key);
  void put(std::string_view key, SessionPtr session);
  void forget(std::string_view key);
  std::size_t size() const { return by_key_.size(); }

 private:
  struct Entry {
    std::string key;
    SessionPtr session;
  };
  std::size_t limit_;
  std::list<Entry> by_use_;  // the latest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

// Where the sessions of one connection go.
class SessionSlot {
 public:
  SessionSlot(SessionCache& cache, std::string key) : cache_(cache), key_(std::move(key)) {}
  void put(SessionPtr session) { cache_.put(key_, std::move(session)); }
  void forget() { cache_.forget(key_); }

 private:
  SessionCache& cache_;
  std::string key_;
};

}  // namespace sp::tls
