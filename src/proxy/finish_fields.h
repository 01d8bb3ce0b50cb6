// The fields of a response as the client is to get them.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// What the upstream says in its own name is told in ours, then the edits of the configuration are made.
void finish_fields(Exchange& exchange, Response& response);

}  // namespace sp::proxy
