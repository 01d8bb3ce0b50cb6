// `sallyport policy`: rules from what was seen, and what other rules would have done to it.
#pragma once

#include <string>

#include "app/command.h"
#include "app/recorded.h"
#include "policy/propose.h"

namespace sp::app {

struct PolicyProposeArguments {
  RecordedArguments recorded;
  policy::ProposeOptions options;
  Format format = Format::text;
};
// Remarks, each behind a `#`, and then a diff of the configuration that `patch` can apply; or JSON.
Exit policy_propose_command(const PolicyProposeArguments& arguments, const CommandWorld& world);

struct PolicyDiffArguments {
  RecordedArguments recorded;
  std::string with;  // the other configuration
  Format format = Format::text;
};
// Exit::failed where something that has passed would be refused.
Exit policy_diff_command(const PolicyDiffArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
