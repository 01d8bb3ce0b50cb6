// The whole way: files, directives, meaning, entries, text.
#include <fmt/format.h>

#include <algorithm>

#include "import/squid/access.h"
#include "import/squid/inspection.h"
#include "import/summary.h"

namespace sp::import {
namespace squid {
namespace {

constexpr const char* users_to_be_made = "/etc/sallyport/egress.htpasswd";

std::string url_of(const Listener& listener) {
  return fmt::format("{}://{}:{}", listener.tls ? "https" : "http", listener.address, listener.port);
}

bool of_this_machine(const Listener& listener) {
  std::string bare = listener.address;
  std::erase_if(bare, [](char c) { return c == '[' || c == ']'; });
  const auto address = IpAddress::parse(bare);
  return address && address->is_loopback();
}

class Builder {
 public:
  Builder(const Configuration& configuration, Report& report)
      : configuration_(configuration), report_(report), meanings_(configuration, report) {}

  void build(Draft& draft) {
    if (!configuration_.listeners.empty()) remark_differences(configuration_.listeners.front());
    for (const Listener& listener : configuration_.listeners) {
      if (listener.tls) add_certificate(listener, draft);
      add(entry_of(listener), draft);
    }
    const bool several = draft.outbound.size() > 1;
    for (std::size_t i = 0; i < draft.outbound.size(); ++i)
      draft.outbound[i].name = several ? fmt::format("squid-{}", i + 1) : "squid";
    draft.timeouts = configuration_.timeouts;
    meanings_.remark_unused();
  }

 private:
  void remark_differences(const Listener& first) {
    report_.changed(
        first.at,
        "names that lead to private or special networks are refused, unless `private_networks` of the entry "
        "has these");
    if (configuration_.via.empty() || configuration_.forwarded.empty()) {
      report_.changed(first.at,
                      "servers are told nothing of the client and of the gate; Squid does it unless it is told not to: "
                      "`via: on`, `forwarded: on`");
    }
    if (configuration_.access.empty())
      report_.changed(first.at, "there is no http_access: Squid refuses everything, and so does this");
  }

  void add_certificate(const Listener& listener, Draft& draft) {
    if (listener.cert.empty())
      return report_.lost(listener.at, "no certificate is named: write one into `certificates`");
    const DraftCertificate made{listener.cert, listener.key};
    if (std::ranges::find(draft.certificates, made) == draft.certificates.end()) draft.certificates.push_back(made);
  }

  DraftOutbound entry_of(const Listener& listener) {
    DraftOutbound entry;
    entry.listen = {url_of(listener)};
    if (listener.bump) {
      Inspection inspection = translate_inspection(configuration_, listener, meanings_, report_);
      entry.inspect = std::move(inspection.inspect);
      entry.rules = std::move(inspection.terminated);
    }
    Access access = translate_access(configuration_, listener, meanings_, report_);
    std::ranges::move(access.rules, std::back_inserter(entry.rules));
    entry.connections_per_address = access.connections_per_address;
    choose_who(listener, access, entry);
    add_parent(entry);
    if (!configuration_.requests_to.empty() || !configuration_.responses_to.empty()) {
      entry.scanner = {.requests = configuration_.requests_to,
                       .responses = configuration_.responses_to,
                       .unavailable = configuration_.scanner_may_fail ? "pass" : ""};
    }
    entry.via = configuration_.via == "on";
    entry.forwarded = configuration_.forwarded == "on";
    entry.max_body = configuration_.max_body;
    return entry;
  }

  void choose_who(const Listener& listener, const Access& access, DraftOutbound& entry) {
    entry.clients = access.clients;
    if (access.asks_users) {
      entry.users = configuration_.users;
      if (entry.users.empty()) {
        entry.users = users_to_be_made;
        report_.lost(listener.at,
                     fmt::format("the users have to be known: make {} with `htpasswd -B`", users_to_be_made));
      }
      return;
    }
    if (!entry.clients.empty() || of_this_machine(listener)) return;
    const bool open = std::ranges::any_of(entry.rules, &DraftOutboundRule::allow);
    entry.clients = open ? std::vector<std::string>{"*"} : std::vector<std::string>{"127.0.0.0/8", "::1"};
    if (open)
      report_.lost(listener.at,
                   "everybody who reaches the port may use it, as with Squid: name your networks in `clients`");
  }

