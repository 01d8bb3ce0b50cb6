// Memory for coroutine frames: free lists of this thread by size, so that an exchange in the steady state does not go
// to the general heap. A frame is freed on the thread that made it (docs/architecture.md, bet 1).
#pragma once

#include <cstddef>

namespace sp {

// Never null: throws std::bad_alloc as operator new does.
void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;
// Gives back to the heap what this thread did not need since the last call; says how many octets.
std::size_t trim_frames() noexcept;

}  // namespace sp
