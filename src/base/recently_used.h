// A bounded number of values by their keys: when there is no room, what was used least recently makes some.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sp {

template <class Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t limit) : limit_(limit) {}

  // Null where there is none; else it was used just now. Until the next put() or erase().
  Value* find(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return &found->second->value;
  }
  // In the place of one that has this key. What had to make room, if anything had to. With a limit of 0 nothing is
  // kept.
  std::optional<Value> put(std::string key, Value value) {
    if (limit_ == 0) return value;
    erase(key);
    std::optional<Value> gone;
    if (by_key_.size() >= limit_) {
      gone = std::move(by_use_.back().value);
      erase(by_use_.back().key);
    }
    by_use_.push_front({std::move(key), std::move(value)});
    by_key_.emplace(by_use_.front().key, by_use_.begin());
    return gone;
  }
  void erase(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    const auto entry = found->second;
    by_key_.erase(found);
    by_use_.erase(entry);
  }
  // What was used least recently; nothing where there is nothing.
  std::optional<Value> drop_oldest() {
    if (by_use_.empty()) return std::nullopt;
    std::optional<Value> gone = std::move(by_use_.back().value);
    by_key_.erase(by_use_.back().key);
    by_use_.pop_back();
    return gone;
  }
  void clear() {
    by_key_.clear();
    by_use_.clear();
  }
  std::size_t size() const { return by_key_.size(); }
  template <class Visit>
  void for_each(Visit visit) {
    for (Entry& entry : by_use_) visit(entry.value);
  }

 private:
  struct Entry {
    std::string key;
    Value value;
  };
  std::size_t limit_;
  std::list<Entry> by_use_;                                                           // the latest first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_key_;  // the texts are the entries'
};

}  // namespace sp
