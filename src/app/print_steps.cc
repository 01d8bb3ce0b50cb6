#include "app/print_steps.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

namespace sp::app {

void print_steps(const std::vector<Step>& steps, const CommandWorld& world) {
  bool ansi = world.out_color == config::Color::ansi;
  for (const Step& step : steps) {
    std::string place = step.place.empty() ? "" : fmt::format("  ({})", step.place);
    bool bad = step.topic == "refused";
    world.out << fmt::format("{}{:<11}{}{}{}{}{}\n", ansi ? (bad ? "\033[1;31m" : "\033[1m") : "", step.topic,
                             ansi ? "\033[0m" : "", step.text, ansi ? "\033[2m" : "", place, ansi ? "\033[0m" : "");
  }
}

void add_steps(const std::vector<Step>& steps, nlohmann::ordered_json& json) {
  for (const Step& step : steps)
    json["steps"].push_back({{"topic", step.topic}, {"text", step.text}, {"place", step.place}});
}

}  // namespace sp::app
