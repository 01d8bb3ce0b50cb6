// `sallyport import`: the configuration of another proxy as a sallyport.yaml.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace sp::app {

struct ImportArguments {
  std::vector<std::string> files;
  Format format = Format::text;
};

enum class ImportFrom : std::uint8_t { apache, haproxy, nginx, squid };

// The YAML on `out`, the list of what has no line in it on `err`. Exit::failed where a file could not be read or
// understood.
Exit import_command(ImportFrom from, const ImportArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
