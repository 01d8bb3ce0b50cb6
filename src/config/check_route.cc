#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "config/address.h"
#include "config/check_parts.h"
#include "config/grammar.h"
#include "config/node.h"
#include "config/suggest.h"

namespace sp::config {
namespace {

struct Choice {
  std::string_view key;
  bool given;
  const Place& place;
};

// Exactly one of three keys: `none` says what to do where none is given.
void check_one_of(CheckState& state, const Place& place, std::array<Choice, 3> choices, const std::string& none) {
  const Choice* first = nullptr;
  for (const Choice& choice : choices) {
    if (!choice.given) continue;
    if (first != nullptr) {
      state.error(
          choice.place,
          "a route has one of " + backquoted(first->key) + " and " + backquoted(choice.key) + ", and here are both",
          "keep one of them, and make a route of its own of the other");
      return;
    }
    first = &choice;
  }
  if (first != nullptr) return;
  const std::array<std::string_view, 3> keys{choices[0].key, choices[1].key, choices[2].key};
  state.error(place, "the route has none of " + listed(keys, "and"), none);
}

void check_upstream_name(CheckState& state, const Text& to) {
  if (state.config.upstreams.contains(to.value)) {
    state.used_upstreams.insert(to.value);
    return;
  }
  std::vector<std::string_view> names;
  names.reserve(state.config.upstreams.size());
  for (const auto& [name, upstream] : state.config.upstreams) names.push_back(name);
  std::string remedy = to.secret ? "" : did_you_mean(to.value, names);
  const bool like_host = to.value.find_first_of(".:/") != std::string::npos || names.empty();
  const std::string_view meant = nearest(to.value, names);
  if (!meant.empty()) state.used_upstreams.emplace(meant);  // that nobody uses it is no news
  if (meant.empty() && like_host && !to.secret) {
    const bool half_url = to.value.starts_with("http");
    if (half_url)
      remedy = "a URL has `://` after its scheme";
    else
      remedy = "for a server, write a URL: `http://" + to.value + "` or `https://" + to.value + "`";
  }
  if (to.secret)
    state.error(to.place, "no upstream has the name that is put in here", "check the file or environment variable");
  else
    state.error(to.place, "no upstream has the name " + shown(to), std::move(remedy));
}

void check_to(CheckState& state, const RouteConfig& route) {
  const Text& to = route.to;
  if (to.empty()) return;
  if (!looks_like_url(to.value)) return check_upstream_name(state, to);
  const auto address = parse_address(to.value, AddressUse::target);
  if (!address) {
    if (to.secret)
      state.error(to.place, "the value that is put in here is not an address",
                  "check the file or environment variable");
    else
      state.error(to.place, address.error().message, address.error().remedy);
    return;
  }
  if (address->scheme != "https" && route.upstream_tls.place.line > 0) {
    state.warning(route.upstream_tls.place, "`upstream_tls` has no effect: " + shown(to) + " is not https",
                  "write `https://` in `to`, or remove `upstream_tls`");
  }
  if (route.regex.empty() || address->path.empty() || address->path.find("${") != std::string::npos) return;
  state.warning(to.place, "every path that the `regex` matches becomes " + backquoted(address->path),
                "put groups of the expression into it (`${regex.1}`), or leave the path out, so that it stays");
}

// How many groups the regular expression of the route has; -1 where it has none to refer to.
int groups_of(const RouteConfig& route) {
  if (route.regex.empty()) return -1;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex(route.regex.value, options);
  return regex.ok() ? regex.NumberOfCapturingGroups() : 9;
}

void check_groups(CheckState& state, const Text& text, int groups) {
  for_each_variable(text.value, [&](std::string_view name) {
    const int group = regex_group(name);
    if (group <= groups) return true;
    const std::string variable = backquoted("${" + std::string(name) + "}");
    if (groups < 0)
      state.error(text.place, variable + " has no value: the route has no `regex`",
                  "match with `regex`, and put a group in parentheses");
    else
      state.error(text.place,
                  variable + " has no value: the `regex` of the route has " +
                      counted(static_cast<std::uint64_t>(groups), "group"),
                  "put what is meant in parentheses");
    return false;
  });
}

// Variables that are known, but have no value before there is a response.
void check_request_variables(CheckState& state, const Text& text) {
  if (known_variables(text.value, When::response)) return;
  if (auto problem = known_variables(text.value, When::request))
    state.error(text.place, problem->message, problem->remedy);
}

void check_variables(CheckState& state, const RouteConfig& route) {
  const int groups = groups_of(route);
  for (const FieldEdits* edits : {&route.request_headers, &route.response_headers}) {
    for (const auto& [name, value] : edits->set) check_groups(state, value, groups);
    for (const auto& [name, value] : edits->add) check_groups(state, value, groups);
  }
  check_groups(state, route.to, groups);
  if (route.respond) check_groups(state, route.respond->body, groups);
  if (!route.redirect) return;
  check_groups(state, route.redirect->to, groups);
  check_request_variables(state, route.redirect->to);
}

void check_respond(CheckState& state, const RespondConfig& respond) {
  const bool bodiless = respond.status == 204 || respond.status == 205 || respond.status == 304;
  if (!bodiless || respond.body.empty()) return;
  state.error(respond.body.place, "a response of status " + std::to_string(respond.status) + " has no content",
              "remove `body`, or choose another status");
}

void check_host(CheckState& state, const Text& host) {
  static constexpr std::array<std::string_view, 2> words{"preserve", "upstream"};
  if (host.value.find_first_of(".:") != std::string::npos || std::ranges::find(words, host.value) != words.end())
    return;
  const std::string_view best = nearest(host.value, words);
  if (best.empty() || host.secret) return;
  state.warning(host.place, "the server will see the Host " + backquoted(host.value),
                "did you mean `" + std::string(best) + "`?");
}

}  // namespace

void check_request_edits(CheckState& state, const FieldEdits& edits) {
  for (const auto& [name, value] : edits.set) check_request_variables(state, value);
  for (const auto& [name, value] : edits.add) check_request_variables(state, value);
}

void check_upstream_tls(CheckState& state, const UpstreamTlsConfig& tls) {
  if (given(tls.cert) != given(tls.key)) {
    const Text& there = given(tls.cert) ? tls.cert : tls.key;
    const bool is_key = given(tls.key);
    state.error(there.place, is_key ? "`key` without `cert`" : "`cert` without `key`",
                is_key ? "add `cert: /path/cert.pem`" : "add `key: /path/key.pem`");
  }
  if (tls.verify != Verify::none) return;
  if (given(tls.ca)) {
    state.warning(tls.ca.place, "`ca` has no effect: `verify: none` verifies nothing",
                  "write `verify: full` or `verify: chain`");
  } else if (tls.pin.empty()) {
    state.warning(tls.place, "`verify: none` lets anybody between here and the server read and change everything",
                  "trust its authority with `ca: /path/ca.pem`, or its key with `pin`");
  }
}

void check_route(CheckState& state, const RouteConfig& route) {
  check_one_of(state, route.place,
               {{{"path", given(route.path), route.path.place},
                 {"exact", given(route.exact), route.exact.place},
                 {"regex", given(route.regex), route.regex.place}}},
               "add `path: /` for every path");
  const Place& redirect = route.redirect ? route.redirect->place : route.place;
  const Place& respond = route.respond ? route.respond->place : route.place;
  check_one_of(state, route.place,
               {{{"to", given(route.to), route.to.place},
                 {"redirect", route.redirect.has_value(), redirect},
                 {"respond", route.respond.has_value(), respond}}},
               "add `to: http://127.0.0.1:8080`, `redirect: /path` or `respond: { status: 404 }`");
  check_to(state, route);
  check_host(state, route.host);
  check_variables(state, route);
  check_request_edits(state, route.request_headers);
  check_upstream_tls(state, route.upstream_tls);
  if (route.respond) check_respond(state, *route.respond);
}

}  // namespace sp::config
