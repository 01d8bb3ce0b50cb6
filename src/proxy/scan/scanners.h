// What a worker keeps for scanners: connections to them, and room for content that waits for their verdict.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/head_room.h"
#include "runtime/stream.h"

namespace sp::proxy {

class Scanners {
 public:
  // A kept connection to that address, the one that was used last; null: there is none. It may turn out to be closed.
  std::unique_ptr<runtime::Stream> take(std::string_view address, runtime::TimePoint now);
  void keep(std::string_view address, std::unique_ptr<runtime::Stream> stream, runtime::TimePoint now);
  void close_idle() { kept_.clear(); }
  HeadRoom& room() { return room_; }

  static constexpr std::size_t most_kept = 32;
  static constexpr runtime::Duration longest_kept{30'000};  // what is older is not used any more
  static constexpr std::uint64_t most_held = std::uint64_t{256} << 20;

 private:
  struct Kept {
    std::string address;
    std::unique_ptr<runtime::Stream> stream;
    runtime::TimePoint since;
  };
  std::list<Kept> kept_;  // the latest first
  HeadRoom room_{most_held, nullptr};
};

}  // namespace sp::proxy
