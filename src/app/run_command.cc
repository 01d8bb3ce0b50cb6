#include "app/run_command.h"

#include "app/server.h"

namespace sp::app {

Exit run_command(const RunArguments& arguments, const CommandWorld& world) {
  auto file = find_configuration(arguments.file, world);
  if (!file) return Exit::usage;
  RunOptions options;
  options.files = &world.files;
  options.load = [&] { return config::load_file(*file, world.files); };
  return static_cast<Exit>(run_server(options));
}

}  // namespace sp::app
