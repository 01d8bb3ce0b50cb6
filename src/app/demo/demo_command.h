// `./dev run`: the example gate with an origin of its own behind it, in one process; needs nothing else.
#pragma once

#include <string>

#include "app/command.h"

namespace sp::app {

struct DemoArguments {
  std::string file;  // examples/demo/sallyport.yaml
};

// Until Ctrl-C. Ports: HTTPS_PORT and HTTP_PORT of the environment, else those of the file.
Exit demo_command(const DemoArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
