// `sallyport check`: everything that is wrong with a configuration, at once.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"
#include "app/load_snapshot.h"

namespace sp::app {

struct CheckArguments {
  std::optional<std::string> file;
  Format format = Format::text;
  // `--no-files`: the file is checked on another machine than the one it is for.
  NamedFiles named_files = NamedFiles::required;
};

// Exit::configuration where there is an error; warnings alone are Exit::ok.
Exit check_command(const CheckArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
