#include "base/frame_pool.h"

#include <array>
#include <new>
#include <utility>

#include "base/free_list.h"
#include "base/pooling.h"
#include "base/slab.h"

namespace sp {
namespace {

// Nearly as many classes as there are coroutines: those that end early do not lie between those that wait.
constexpr std::size_t grain = 16;
constexpr std::size_t classes = 256;  // frames of up to 4 KiB
constexpr unsigned keep_per_class = 1024;

// Side by side with those of their size: a burst of one kind gives its pages back though others live on.
using List = FreeList<Slab>;
using Lists = std::array<List, classes>;

template <std::size_t... I>
Lists make_lists(std::index_sequence<I...>) {
  return {List((I + 1) * grain, keep_per_class)...};
}
thread_local Lists lists = make_lists(std::make_index_sequence<classes>());

std::size_t class_of(std::size_t bytes) { return (bytes + grain - 1) / grain - 1; }

}  // namespace

void* allocate_frame(std::size_t bytes) {
  std::size_t c = class_of(bytes);
  return pooling && c < classes ? lists[c].take() : ::operator new(bytes);
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  std::size_t c = class_of(bytes);
  if (!pooling || c >= classes) return ::operator delete(frame);
  lists[c].give(frame);
}

std::size_t trim_frames() noexcept {
  std::size_t octets = 0;
  for (List& list : lists) octets += list.trim();
  return octets;
}

}  // namespace sp
