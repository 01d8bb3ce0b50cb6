#include "app/expectation.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/explanation.h"

namespace sp::app {
namespace {

using config::ExpectationConfig;

// What became of the request instead, for those who expected something else.
std::string what_happened(const DryRun& run) {
  const proxy::Admission& admission = run.admission();
  if (run.refused()) {
    std::string detail =
        admission.detail.empty() ? std::string(info(admission.error.code).what) : std::string(admission.detail);
    return fmt::format("it is refused as {} ({})", name(admission.error.code), detail);
  }
  if (run.forwarded()) return "it goes to " + run.asked().front().url;
  if (!admission.location.empty())
    return fmt::format("it is redirected ({}) to {}", admission.status, admission.location);
  return fmt::format("the gate answers {}", admission.status);
}

class Comparison {
 public:
  Comparison(const ExpectationConfig& expected, DryRun& run) : expected_(expected), run_(run) {}
  std::vector<std::string> differences() {
    compare_upstream();
    compare_route();
    compare_answer();
    compare_fields();
    return std::move(found_);
  }

 private:
  void differs(std::string_view what, std::string_view wanted, std::string_view got) {
    found_.push_back(fmt::format("{}: expected {}, but {}", what, wanted, got));
  }

  void compare_upstream() {
    if (expected_.upstream.empty()) return;
    bool asked = std::ranges::any_of(run_.asked(), [&](const DryRun::Asked& a) { return a.url == expected_.upstream; });
    if (!run_.forwarded() || !asked) differs("upstream", expected_.upstream, what_happened(run_));
  }

  void compare_route() {
    if (expected_.route.empty()) return;
    const policy::Route* route = run_.admission().match.route;
    if (route == nullptr) return differs("route", expected_.route, what_happened(run_));
    if (route->pattern != expected_.route)
      differs("route", expected_.route, fmt::format("it is {} ({})", route->pattern, route->place_text));
  }

  void compare_answer() {
    const proxy::Admission& admission = run_.admission();
    if (expected_.status != 0 && run_.status() != expected_.status) {
      differs("status", std::to_string(expected_.status), what_happened(run_));
    }
    if (!expected_.location.empty() && admission.location != expected_.location) {
      differs("location", expected_.location, what_happened(run_));
    }
    if (!expected_.refused.empty() && !(run_.refused() && name(admission.error.code) == expected_.refused)) {
      differs("refused", expected_.refused, what_happened(run_));
    }
  }

  void compare_fields() {
    if (expected_.header.empty()) return;
    if (!run_.forwarded()) return differs("header", "a request to the server", what_happened(run_));
    auto sent = fields_for_server(run_);
    for (const auto& [name, value] : expected_.header) compare_field(name, value, sent);
  }

  void compare_field(const std::string& name, const std::string& value,
                     const std::vector<std::pair<std::string, std::string>>& sent) {
    std::string got;
    for (const auto& [sent_name, sent_value] : sent) {
      if (!http::iequals(sent_name, name)) continue;
      if (sent_value == value) return;
      got += fmt::format("{}'{}'", got.empty() ? "" : " and ", sent_value);
    }
    if (got.empty() && value.empty()) return;
    differs(name, value.empty() ? std::string("no such field") : fmt::format("'{}'", value),
            got.empty() ? "it is not sent" : "it is " + got);
  }

  const ExpectationConfig& expected_;
  DryRun& run_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> differences(const config::TestConfig& test, const proxy::Snapshot& snapshot) {
  DryRequest request = request_of(test.request.value);
  request.from = test.from;
  request.fields.assign(test.header.begin(), test.header.end());
  auto run = DryRun::decide(snapshot, request);
  if (!run) return {run.error()};
  return Comparison(test.expect, **run).differences();
}

}  // namespace sp::app
