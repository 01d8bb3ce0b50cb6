// SP_ASSERT: an invariant of ours, never something that a peer can cause. Debug builds stop; release builds count and
// log it, and go on to the caller's own error path.
#pragma once

#include <cstdint>

namespace sp {
// Writes one line to standard error, counts it, and aborts in debug builds.
void assertion_failed(const char* expression, const char* file, int line) noexcept;
// How many assertions failed in this process: a metric, and zero in every test.
std::uint64_t failed_assertions() noexcept;
}  // namespace sp

#define SP_ASSERT(expression) \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::sp::assertion_failed(#expression, __FILE__, __LINE__))
