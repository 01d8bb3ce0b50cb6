// What a dry run has decided, in words: one line for each decision, with its reason and the place in the file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/dry_run.h"

namespace sp::app {

struct Step {
  std::string topic;  // "site", "route", "access"
  std::string text;
  std::string place;  // "sallyport.yaml:14"; empty where it is nowhere in the file
};

// "forward", "redirect", "respond", "refuse": what becomes of the request.
std::string_view outcome(const DryRun& run);
std::vector<Step> explain(DryRun& run);
// The fields that the server would get, Host first, in their order.
std::vector<std::pair<std::string, std::string>> fields_for_server(const DryRun& run);

}  // namespace sp::app
