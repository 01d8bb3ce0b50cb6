// The whole way: files, tree, entries, text.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "import/nginx/http.h"
#include "import/summary.h"

namespace sp::import {
namespace nginx {
namespace {

// In the order of the files, each once: what is inherited is met again with every server.
std::vector<Untranslated> sorted(std::vector<Untranslated> notes) {
  std::map<std::string, size_t> order;
  for (const Untranslated& note : notes) order.try_emplace(note.file, order.size());
  std::ranges::sort(notes, {}, [&](const Untranslated& note) {
    return std::tuple(order[note.file], note.line, note.fate, std::string_view(note.directive),
                      std::string_view(note.why));
  });
  std::set<std::tuple<std::string, int, std::string, std::string>> seen;
  std::erase_if(notes, [&](const Untranslated& note) {
    return !seen.insert({note.file, note.line, note.directive, note.why}).second;
  });
  return notes;
}

void describe_lost(const std::vector<Untranslated>& notes, Comments& header) {
  if (std::ranges::count(notes, Fate::lost, &Untranslated::fate) == 0) return;
  header.push_back("");
  header.push_back("NOT TRANSLATED: decide about each of these.");
  for (const Untranslated& note : notes) {
    if (note.fate == Fate::lost)
      header.push_back(fmt::format("- {}: {} {}", import::brief(note.file, note.line), note.directive, note.why));
  }
}

void describe_not_needed(const std::vector<Untranslated>& notes, Comments& header) {
  std::string names;
  std::set<std::string> known;
  for (const Untranslated& note : notes) {
    const std::string name = note.directive.substr(0, note.directive.find_first_of(" ;"));
    if (note.fate == Fate::not_needed && known.insert(name).second) names += (names.empty() ? " " : ", ") + name;
  }
  if (names.empty()) return;
  header.push_back("");
  header.push_back("Not needed here, all or some of them:" + names + ".");
}

bool proxies_without_size(const DraftEntry& entry) {
  return std::ranges::any_of(entry.sites, [](const DraftSite& site) {
    return site.max_body.empty() && std::ranges::any_of(site.routes, [](const DraftRoute& route) {
             return !route.rule.to.empty() && route.rule.max_body.empty();
           });
  });
}

// What NGINX does without being told.
void describe_defaults(const Draft& draft, Comments& header) {
  if (draft.entries.empty()) header.push_back("Nothing in these files is proxied.");
  if (std::ranges::any_of(draft.entries, refuses_names)) {
    header.push_back("");
    header.push_back(
        "NGINX gave a request for a name that it did not know to the first server of the address. Here it is "
        "refused; \"*\" among the hosts of a site would take it.");
  }
  if (std::ranges::any_of(draft.entries, proxies_without_size)) {
    header.push_back("");
    header.push_back(
        "NGINX refuses request bodies of more than 1 MiB unless told otherwise (client_max_body_size). Here "
        "there is no limit; `max_body: 1MiB` is one.");
  }
}

Comments describe(std::span<const std::string> files, const Imported& result, const Draft& draft) {
  Comments header = begin_summary("nginx", files, result.errors);
  describe_lost(result.untranslated, header);
  add_changed(result.untranslated, header);
  describe_not_needed(result.untranslated, header);
  describe_defaults(draft, header);
  return header;
}

}  // namespace
}  // namespace nginx

Imported import_nginx(std::span<const std::string> files, const config::FileSystem& disk) {
  nginx::Tree tree = nginx::read_tree(files, disk);
  nginx::Report report;
  report.notes() = std::move(tree.notes);
  nginx::Upstreams upstreams(report);
  Draft draft;
  nginx::add_http(tree.http, upstreams, draft, report);
  nginx::add_stream(tree.stream, upstreams, draft, report);
  nginx::add_mail(tree.mail, draft, report);
  draft.upstreams = upstreams.all();
  for (const nginx::Directive* context : {&tree.main, &tree.http, &tree.stream, &tree.mail})
    nginx::report_rest(*context, report);

  Imported result{
      .yaml = {}, .untranslated = nginx::sorted(std::move(report.notes())), .errors = std::move(tree.errors)};
  // Comments alone are no configuration: who redirects them into a file would find out from `check`.
  if (draft.entries.empty() && !result.errors.empty()) return result;
  draft.header = nginx::describe(files, result, draft);
  result.yaml = write_yaml(draft);
  return result;
}

}  // namespace sp::import
