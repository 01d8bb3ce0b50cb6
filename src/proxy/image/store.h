// What a worker has of images of other sites: those that may be kept, those that are being fetched, and how much memory
// they all take.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/recently_used.h"
#include "base/result.h"
#include "policy/image_lifetime.h"
#include "proxy/outbound/destinations.h"
#include "runtime/wait.h"

namespace sp::proxy {

// The octets of all images that there are. A limit for each that wants more.
class ImageMemory {
 public:
  class Held {
   public:
    explicit Held(ImageMemory& memory) : memory_(&memory) {}
    ~Held() { memory_->octets_ -= octets_; }
    Held(Held&& other) noexcept : memory_(other.memory_), octets_(std::exchange(other.octets_, 0)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    // So many more. False, and nothing is taken, where all together would be more than `most`.
    bool grow(std::uint64_t octets, std::uint64_t most);

   private:
    ImageMemory* memory_;
    std::uint64_t octets_ = 0;
  };
  std::uint64_t octets() const { return octets_; }

 private:
  std::uint64_t octets_ = 0;
};

// One image, as it is sent to every client.
struct Image {
  explicit Image(ImageMemory& memory) : held(memory) {}
  std::string octets;
  std::string_view media_type;
  policy::ImageLifetime lifetime;
  runtime::TimePoint fetched{};
  std::shared_ptr<const Destination> from;  // for the log, of those who are sent it later, too
  ImageMemory::Held held;
};
using ImagePtr = std::shared_ptr<const Image>;

class ImageStore {
 public:
  ImageMemory& memory() { return memory_; }

  // Null: there is none that may still be used.
  ImagePtr find(std::string_view key, runtime::TimePoint now);
  // Images that are kept take no more than `most` together; what was used least recently makes room.
  void keep(std::string_view key, ImagePtr image, std::uint64_t most);

  // ---- one fetch for all who ask for one image at a time ----
  struct Outcome {
    Error error{.code = Code::ok};
    std::string detail;
    ImagePtr image;  // null: see `error`
  };
  struct Fetch {
    std::vector<runtime::Event*> waiting;
    std::optional<Outcome> outcome;  // without one it was given up
  };
  // Whoever fetches, as long as he does; then everybody who waits goes on.
  class Fetching {
   public:
    Fetching(ImageStore& store, std::string_view key);
    ~Fetching();
    Fetching(const Fetching&) = delete;
    Fetching& operator=(const Fetching&) = delete;
    void done(Outcome outcome) { fetch_->outcome = std::move(outcome); }

   private:
    ImageStore& store_;
    std::string key_;
    std::shared_ptr<Fetch> fetch_;
  };
  // Null: nobody is fetching it.
  std::shared_ptr<Fetch> being_fetched(std::string_view key) const;

 private:
  ImageMemory memory_;  // outlives the images
  RecentlyUsed<ImagePtr> kept_{4096};
  std::uint64_t kept_octets_ = 0;
  std::map<std::string, std::shared_ptr<Fetch>, std::less<>> fetching_;
};

// Until the fetch is over. Errors: the token's, and timeout.
runtime::Task<Result<void>> wait_for(ImageStore::Fetch& fetch, runtime::TimePoint deadline,
                                     runtime::CancelToken& token);

}  // namespace sp::proxy
