// `sallyport env`: the proxy variables of an application.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"

namespace sp::app {

struct EnvArguments {
  std::string runtime;               // of proxy_runtimes()
  std::optional<std::string> file;   // the first entry of its `outbound` is the proxy, unless one is named
  std::optional<std::string> proxy;  // a URL
  std::string no_proxy;              // destinations, between commas or spaces
  Format format = Format::text;
};

// "go, python ... or dotnet".
std::string env_runtimes();

// Lines for a shell on `out`. Exit::usage where an argument is wrong.
Exit env_command(const EnvArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
