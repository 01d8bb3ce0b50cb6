// `sallyport doctor`: asks the servers of a configuration whether they take what they are sent, and says which end is
// to be changed where they do not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"

namespace sp::app {

struct DoctorArguments {
  std::optional<std::string> file;
  std::vector<std::string> upstreams;  // names, URLs or host:port; none: all that are used
  bool try_all = false;                // every version of the header, with TLS and without
  Format format = Format::text;
};

// Exit::failed where something is wrong with a server.
Exit doctor_command(const DoctorArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
