// What becomes of a request to a route with `image_proxy`, in words: whether its URL is signed, what for, and whether
// the rules of the way out allow it. Names are looked up, nothing is fetched.
#pragma once

#include <vector>

#include "app/command.h"
#include "app/explanation.h"

namespace sp::app {

// Of requests to other routes none.
std::vector<Step> explain_image(const DryRun& run, const proxy::Snapshot& snapshot, const CommandWorld& world);

}  // namespace sp::app
