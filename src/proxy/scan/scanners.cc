#include "proxy/scan/scanners.h"

#include <algorithm>

namespace sp::proxy {

// One that is readable has been closed, or says what nobody asked for.
std::unique_ptr<runtime::Stream> Scanners::take(std::string_view address, runtime::TimePoint now) {
  std::erase_if(kept_, [&](const Kept& kept) { return now - kept.since > longest_kept; });
  for (;;) {
    const auto found = std::ranges::find(kept_, address, &Kept::address);
    if (found == kept_.end()) return nullptr;
    auto stream = std::move(found->stream);
    kept_.erase(found);
    if (stream->try_read({}).status == runtime::IoStatus::would_block) return stream;
  }
}

void Scanners::keep(std::string_view address, std::unique_ptr<runtime::Stream> stream, runtime::TimePoint now) {
  kept_.push_front({std::string(address), std::move(stream), now});
  if (kept_.size() > most_kept) kept_.pop_back();
}

}  // namespace sp::proxy
