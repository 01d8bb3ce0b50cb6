// As much of RFC 6455 as an echo needs.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "proxy/buffer.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::app::demo {

// Section 4.2.2: what Sec-WebSocket-Accept says to this Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

// Takes one frame of a client off the front of `in` and appends what is to be answered to `out`: text and data come
// back, a ping gets its pong, a close is returned. False: the conversation is over (a close, or a frame that is none or
// too long). Nothing is taken where the frame is not complete.
bool answer_frame(ByteView& in, std::string& out);

// Echoes until the other side closes.
runtime::Task<void> echo(runtime::Stream& stream, proxy::Buffer& in);

}  // namespace sp::app::demo
