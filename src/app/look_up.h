// The addresses of a name, for commands: by the resolver of the workers, on a loop that ends with it.
#pragma once

#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "runtime/timer_wheel.h"

namespace sp::app {

// As runtime::Resolver has them, in the order in which they would be tried; dns_timeout after `within`.
Result<std::vector<IpAddress>> look_up(std::string_view host, runtime::Duration within);

}  // namespace sp::app
