#include "services/identity/remembered.h"

namespace sp::identity {

bool Remembered::Some::has(const Digest& digest, runtime::TimePoint now) const {
  const auto known = by_digest_.find(digest);
  return known != by_digest_.end() && now < known->second->until;
}

void Remembered::Some::remove(const Digest& digest) {
  const auto known = by_digest_.find(digest);
  if (known == by_digest_.end()) return;
  by_age_.erase(known->second);
  by_digest_.erase(known);
}

void Remembered::Some::add(const Digest& digest, runtime::TimePoint until) {
  remove(digest);
  if (by_age_.size() >= most_) {
    by_digest_.erase(by_age_.back().digest);
    by_age_.pop_back();
  }
  const auto slot = by_digest_.emplace(digest, by_age_.end()).first;
  try {
    by_age_.push_front({digest, until});
  } catch (...) {  // no memory: it is not remembered
    by_digest_.erase(slot);
    throw;
  }
  slot->second = by_age_.begin();
}

std::optional<bool> Remembered::find(const Digest& digest, runtime::TimePoint now) const {
  if (right_.has(digest, now)) return true;
  if (wrong_.has(digest, now)) return false;
  return std::nullopt;
}

void Remembered::note(const Digest& digest, bool right, runtime::TimePoint now) {
  (right ? wrong_ : right_).remove(digest);
  (right ? right_ : wrong_).add(digest, now + (right ? right_for : wrong_for));
}

}  // namespace sp::identity
