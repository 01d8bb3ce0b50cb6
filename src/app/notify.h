// Tells systemd how we are doing (Type=notify), without its library: one datagram.
#pragma once

#include <string_view>

namespace sp::app {

// Does nothing where no service manager listens.
void notify_service_manager(std::string_view state);

}  // namespace sp::app
