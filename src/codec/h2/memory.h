// Where nghttp2 has its memory from: what it takes and gives back with each request is kept for the next one.
#pragma once

#include <nghttp2/nghttp2.h>

namespace sp::codec::h2 {

// For one session. What is taken is given back by the same thread. When there is no memory nghttp2 gets what is set
// aside for that, since it does not come through everywhere without (content that finds no place in its queue is freed
// twice): then `ended` is set, which outlives the session, and the session is to end.
nghttp2_mem session_memory(bool& ended);

}  // namespace sp::codec::h2
