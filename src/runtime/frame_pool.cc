#include "runtime/frame_pool.h"

#include <array>
#include <new>

namespace sp::runtime {
namespace {

constexpr std::size_t grain = 64;
constexpr std::size_t classes = 64;  // frames of up to 4 KiB
constexpr unsigned keep_per_class =
    1024;  // what is beyond goes back to the heap: a burst does not cost memory for ever

#if __has_feature(address_sanitizer)
constexpr bool pooling = false;  // so that a use after free is seen
#else
constexpr bool pooling = true;
#endif

struct Free {
  Free* next;
};
struct Pool {
  std::array<Free*, classes> lists{};
  std::array<unsigned, classes> counts{};
  ~Pool() { trim(); }
  void trim() noexcept {
    for (std::size_t i = 0; i < classes; ++i) {
      while (lists[i] != nullptr) {
        Free* next = lists[i]->next;
        ::operator delete(lists[i]);
        lists[i] = next;
      }
      counts[i] = 0;
    }
  }
};
thread_local Pool pool;

std::size_t class_of(std::size_t bytes) { return (bytes + grain - 1) / grain - 1; }

}  // namespace

void* allocate_frame(std::size_t bytes) {
  std::size_t c = class_of(bytes);
  if (pooling && c < classes) {
    Free* frame = pool.lists[c];
    if (frame == nullptr) return ::operator new((c + 1) * grain);
    pool.lists[c] = frame->next;
    --pool.counts[c];
    return frame;
  }
  return ::operator new(bytes);
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  std::size_t c = class_of(bytes);
  if (pooling && c < classes && pool.counts[c] < keep_per_class) {
    auto* node = static_cast<Free*>(frame);
    node->next = pool.lists[c];
    pool.lists[c] = node;
    ++pool.counts[c];
    return;
  }
  ::operator delete(frame);
}

void trim_frames() noexcept { pool.trim(); }

}  // namespace sp::runtime
