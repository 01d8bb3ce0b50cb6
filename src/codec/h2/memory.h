// Where nghttp2 has its memory from: what it takes and gives back with each request is kept for the next one.
#pragma once

#include <nghttp2/nghttp2.h>

namespace sp::codec::h2 {

// What is taken is given back by the same thread.
nghttp2_mem* session_memory();

}  // namespace sp::codec::h2
