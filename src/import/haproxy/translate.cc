// The whole way: files, sections, meaning, entries, text.
#include <fmt/format.h>

#include <algorithm>

#include "import/haproxy/build.h"
#include "import/haproxy/collect.h"

namespace sp::import {
namespace haproxy {
namespace {

// Listeners that one entry can have: it says once how TLS is spoken, and who sends a PROXY header.
std::vector<std::vector<Bind>> grouped(const Proxy& frontend) {
  std::vector<std::vector<Bind>> groups;
  for (const Bind& bind : frontend.binds) {
    const auto fits = [&](const std::vector<Bind>& group) {
      return group.front().accept_proxy == bind.accept_proxy && std::ranges::all_of(group, [&](const Bind& other) {
               return !other.ssl || !bind.ssl || other.tls == bind.tls;
             });
    };
    const auto group = std::ranges::find_if(groups, fits);
    if (group != groups.end())
      group->push_back(bind);
    else
      groups.push_back({bind});
  }
  return groups;
}

void add_entries(const Proxy& frontend, Building& state, Draft& draft) {
  if (frontend.mode == Mode::other) return;
  if (frontend.binds.empty()) {
    // A `listen` without `bind` is a backend.
    if (frontend.kind == SectionKind::frontend) state.report.lost(frontend.at, "it listens nowhere: left out");
    return;
  }
  for (const std::vector<Bind>& binds : grouped(frontend)) {
    auto entries =
        frontend.mode == Mode::http ? http_entries(frontend, binds, state) : relay_entries(frontend, binds, state);
    for (DraftEntry& entry : entries) draft.entries.push_back(std::move(entry));
  }
}

// Nothing may be dropped in silence.
void remark_unused(const Proxy& proxy, Building& state) {
  for (const std::vector<Rule>* rules : {&proxy.connection_rules, &proxy.rules, &proxy.backends}) {
    for (const Rule& rule : *rules) {
      if (state.used.contains(&rule) || state.report.knows(rule.at)) continue;
      state.report.changed(rule.at, "left out: nothing ever comes to it");
    }
  }
  for (const auto& [name, place] : proxy.acl_places) {
    const auto asked = [&](const Rule& rule) {
      return std::ranges::any_of(rule.condition.any, [&](const All& all) {
        return std::ranges::any_of(all, [&](const Literal& each) { return each.test.text == name; });
      });
    };
    const bool used = std::ranges::any_of(proxy.rules, asked) || std::ranges::any_of(proxy.backends, asked) ||
                      std::ranges::any_of(proxy.connection_rules, asked);
    if (!used) state.report.not_needed(place, "nothing that was translated asks for it");
  }
}

void remark_sections(Building& state) {
  for (const Proxy& proxy : state.configuration.proxies) {
    const bool other = proxy.mode == Mode::other;
    const bool dead = !other && proxy.kind == SectionKind::backend && !state.used_backends.contains(proxy.name);
    if (dead && !state.report.knows(proxy.at)) state.report.changed(proxy.at, "left out: no frontend uses it");
    if (other) state.report.changed(proxy.at, "left out: see its mode, or `disabled`");
    if (dead || other) continue;
    remark_unused(proxy, state);
  }
}

// What all entries have in common stands once.
void hoist_timeouts(Draft& draft) {
  if (draft.entries.empty()) return;
  const DraftTimeouts common = draft.entries.front().timeouts;
  if (!std::ranges::all_of(draft.entries, [&](const DraftEntry& entry) { return entry.timeouts == common; })) return;
  draft.timeouts = common;
  for (DraftEntry& entry : draft.entries) entry.timeouts = {};
}

}  // namespace
}  // namespace haproxy

Imported import_haproxy(std::span<const std::string> files, const config::FileSystem& disk) {
  haproxy::Report report;
  haproxy::Tree tree = haproxy::read_tree(files, disk, report);
  const haproxy::Configuration configuration = haproxy::collect(tree, disk, report);
  haproxy::Building state{.configuration = configuration, .report = report};
  Draft draft;
  for (const haproxy::Proxy& proxy : configuration.proxies) {
    if (proxy.has_frontend()) haproxy::add_entries(proxy, state, draft);
  }
  haproxy::remark_sections(state);
  draft.certificates = configuration.certificates;
  draft.upstreams = std::move(state.upstreams);
  haproxy::hoist_timeouts(draft);

  Imported result{.yaml = {}, .untranslated = report.sorted(), .errors = std::move(tree.errors)};
  // Comments alone are no configuration: who redirects them into a file would find out from `check`.
  if (draft.entries.empty() && !result.errors.empty()) return result;
  draft.header = haproxy::describe(files, result.untranslated, result.errors, draft);
  result.yaml = write_yaml(draft);
  return result;
}

}  // namespace sp::import
