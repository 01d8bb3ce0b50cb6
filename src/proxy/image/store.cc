#include "proxy/image/store.h"

#include <algorithm>

namespace sp::proxy {

using runtime::Task;

bool ImageMemory::Held::grow(std::uint64_t octets, std::uint64_t most) {
  if (memory_->octets_ > most || octets > most - memory_->octets_) return false;
  memory_->octets_ += octets;
  octets_ += octets;
  return true;
}

ImagePtr ImageStore::find(std::string_view key, runtime::TimePoint now) {
  const ImagePtr* known = kept_.find(key);
  if (known == nullptr) return nullptr;
  if (now < (*known)->fetched + (*known)->lifetime.seconds) return *known;
  kept_octets_ -= (*known)->octets.size();
  kept_.erase(key);
  return nullptr;
}

void ImageStore::keep(std::string_view key, ImagePtr image, std::uint64_t most) {
  const std::uint64_t size = image->octets.size();
  if (!image->lifetime.kept_here() || size > most) return;
  if (const ImagePtr* known = kept_.find(key)) {
    kept_octets_ -= (*known)->octets.size();
    kept_.erase(key);
  }
  while (kept_octets_ > most - size) {
    const auto gone = kept_.drop_oldest();
    if (!gone) break;
    kept_octets_ -= (*gone)->octets.size();
  }
  kept_octets_ += size;
  if (const auto gone = kept_.put(std::string(key), std::move(image))) kept_octets_ -= (*gone)->octets.size();
}

std::shared_ptr<ImageStore::Fetch> ImageStore::being_fetched(std::string_view key) const {
  const auto found = fetching_.find(key);
  return found == fetching_.end() ? nullptr : found->second;
}

ImageStore::Fetching::Fetching(ImageStore& store, std::string_view key)
    : store_(store), key_(key), fetch_(std::make_shared<Fetch>()) {
  store_.fetching_.emplace(key_, fetch_);
}

ImageStore::Fetching::~Fetching() {
  store_.fetching_.erase(key_);
  for (runtime::Event* event : fetch_->waiting) event->set();
}

namespace {

// In the list for as long as somebody waits.
struct Waiting {
  explicit Waiting(ImageStore::Fetch& of) : fetch(of) { fetch.waiting.push_back(&over); }
  ~Waiting() { std::erase(fetch.waiting, &over); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ImageStore::Fetch& fetch;
  runtime::Event over;
};

}  // namespace

Task<Result<void>> wait_for(ImageStore::Fetch& fetch, runtime::TimePoint deadline, runtime::CancelToken& token) {
  Waiting waiting(fetch);
  auto waited = co_await waiting.over.wait(deadline, &token);
  co_return waited;
}

}  // namespace sp::proxy
