#include "app/describe_commands.h"

#include <openssl/crypto.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/code.h"
#include "config/reference.h"

namespace sp::app {
namespace {

constexpr std::string_view front =
    R"(# Reference

This page is printed by `sallyport reference`; a test compares the two.

## Exit codes

| code | meaning |
|---|---|
| 0 | it worked |
| 1 | the operation failed: a test of the configuration did not pass, a file could not be read, the gate could not start |
| 2 | wrong usage of the command line |
| 3 | the configuration is wrong |

)";

constexpr std::string_view codes_front =
    R"(
## Codes

Every failure has one of these names. It stands in the log (`error`), on the page that the client gets, in `sallyport explain`
and in `expect: { refused: ... }` of tests. The status is what the client gets; where there is none, no answer is possible any more.
The error is that of the field `Proxy-Status` (RFC 9209).

| code | status | error | what happened | what to do |
|---|---|---|---|---|
)";

// The page of the configuration as a part of this one.
std::string configuration_part() {
  std::string text = config::reference();
  constexpr std::string_view title = "# Configuration reference\n";
  if (text.starts_with(title)) text.replace(0, title.size(), "## The configuration file\n");
  return text;
}

// A pipe would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) out.append(c == '|' ? "\\|" : std::string(1, c));
  return out;
}

}  // namespace

Exit schema_command(const CommandWorld& world) {
  world.out << config::json_schema();
  return Exit::ok;
}

Exit reference_command(const CommandWorld& world) {
  world.out << front << configuration_part() << codes_front;
  for (int i = 1; i < static_cast<int>(Code::count_); ++i) {
    const CodeInfo& row = info(static_cast<Code>(i));
    world.out << fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name,
                             row.status == 0 ? "" : std::to_string(row.status), row.proxy_status, cell(row.what),
                             cell(row.remedy));
  }
  return Exit::ok;
}

Exit version_command(Format format, const CommandWorld& world) {
  std::string library = OpenSSL_version(OPENSSL_VERSION_STRING);
  if (format == Format::json) {
    world.out << nlohmann::ordered_json{{"version", SP_VERSION}, {"compiler", __VERSION__}, {"openssl", library}}.dump()
              << "\n";
  } else {
    world.out << fmt::format("sallyport {} (OpenSSL {}, {})\n", SP_VERSION, library, __VERSION__);
  }
  return Exit::ok;
}

}  // namespace sp::app
