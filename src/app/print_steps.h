// The steps of an explanation, for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "app/command.h"
#include "app/explanation.h"

namespace sp::app {

void print_steps(const std::vector<Step>& steps, const CommandWorld& world);
// As `steps` of `json`.
void add_steps(const std::vector<Step>& steps, nlohmann::ordered_json& json);

}  // namespace sp::app
