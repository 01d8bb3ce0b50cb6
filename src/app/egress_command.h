// `sallyport egress`: a way out without a file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "config/load.h"

namespace sp::app {

struct EgressArguments {
  std::vector<std::string> listen;  // "proxy://127.0.0.1:3128"
  std::vector<std::string> allow;   // destinations
  std::vector<std::string> deny;    // of those, what may not be reached
  std::vector<std::string> clients, private_networks;
  std::optional<std::string> users;      // an htpasswd file
  std::optional<std::string> cert, key;  // of TLS to the proxy
};

// The configuration that these arguments stand for.
std::string egress_configuration(const EgressArguments& arguments);

// The same, loaded. Places are the arguments that a value comes from ("--allow"): nobody sees the text.
config::Loaded load_egress(const EgressArguments& arguments, const config::FileSystem& files);

// Runs until a signal ends it.
Exit egress_command(const EgressArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
