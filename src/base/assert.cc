#include "base/assert.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace sp {
namespace {
std::atomic<std::uint64_t> failures{0};
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  failures.fetch_add(1, std::memory_order_relaxed);
  std::fprintf(stderr, "sallyport: bug: %s does not hold (%s:%d); please report it\n", expression, file, line);
#ifndef NDEBUG
  std::abort();
#endif
}

std::uint64_t failed_assertions() noexcept { return failures.load(std::memory_order_relaxed); }
}  // namespace sp
