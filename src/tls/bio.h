// How the TLS library reads and writes: straight from and to the stream below, without a layer between.
#pragma once

#include "tls/handles.h"

namespace sp::tls {

class TlsStream;

// Calls feed() and drain() of `stream`, which outlives it. Null when memory is out.
BioPtr make_bio(TlsStream& stream);

// What an earlier user of the library on this thread left behind must not be taken for an error of this call.
void clear_stale_errors();

}  // namespace sp::tls