  // ---- the way on

  void add_parent(DraftOutbound& entry) {
    if (configuration_.peers.empty()) {
      for (const Rule& rule : configuration_.always_direct) report_.not_needed(rule.at, "there is no parent");
      for (const Rule& rule : configuration_.never_direct)
        report_.lost(rule.at, "there is no parent: servers are reached directly");
      return;
    }
    const Peer& peer = configuration_.peers.front();
    for (const Peer& other : std::span(configuration_.peers).subspan(1))
      report_.lost(other.at, "one parent is all that an entry has: left out");
    entry.parent = {.url = peer.url, .no_proxy = directly_reached()};
    if (configuration_.never_direct.empty())
      report_.changed(peer.at, "everything goes through it, but for `no_proxy`; Squid goes directly where it likes");
    for (const Rule& rule : configuration_.never_direct) {
      const bool all = rule.action == "allow" && rule.all.size() == 1 && rule.all.front().name == "all";
      if (!all) report_.changed(rule.at, "everything goes through the parent, but for `no_proxy`");
    }
  }

  std::vector<std::string> directly_reached() {
    std::vector<std::string> names;
    for (const Rule& rule : configuration_.always_direct) {
      if (rule.action == "deny") {
        report_.changed(rule.at, "what is not in `no_proxy` goes through the parent");
        continue;
      }
      const Meaning meaning = rule.all.size() == 1 && !rule.all.front().negated
                                  ? meanings_.of(rule.all.front().name, configuration_.listeners.front(), rule.at)
                                  : Meaning{};
      if (meaning.about != Meaning::About::to) {
        report_.lost(rule.at, "only names and networks can be reached without the parent");
        continue;
      }
      for (const Destination& each : meaning.to) {
        names.push_back(each.text());
        if (each.kind == Destination::Kind::exact)
          report_.changed(rule.at, "names below these are meant as well; Squid meant each name alone");
      }
    }
    return names;
  }

  // Ports for which the same holds are one entry.
  static void add(DraftOutbound entry, Draft& draft) {
    for (DraftOutbound& other : draft.outbound) {
      if (other.users != entry.users || other.clients != entry.clients || other.rules != entry.rules ||
          other.inspect != entry.inspect || other.connections_per_address != entry.connections_per_address)
        continue;
      std::ranges::move(entry.listen, std::back_inserter(other.listen));
      return;
    }
    draft.outbound.push_back(std::move(entry));
  }

  const Configuration& configuration_;
  Report& report_;
  Meanings meanings_;
};

Comments describe(std::span<const std::string> files, const std::vector<Untranslated>& notes,
                  const std::vector<config::Finding>& errors, const Draft& draft) {
  Comments header = begin_summary("squid", files, errors);
  header[1] = "Check it with `sallyport check`, and ask it with `sallyport explain --outbound HOST:PORT`.";
  bool begun = false;
  for (const Untranslated& note : notes) {
    if (note.fate != Fate::lost) continue;
    if (!std::exchange(begun, true)) header.insert(header.end(), {"", "NOT TRANSLATED: decide about each of these."});
    header.push_back(fmt::format("- {}: {}: {}", brief(note.file, note.line), note.directive, note.why));
  }
  add_changed(notes, header);
  if (draft.outbound.empty()) header.push_back("Nothing in these files listens for clients.");
  return header;
}

}  // namespace
}  // namespace squid

Imported import_squid(std::span<const std::string> files, const config::FileSystem& disk) {
  squid::Report report;
  squid::Tree tree = squid::read_tree(files, disk, report);
  const squid::Configuration configuration = squid::collect(tree, disk, report);
  Draft draft;
  squid::Builder(configuration, report).build(draft);

  Imported result{.yaml = {}, .untranslated = report.sorted(), .errors = std::move(tree.errors)};
  // Comments alone are no configuration: who redirects them into a file would find out from `check`.
  if (draft.outbound.empty() && !result.errors.empty()) return result;
  draft.header = squid::describe(files, result.untranslated, result.errors, draft);
  result.yaml = write_yaml(draft);
  return result;
}

}  // namespace sp::import
