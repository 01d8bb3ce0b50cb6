// `sallyport run`: the gate in the foreground, until a signal ends it.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"

namespace sp::app {

struct RunArguments {
  std::optional<std::string> file;
};

Exit run_command(const RunArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
