// How a root is made known to what runs on a machine: commands for a shell, and comments on what they do not reach.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sp::app {

struct TrustedRoot {
  std::string path;    // of its certificate, absolute
  std::string name;    // its common name: how stores list it
  bool bound = false;  // to names: not every verifier looks at that
};

struct TrustTarget {
  std::string_view name;
  std::string (*steps)(const TrustedRoot& root);
};

// What `sallyport ca export --for` knows, in the order of the help.
std::span<const TrustTarget> trust_targets();

}  // namespace sp::app
