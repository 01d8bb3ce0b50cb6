// Content that goes from one socket to the other through a pipe, without being copied.
#pragma once

#include <cstdint>

#include "proxy/body.h"
#include "proxy/pace.h"
#include "runtime/fair_share.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::proxy {

// Whether so much of this content may and should go that way: both ends are plain sockets, and enough is left.
bool worth_splicing(const BodySource& body, const runtime::Stream& to);

// Moves as much of the content as can be moved: all of it, or none where no pipe can be had; what is left then is to be
// read and written. `sent` counts what the receiver's socket took. An error of the receiver has Side::local, as of
// write_all; at most one pipe's worth is lost with it.
runtime::Task<Result<void>> splice_body(BodySource& body, runtime::Stream& to, Pace& pace, runtime::FairShare& share,
                                        std::uint64_t& sent);

}  // namespace sp::proxy
