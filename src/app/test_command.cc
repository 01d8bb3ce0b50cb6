#include "app/test_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "app/expectation.h"
#include "app/load_snapshot.h"

namespace sp::app {
namespace {

struct Outcome {
  const config::TestConfig* test = nullptr;
  std::vector<std::string> differences;
};

struct Asked {
  const char* key;
  const std::string& text;
};

Asked asked(const config::TestConfig& test) {
  if (!test.outbound.empty()) return {"outbound", test.outbound.value};
  if (!test.connect.empty()) return {"connect", test.connect.value};
  return {"request", test.request.value};
}

// From where, and by whom.
std::string origin_text(const config::TestConfig& test) {
  std::string text = test.user.empty() ? "" : " by " + test.user;
  if (test.from || test.outbound.empty()) text += " from " + test.from.value_or("192.0.2.1");
  return text;
}

void print_outcome(const Outcome& outcome, const CommandWorld& world) {
  bool ansi = world.out_color == config::Color::ansi;
  bool passed = outcome.differences.empty();
  world.out << fmt::format("{}{}{} {}{}  ({})\n", ansi ? (passed ? "\033[32m" : "\033[1;31m") : "",
                           passed ? "pass" : "FAIL", ansi ? "\033[0m" : "", asked(*outcome.test).text,
                           origin_text(*outcome.test), policy::file_and_line(outcome.test->place));
  for (const std::string& difference : outcome.differences) world.out << "     " << difference << "\n";
}

nlohmann::ordered_json json_of(const Outcome& outcome) {
  const config::TestConfig& test = *outcome.test;
  nlohmann::ordered_json json{{asked(test).key, asked(test).text}};
  if (!test.user.empty()) json["user"] = test.user;
  if (test.from || test.outbound.empty()) json["from"] = test.from.value_or("192.0.2.1");
  json["place"] = policy::file_and_line(test.place);
  json["passed"] = outcome.differences.empty();
  json["differences"] = outcome.differences;
  return json;
}

}  // namespace

Exit test_command(const TestArguments& arguments, const CommandWorld& world) {
  auto path = find_configuration(arguments.file, world);
  if (!path) return Exit::usage;
  LoadedSnapshot loaded = load_snapshot(*path, NamedFiles::if_readable, world);
  world.err << config::print(loaded.findings, loaded.sources, world.err_color);
  if (loaded.snapshot == nullptr) return Exit::configuration;
  auto list = nlohmann::ordered_json::array();
  std::size_t passed = 0, failed = 0;
  for (const config::TestConfig& test : loaded.snapshot->config.tests) {
    Outcome outcome{&test, differences(test, *loaded.snapshot, world.now)};
    ++(outcome.differences.empty() ? passed : failed);
    if (arguments.format == Format::json) {
      list.push_back(json_of(outcome));
    } else {
      print_outcome(outcome, world);
    }
  }
  if (arguments.format == Format::json) {
    world.out << list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  } else if (passed + failed == 0) {
    world.out << *path << " has no tests.\n";
  } else {
    world.out << fmt::format("{}: {} passed, {} failed\n", *path, passed, failed);
  }
  return failed == 0 ? Exit::ok : Exit::failed;
}

}  // namespace sp::app
