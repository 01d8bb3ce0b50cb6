// `sallyport test`: the expectations that stand in the configuration itself.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"

namespace sp::app {

struct TestArguments {
  std::optional<std::string> file;
  Format format = Format::text;
};

// Exit::failed where an expectation is not met. A configuration without `tests` passes, and it is said.
Exit test_command(const TestArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
