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

// Exactly one of these keys: `none` says what to do where none is given.
template <std::size_t Count>
void check_one_of(CheckState& state, const Place& place, const std::array<Choice, Count>& choices,
                  const std::string& none) {
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
  std::array<std::string_view, Count> keys;
  std::ranges::transform(choices, keys.begin(), &Choice::key);
  state.error(place, "the route has none of " + listed(keys, "and"), none);
}

void check_to(CheckState& state, const RouteConfig& route) {
  const Text& to = route.to;
  if (to.empty()) return;
  if (!looks_like_url(to.value)) {
    check_upstream_name(state, to, Passes::requests);
    return check_servers_of(state, to, Passes::requests);
  }
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

// What is in the file is in every copy of it.
void check_image_key(CheckState& state, const Text& key) {
  if (key.secret || key.empty()) return;
  state.warning(key.place, "the `key` stands in the file, where everybody reads it who reads that",
                "write `key: { file: /etc/sallyport/images.key }` or `key: ${env.IMAGE_KEY}`");
}

// Of a route that passes requests on; the gate asks for images as it sees fit.
void check_keys_of_servers(CheckState& state, const RouteConfig& route) {
  const auto unused = [&](bool is_given, const char* key, const Place& place, const char* remedy) {
    if (!is_given) return;
    state.error(place.line > 0 ? place : route.place,
                std::string("`") + key + "` has no effect with `image_proxy`: the gate itself asks the sites", remedy);
  };
  const FieldEdits& edits = route.request_headers;
  unused(route.upstream_tls.place.line > 0, "upstream_tls", route.upstream_tls.place,
         "remove it: sites are verified by the authorities of the system");
  unused(route.send_proxy.place.line > 0, "send_proxy", route.send_proxy.place, "remove it");
  unused(route.host.place.line > 0, "host", route.host.place, "remove it");
  unused(!edits.set.empty() || !edits.add.empty() || !edits.remove.empty(), "request_headers", {}, "remove it");
}

void check_image_proxy(CheckState& state, const RouteConfig& route) {
  const ImageProxyConfig& images = *route.image_proxy;
  check_keys_of_servers(state, route);
  check_image_key(state, images.key);
  const Text& other = given(route.exact) ? route.exact : route.regex;
  if (given(other)) {
    state.error(other.place, "`image_proxy` is for a `path`: what stands behind it is the signed URL",
                "write `path: /images`");
  }
  const auto& entries = state.config.outbound;
  const auto found = std::ranges::find(entries, images.outbound.value, &OutboundConfig::name);
  if (images.outbound.empty() || found != entries.end()) return;
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const OutboundConfig& entry : entries) names.push_back(entry.name);
  state.error(images.outbound.place, "no entry of `outbound` has the name " + shown(images.outbound),
              names.empty()
                  ? "add `outbound: [ { name: egress, listen: [ \"proxy://127.0.0.1:3128\" ], rules: [ ... ] } ]`"
                  : did_you_mean(images.outbound.value, names));
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

// A server that is written without a scheme.
static std::string as_url(const std::string& server, Passes passes) {
  if (passes == Passes::octets) return "for a server, write a URL: `tcp://" + server + "`";
  return "for a server, write a URL: `http://" + server + "` or `https://" + server + "`";
}

void check_upstream_name(CheckState& state, const Text& to, Passes passes) {
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
      remedy = as_url(to.value, passes);
  }
  if (to.secret)
    state.error(to.place, "no upstream has the name that is put in here", "check the file or environment variable");
  else
    state.error(to.place, "no upstream has the name " + shown(to), std::move(remedy));
}

void check_route(CheckState& state, const RouteConfig& route) {
  check_one_of<3>(state, route.place,
                  {{{"path", given(route.path), route.path.place},
                    {"exact", given(route.exact), route.exact.place},
                    {"regex", given(route.regex), route.regex.place}}},
                  "add `path: /` for every path");
  const Place& redirect = route.redirect ? route.redirect->place : route.place;
  const Place& respond = route.respond ? route.respond->place : route.place;
  const Place& images = route.image_proxy ? route.image_proxy->place : route.place;
  check_one_of<4>(state, route.place,
                  {{{"to", given(route.to), route.to.place},
                    {"redirect", route.redirect.has_value(), redirect},
                    {"respond", route.respond.has_value(), respond},
                    {"image_proxy", route.image_proxy.has_value(), images}}},
                  "add `to: http://127.0.0.1:8080`, `redirect: /path` or `respond: { status: 404 }`");
  check_to(state, route);
  check_host(state, route.host);
  check_variables(state, route);
  check_request_edits(state, route.request_headers);
  check_upstream_tls(state, route.upstream_tls);
  check_send_proxy(state, route.send_proxy);
  if (route.respond) check_respond(state, *route.respond);
  if (route.image_proxy) check_image_proxy(state, route);
}

}  // namespace sp::config
