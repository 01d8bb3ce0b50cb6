#include "tls/minted_cache.h"

namespace sp::tls {

std::shared_ptr<const Certificate> MintedCache::find(std::string_view key, Time now) {
  const auto* found = known_.find(key);
  if (found == nullptr) return nullptr;
  const Certificate& certificate = **found;
  if (now >= certificate.not_before && now < certificate.not_after) return *found;
  known_.erase(key);
  return nullptr;
}

void MintedCache::put(std::string key, std::shared_ptr<const Certificate> certificate) {
  known_.put(std::move(key), std::move(certificate));
}

}  // namespace sp::tls
