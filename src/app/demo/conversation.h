// One connection to the demo's origin.
#pragma once

#include <memory>
#include <string>

#include "runtime/cancel.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::app::demo {

// Answers requests until the other side ends the connection, or `token` does.
runtime::Task<void> converse(std::unique_ptr<runtime::Stream> stream, std::string own_authority,
                             runtime::CancelToken& token);

}  // namespace sp::app::demo
