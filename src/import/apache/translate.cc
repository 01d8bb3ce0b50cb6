// The whole way: files, tree, meaning, sites, text.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "import/apache/collect.h"
#include "import/apache/sites.h"
#include "import/summary.h"

namespace sp::import {
namespace apache {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// One file with the leaf and its chain, as Sallyport has it. Let's Encrypt's clients write it beside the two others.
std::string with_chain(const std::pair<std::string, Origin>& certificate, const ServerTls& tls, Report& report) {
  if (!tls.chain || tls.chain->first == certificate.first) return certificate.first;
  const std::string folder = folder_of(certificate.first);
  if (certificate.first.ends_with("/cert.pem") && tls.chain->first == folder + "chain.pem")
    return folder + "fullchain.pem";
  report.lost(tls.chain->second,
              fmt::format("certificate and chain are one file here: cat {} {} > NEW.pem, and put its path into `cert`",
                          certificate.first, tls.chain->first));
  return certificate.first;
}

std::vector<DraftCertificate> collect_certificates(const std::vector<BuiltSite>& sites, Report& report) {
  std::vector<DraftCertificate> result;
  for (const BuiltSite& site : sites) {
    if (site.secure.empty()) continue;
    if (site.tls.certificates.empty())
      report.lost(site.origin, "no SSLCertificateFile: add the certificate under `certificates`");
    for (size_t i = 0; i < site.tls.certificates.size(); ++i) {
      const auto& certificate = site.tls.certificates[i];
      // Without a key file of its own, the key is in the certificate's.
      DraftCertificate each{.cert = with_chain(certificate, site.tls, report),
                            .key = i < site.tls.keys.size() ? site.tls.keys[i] : certificate.first};
      if (std::ranges::find(result, each) == result.end()) result.push_back(std::move(each));
    }
  }
  return result;
}

// In the order of the files, each once: what is inherited is met again with every virtual host.
std::vector<Untranslated> sorted(std::vector<Untranslated> notes) {
  std::map<std::string, size_t> order;
  for (const Untranslated& note : notes) order.try_emplace(note.file, order.size());
  std::ranges::sort(notes, {}, [&](const Untranslated& note) {
    return std::tuple(order[note.file], note.line, std::string_view(note.why));
  });
  std::set<std::tuple<std::string, int, std::string>> seen;
  std::erase_if(notes, [&](const Untranslated& note) { return !seen.insert({note.file, note.line, note.why}).second; });
  return notes;
}

void describe_lost(const std::vector<Untranslated>& notes, Comments& header) {
  const auto lost = std::ranges::count(notes, Fate::lost, &Untranslated::fate);
  if (lost == 0) return;
  header.push_back("");
  header.push_back("NOT TRANSLATED: decide about each of these.");
  for (const Untranslated& note : notes) {
    if (note.fate == Fate::lost && note.why != see_rule)
      header.push_back(fmt::format("- {}: {}: {}", import::brief(note.file, note.line), note.directive, note.why));
  }
}

// What a line of a rule has in common with the others is said with the first of them.
std::vector<Untranslated> without_repetitions(std::vector<Untranslated> notes) {
  std::erase_if(notes, [](const Untranslated& note) { return note.why == see_rule; });
  return notes;
}

void describe_not_needed(const std::vector<Untranslated>& notes, Comments& header) {
  std::vector<std::string> names;
  for (const Untranslated& note : notes) {
    std::string name = note.directive.substr(0, note.directive.find(' '));
    if (note.why.starts_with(unused_parameters))
      name += " (" + note.why.substr(std::string_view(unused_parameters).size()) + ")";
    const bool words = note.fate == Fate::not_needed && !name.starts_with('<');
    if (words && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  if (names.empty()) return;
  std::string line = "Not needed here:";
  for (const std::string& name : names) line += (name == names.front() ? " " : ", ") + name;
  header.push_back("");
  header.push_back(line + ".");
}

Comments describe(std::span<const std::string> files, const std::vector<Untranslated>& notes,
                  const std::vector<config::Finding>& errors, const Draft& draft) {
  Comments header = begin_summary("apache", files, errors);
  describe_lost(notes, header);
  add_changed(without_repetitions(notes), header);
  describe_not_needed(notes, header);
  if (draft.entries.empty()) header.push_back("Nothing in these files is proxied.");
  if (std::ranges::any_of(draft.entries, refuses_names)) {
    header.push_back("");
    header.push_back(
        "Apache gave a request for a name that it did not know to the first virtual host of the address. Here it is "
        "refused; "
        "\"*\" among the hosts of a site would take it.");
  }
  return header;
}

}  // namespace
}  // namespace apache

Imported import_apache(std::span<const std::string> files, const config::FileSystem& disk) {
  apache::Tree tree = apache::read_tree(files, disk);
  apache::Report report;
  report.notes() = std::move(tree.notes);
  const apache::Configuration configuration = apache::collect(tree, report);
  apache::Upstreams upstreams;
  std::vector<apache::BuiltSite> sites = apache::build_sites(configuration, upstreams, report);

  Draft draft;
  draft.certificates = apache::collect_certificates(sites, report);
  draft.entries = apache::make_entries(configuration, std::move(sites), report);
  draft.upstreams = upstreams.all();
  Imported result{
      .yaml = {}, .untranslated = apache::sorted(std::move(report.notes())), .errors = std::move(tree.errors)};
  // Comments alone are no configuration: who redirects them into a file would find out from `check`.
  const bool nothing_read = draft.entries.empty() && !result.errors.empty();
  if (nothing_read) return result;
  draft.header = apache::describe(files, result.untranslated, result.errors, draft);
  result.yaml = write_yaml(draft);
  return result;
}

}  // namespace sp::import
