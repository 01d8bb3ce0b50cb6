#include "import/apache/conditions.h"

#include <re2/re2.h>

#include <array>
#include <charconv>

namespace sp::import::apache {

Definitions::Definitions()
    : values_{{"APACHE_LOG_DIR", "/var/log/apache2"},   {"APACHE_RUN_DIR", "/var/run/apache2"},
              {"APACHE_LOCK_DIR", "/var/lock/apache2"}, {"APACHE_PID_FILE", "/var/run/apache2/apache2.pid"},
              {"APACHE_RUN_USER", "www-data"},          {"APACHE_RUN_GROUP", "www-data"}} {}

std::string Definitions::substitute(std::string_view text) const {
  std::string result;
  while (!text.empty()) {
    const size_t start = text.find("${");
    const size_t end = start == std::string_view::npos ? start : text.find('}', start);
    if (end == std::string_view::npos) break;
    result += text.substr(0, start);
    const auto value = values_.find(std::string(text.substr(start + 2, end - start - 2)));
    result += value == values_.end() ? text.substr(start, end + 1 - start) : std::string_view(value->second);
    text.remove_prefix(end + 1);
  }
  return result.append(text);
}

bool is_condition(const Directive& section) {
  return section.is("IfDefine") || section.is("IfModule") || section.is("IfVersion") || section.is("IfFile");
}

namespace {

using Version = std::array<int, 3>;
constexpr Version assumed_version{2, 4, 62};  // what supported distributions have, or newer

Version parse_version(std::string_view text) {
  Version version{};
  for (int& part : version) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (failed != std::errc()) break;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
  }
  return version;
}

bool version_holds(std::string_view comparison, const std::string& version) {
  const bool negated = comparison.starts_with('!');
  if (negated) comparison.remove_prefix(1);
  bool holds = false;
  if (comparison == "~" || version.starts_with('/')) {
    const std::string pattern = version.starts_with('/') ? version.substr(1, version.size() - 2) : version;
    holds = RE2::PartialMatch("2.4.62", RE2(pattern, RE2::Quiet));
  } else {
    const Version asked = parse_version(version);
    if (comparison == ">") holds = assumed_version > asked;
    if (comparison == ">=") holds = assumed_version >= asked;
    if (comparison == "<") holds = assumed_version < asked;
    if (comparison == "<=") holds = assumed_version <= asked;
    if (comparison == "=" || comparison == "==") holds = assumed_version == asked;
  }
  return holds != negated;
}

}  // namespace

Condition decide(const Directive& section, const Definitions& definitions, const config::FileSystem& disk) {
  std::string what = section.arg(0);
  if (section.is("IfVersion")) {
    if (section.args.size() > 1) return {version_holds(what, section.arg(1)), ""};
    const bool other = what.starts_with('!');
    return {version_holds(other ? "!=" : "=", other ? what.substr(1) : what), ""};
  }
  const bool negated = what.starts_with('!');
  if (negated) what.erase(0, 1);
  if (section.is("IfFile")) return {disk.glob(what).empty() == negated, ""};
  // What a running Apache has loaded is not to be seen in its files (modules may be compiled in), and people write
  // IfModule around what they use: it is taken as loaded.
  if (section.is("IfModule")) return {!negated, ""};
  const bool defined = definitions.defined(what);
  std::string note;
  if (!defined)
    note = what + " is not defined in these files (apache2 -D " + what + " would do it): taken as undefined";
  return {defined != negated, note};
}

}  // namespace sp::import::apache
