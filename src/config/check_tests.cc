// The entries of `tests`: each asks one question, and expects what can come of it.
#include <algorithm>
#include <array>

#include "config/check_parts.h"
#include "config/node.h"

namespace sp::config {
namespace {

// Whether any of these has a value.
template <class... Values>
bool any_given(const Values&... values) {
  return (!values.empty() || ...);
}

// Of tests that are not about the way out.
void check_no_way_out(CheckState& state, const TestConfig& test) {
  if (any_given(test.user, test.entry, test.address)) {
    state.error(test.place, "`user`, `entry` and `address` are of tests with `outbound`",
                "write `outbound: CONNECT gitlab.com:443`");
  }
  if (!test.expect.rule.empty())
    state.error(test.expect.place, "`rule` is of tests with `outbound`", "write what comes of the request");
  if (test.expect.refused == "allowed")
    state.error(test.expect.place, "`allowed` is of tests with `outbound`", "write where it goes");
}

void check_request_test(CheckState& state, const TestConfig& test) {
  const ExpectationConfig& expect = test.expect;
  if (test.sni || !test.alpn.empty()) {
    state.error(test.place, "`sni` and `alpn` are of tests with `connect`", "https asks for the host of the URL");
  }
  check_no_way_out(state, test);
  if (any_given(expect.server, expect.target)) {
    state.error(expect.place, "`server` and `target` are of tests with `connect`",
                "write the URL that the server is asked for: `upstream: http://10.0.0.7/`");
  }
  const bool expects =
      expect.status != 0 || any_given(expect.upstream, expect.route, expect.location, expect.header, expect.refused);
  if (expects || any_given(expect.server, expect.target) || expect.place.line == 0) return;
  state.error(expect.place, "the test expects nothing",
              "add `upstream`, `route`, `status`, `location`, `header` or `refused`");
}

void check_connection_test(CheckState& state, const TestConfig& test) {
  const ExpectationConfig& expect = test.expect;
  const bool of_requests =
      expect.status != 0 || any_given(expect.upstream, expect.route, expect.location, expect.header);
  check_no_way_out(state, test);
  if (!test.header.empty()) {
    state.error(test.place, "`header` is of tests with `request`: a connection that is passed on has no fields",
                "remove it");
  }
  if (of_requests) {
    state.error(expect.place, "`upstream`, `route`, `status`, `location` and `header` are of tests with `request`",
                "write `server: tcp://10.0.0.7:10993`, `target` or `refused`");
  }
  if (of_requests || any_given(expect.server, expect.target, expect.refused) || expect.place.line == 0) return;
  state.error(expect.place, "the test expects nothing", "add `server`, `target` or `refused`");
}

void check_outbound_test(CheckState& state, const TestConfig& test) {
  const ExpectationConfig& expect = test.expect;
  if (test.sni || any_given(test.alpn, test.header, test.proxy)) {
    state.error(test.place, "a test with `outbound` has no `sni`, `alpn`, `proxy` or `header`",
                "it has `user`, `from`, `entry` and `address`");
  }
  if (expect.status != 0 ||
      any_given(expect.upstream, expect.route, expect.location, expect.header, expect.server, expect.target)) {
    state.error(expect.place, "a test with `outbound` expects `refused` or `rule`, and nothing else",
                "write `expect: allowed`, `expect: denied` or `expect: { rule: .gitlab.com }`");
  } else if (!any_given(expect.rule, expect.refused) && expect.place.line > 0) {
    state.error(expect.place, "the test expects nothing", "write `expect: allowed` or `expect: denied`");
  }
  const auto named = [&](const OutboundConfig& entry) { return test.entry.empty() || entry.name == test.entry; };
  if (std::ranges::none_of(state.config.outbound, named)) {
    state.error(test.place,
                test.entry.empty() ? "there is no way out to ask: `outbound` has no entry"
                                   : "no entry of `outbound` is named " + backquoted(test.entry),
                "name one of them");
  }
}

// Of the questions that a test asks, which should be one.
struct Question {
  const char* key;
  const Text* text;
  void (*check)(CheckState&, const TestConfig&);
};

void check_test(CheckState& state, const TestConfig& test) {
  const std::array questions{Question{"`request`", &test.request, check_request_test},
                             Question{"`connect`", &test.connect, check_connection_test},
                             Question{"`outbound`", &test.outbound, check_outbound_test}};
  const Question* asked = nullptr;
  for (const Question& question : questions) {
    if (!given(*question.text)) continue;
    if (asked != nullptr) {
      state.error(question.text->place,
                  std::string("a test asks one question, and here are ") + asked->key + " and " + question.key,
                  "make a test of its own of each");
      return;
    }
    asked = &question;
  }
  if (asked != nullptr) {
    asked->check(state, test);
  } else if (test.place.line > 0) {
    state.error(
        test.place, "the test has none of `request`, `connect` and `outbound`",
        "add `request: https://lists.example.com/`, `connect: tcp://mail.example.com:993` or `outbound: CONNECT "
        "gitlab.com:443`");
  }
}

}  // namespace

void check_tests(CheckState& state) {
  for (const TestConfig& test : state.config.tests) check_test(state, test);
}

}  // namespace sp::config
