#include "app/expectation.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/connection_explanation.h"
#include "app/dry_outbound.h"
#include "app/explanation.h"

namespace sp::app {
namespace {

using config::ExpectationConfig;

constexpr const char* usual_client = "192.0.2.1";

// What became of the request instead, for those who expected something else.
std::string what_happened(const DryRun& run) {
  const proxy::Admission& admission = run.admission();
  if (run.refused()) {
    std::string detail =
        admission.detail.empty() ? std::string(info(admission.error.code).what) : std::string(admission.detail);
    return fmt::format("it is refused as {} ({})", name(admission.error.code), detail);
  }
  if (run.forwarded()) return "it goes to " + run.asked().front().url;
  if (admission.verdict == proxy::Verdict::image) return "the gate fetches an image";
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

// ---- connections

std::string what_happened(const DryConnection& run) {
  if (run.code() == Code::denied) return fmt::format("it is refused as denied ({})", run.access().reason(run.from()));
  if (run.refused()) return fmt::format("it is refused as {} ({})", name(run.code()), run.choice().why);
  if (run.goes_on_with_http()) return "requests of HTTP follow";
  return fmt::format("it goes to {} by `{}` ({})", run.server_url(run.upstream()->servers.front()),
                     run.choice().target->label, run.choice().target->place_text);
}

bool goes_to(const DryConnection& run, const std::string& url) {
  const policy::Upstream* upstream = run.upstream();
  return upstream != nullptr && std::ranges::any_of(upstream->servers, [&](const policy::Server& server) {
           return run.server_url(server) == url;
         });
}

std::vector<std::string> compare(const ExpectationConfig& expected, const DryConnection& run) {
  std::vector<std::string> found;
  const auto differs = [&](std::string_view what, std::string_view wanted) {
    found.push_back(fmt::format("{}: expected {}, but {}", what, wanted, what_happened(run)));
  };
  if (!expected.server.empty() && !goes_to(run, expected.server)) differs("server", expected.server);
  const policy::RelayTarget* target = run.choice().target;
  if (!expected.target.empty() && (target == nullptr || target->label != expected.target))
    differs("target", expected.target);
  if (!expected.refused.empty() && name(run.code()) != expected.refused) differs("refused", expected.refused);
  return found;
}

std::vector<std::string> connection_differences(const config::TestConfig& test, const proxy::Snapshot& snapshot) {
  auto run = DryConnection::decide(snapshot, {.url = test.connect.value,
                                              .from = test.from.value_or(usual_client),
                                              .sni = test.sni,
                                              .alpn = test.alpn,
                                              .proxy = test.proxy});
  if (!run) return {run.error()};
  return compare(test.expect, **run);
}

// ---- the way out

std::string what_happened(const DryOutbound& run) {
  if (run.refused()) return fmt::format("it is refused as {} ({})", name(run.code()), run.detail());
  if (run.undecided()) return "the addresses of the name decide: give them by `address`";
  const policy::OutboundDecision& decision = run.looked_up() ? run.use().decision : run.by_name();
  return fmt::format("it is allowed ({})", run.rules().reason(decision, run.use().request, run.use().now));
}

// Those that a policy gives: its rules, its addresses, or who may use the entry.
bool is_denial(Code code) {
  return code == Code::denied || code == Code::destination_refused || code == Code::destination_address_refused;
}

bool comes_out_as(const DryOutbound& run, std::string_view expected) {
  if (expected == "allowed") return !run.refused() && !run.undecided();
  if (expected == "denied") return is_denial(run.code());
  return run.refused() && name(run.code()) == expected;
}

std::vector<std::string> compare(const ExpectationConfig& expected, const DryOutbound& run) {
  std::vector<std::string> found;
  if (!expected.refused.empty() && !comes_out_as(run, expected.refused))
    found.push_back(fmt::format("expected {}, but {}", expected.refused, what_happened(run)));
  if (!expected.rule.empty() && run.pattern() != expected.rule)
    found.push_back(fmt::format("rule: expected {}, but {}", expected.rule, what_happened(run)));
  return found;
}

std::vector<std::string> outbound_differences(const config::TestConfig& test, const proxy::Snapshot& snapshot,
                                              std::chrono::system_clock::time_point now) {
  OutboundQuestion question;
  set_wish(test.outbound.value, question);
  question.from = test.from;
  question.user = test.user;
  question.entry = test.entry;
  question.now = std::chrono::floor<std::chrono::seconds>(now);
  if (!test.address.empty()) {
    question.resolve = [&](std::string_view, config::Duration) -> Result<std::vector<IpAddress>> {
      std::vector<IpAddress> addresses;
      for (const std::string& each : test.address) {
        if (const auto address = IpAddress::parse(each)) addresses.push_back(*address);
      }
      return addresses;
    };
  }
  auto run = DryOutbound::decide(snapshot, question);
  if (!run) return {run.error()};
  return compare(test.expect, **run);
}

}  // namespace

std::vector<std::string> differences(const config::TestConfig& test, const proxy::Snapshot& snapshot,
                                     std::chrono::system_clock::time_point now) {
  if (!test.outbound.empty()) return outbound_differences(test, snapshot, now);
  if (!test.connect.empty()) return connection_differences(test, snapshot);
  DryRequest request = request_of(test.request.value);
  request.from = test.from.value_or(usual_client);
  request.proxy = test.proxy;
  request.fields.assign(test.header.begin(), test.header.end());
  auto run = DryRun::decide(snapshot, request);
  if (!run) return {run.error()};
  return Comparison(test.expect, **run).differences();
}

}  // namespace sp::app
