// Steps of the way out: what a user, and a destination, may have of it (`per_user`, `per_destination`).
#pragma once

#include "base/result.h"

namespace sp::proxy {

struct Exchange;

// Whether this one may begin; then it counts, and so does its content. Errors: user_rate, user_tunnels, user_bytes,
// and the same of destinations.
Result<void> take_share(Exchange& exchange);
// The content of the response, once it is there.
void count_response(Exchange& exchange);

}  // namespace sp::proxy
