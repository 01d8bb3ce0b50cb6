#include "app/command.h"

#include <array>
#include <ostream>

namespace sp::app {

std::optional<std::string> find_configuration(const std::optional<std::string>& given, const CommandWorld& world) {
  static constexpr std::array places{"sallyport.yaml", "/etc/sallyport/sallyport.yaml"};
  if (given) return given;
  for (const char* place : places) {
    if (!world.files.glob(place).empty()) return place;
  }
  world.err << "There is neither " << places[0] << " in this folder nor " << places[1]
            << ": name the configuration with -c FILE.\n";
  return std::nullopt;
}

}  // namespace sp::app
