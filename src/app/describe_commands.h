// `schema`, `reference` and `version`: what the program says about itself.
#pragma once

#include "app/command.h"

namespace sp::app {

Exit schema_command(const CommandWorld& world);
// docs/reference.md: the command line, every key, every code.
Exit reference_command(const CommandWorld& world);
Exit version_command(Format format, const CommandWorld& world);

}  // namespace sp::app
