// TLS toward the servers that are checked.
#pragma once

#include "proxy/worker.h"

namespace sp::health {

// For the upstreams with checks. Throws std::bad_alloc. It borrows nothing: the settings are shared.
std::unique_ptr<proxy::WorkerContexts> contexts_of(const proxy::Snapshot& snapshot);

}  // namespace sp::health
