// Which sites share an entry. NGINX decides for each socket which servers are there; an entry of Sallyport has all of
// its sites at all of its addresses. So sockets with the same sites become one entry, and a socket of http joins that
// of https where all that it has is on the latter too, or only redirects there.
#include <algorithm>
#include <map>

#include "config/grammar.h"
#include "import/nginx/http.h"
#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

struct Placed {
  size_t site = 0;
  std::vector<std::string> hosts;
  bool operator==(const Placed&) const = default;
};

struct Group {
  std::vector<Listen> listens;
  std::vector<Placed> sites;
  bool secure = false;
  std::vector<std::string> accept_proxy_from;
  std::vector<Listen> plain;             // of http, which has joined
  std::vector<size_t> without_redirect;  // sites that http has as well, without a redirect
};

std::string url_of(const Listen& listen, bool secure) { return listen.url(secure ? "https" : "http"); }

class Entries {
 public:
  Entries(std::vector<BuiltSite> sites, Draft& draft, Report& report)
      : sites_(std::move(sites)), draft_(draft), report_(report) {}

  void make() {
    collect_sockets();
    for (const std::string& socket : order_) group(socket);
    join();
    for (Group& each : groups_) {
      if (!each.sites.empty()) entry(each);
    }
  }

 private:
  void collect_sockets();
  void group(const std::string& socket);
  void join();
  bool joins(const Group& plain, Group& secure);
  void entry(Group& group);
  void settings(const Group& group, DraftEntry& entry);
  void client_certificates(const Group& group, DraftEntry& entry);
  DraftSite site_of(const Group& group, const Placed& placed) const;
  std::string name_for(const Group& group) const;

  std::vector<BuiltSite> sites_;
  Draft& draft_;
  Report& report_;
  std::vector<std::string> order_;
  std::map<std::string, std::vector<std::pair<size_t, Listen>>> sockets_;
  std::vector<Group> groups_;
};

void Entries::collect_sockets() {
  for (size_t i = 0; i < sites_.size(); ++i) {
    for (const Listen& listen : sites_[i].listens) {
      auto& all = sockets_[listen.socket()];
      if (all.empty()) order_.push_back(listen.socket());
      all.emplace_back(i, listen);
    }
  }
}

// The sites of one socket; its words (ssl, proxy_protocol) hold for all of them.
void Entries::group(const std::string& socket) {
  auto& all = sockets_[socket];
  Group group;
  group.listens = {all.front().second};
  std::vector<std::string> known;
  auto chosen = std::ranges::find_if(all, [](const auto& each) { return each.second.default_server; });
  if (chosen == all.end() && sites_[all.front().first].nameless) chosen = all.begin();
  for (auto each = all.begin(); each != all.end(); ++each) {
    const BuiltSite& site = sites_[each->first];
    group.secure = group.secure || each->second.ssl;
    if (group.accept_proxy_from.empty())
      group.accept_proxy_from =
          each->second.proxy_protocol ? site.settings.accept_proxy_from : std::vector<std::string>();
    Placed placed{.site = each->first, .hosts = {}};
    for (const std::string& name : site.site.hosts) {
      if (std::ranges::find(known, name) == known.end()) {
        known.push_back(name);
        placed.hosts.push_back(name);
      } else {
        report_.changed(*site.at, name + " is answered by an earlier server at this address");
      }
    }
    // Sites that were split off a server by name share its `listen`: the one that is left takes the rest.
    const bool takes_rest =
        chosen != all.end() && sites_[chosen->first].at == site.at && (site.nameless || (each == chosen));
    if (takes_rest && std::ranges::find(known, "*") == known.end()) {
      known.emplace_back("*");
      placed.hosts.emplace_back("*");
    }
    if (!placed.hosts.empty()) {
      group.sites.push_back(std::move(placed));
    } else if (site.nameless) {
      report_.not_needed(*site.at, "it has no name, and another server takes what no other does: it is never asked");
    }
  }
  if (group.sites.empty()) return;
  const auto same = std::ranges::find_if(groups_, [&](const Group& other) {
    return other.secure == group.secure && other.sites == group.sites &&
           other.accept_proxy_from == group.accept_proxy_from;
  });
  if (same == groups_.end())
    groups_.push_back(std::move(group));
  else
    same->listens.push_back(group.listens.front());
}

// Whether all that is at this http is at that https too, or goes there.
bool Entries::joins(const Group& plain, Group& secure) {
  if (!secure.plain.empty() || plain.accept_proxy_from != secure.accept_proxy_from) return false;
  const bool on_443 = std::ranges::any_of(secure.listens, [](const Listen& each) { return each.port == "443"; });
  std::vector<size_t> without_redirect;
  for (const Placed& each : plain.sites) {
    const BuiltSite& site = sites_[each.site];
    const auto has_name = [&](const std::string& name) {
      return name == "*" || std::ranges::any_of(secure.sites, [&](const Placed& other) {
               return std::ranges::find(other.hosts, name) != other.hosts.end() ||
                      std::ranges::find(other.hosts, "*") != other.hosts.end();
             });
    };
    if (site.redirects_plain && on_443 && std::ranges::all_of(each.hosts, has_name)) continue;
    const bool same = std::ranges::find(secure.sites, each) != secure.sites.end();
    if (!same || site.redirects_plain) return false;
    without_redirect.push_back(each.site);
  }
  secure.without_redirect = std::move(without_redirect);
  return true;
}

void Entries::join() {
  for (Group& plain : groups_) {
    if (plain.secure) continue;
    const auto fits = std::ranges::find_if(groups_, [&](Group& each) { return each.secure && joins(plain, each); });
    if (fits == groups_.end()) continue;
    for (const Placed& each : plain.sites) {
      if (sites_[each.site].redirects_plain)
        report_.changed(*sites_[each.site].at, "http is redirected to https by itself");
    }
    fits->plain = plain.listens;
    plain.sites.clear();
  }
}

DraftSite Entries::site_of(const Group& group, const Placed& placed) const {
  const BuiltSite& built = sites_[placed.site];
  DraftSite site = built.site;
  site.hosts = placed.hosts;
  const bool has_all = std::ranges::find(site.hosts, "*") != site.hosts.end();
  if (has_all && site.hosts.size() > 1) {
    // "*" alone would do, but the names are for people.
    std::erase(site.hosts, "*");
    site.hosts.emplace_back("*");
  }
  if (!group.plain.empty() && std::ranges::find(group.without_redirect, placed.site) != group.without_redirect.end())
    site.https_redirect_off = true;
  if (!group.secure && built.redirects_plain) {
    DraftRoute route;
    route.rule.redirect = DraftRedirect{.to = "https://${request.host}${request.uri}", .status = 301};
    site = {.hosts = site.hosts};
    site.routes = {route};
  }
  return site;
}

std::string Entries::name_for(const Group& group) const {
  const std::string scheme = group.secure ? "https" : "http";
  if (!group.plain.empty()) return "web";
  const Listen& first = group.listens.front();
  if (!first.unix_path.empty()) return scheme + "-unix";
  const bool usual = first.port == (group.secure ? "443" : "80");
  const auto others = std::ranges::count_if(groups_, [](const Group& each) { return !each.sites.empty(); });
  return usual ? (others == 1 ? "web" : scheme) : scheme + "-" + first.port;
}

// One answer for a whole entry: that of the first site that says anything.
void Entries::settings(const Group& group, DraftEntry& entry) {
  const auto take = [&](auto member, auto& into, std::string_view key) {
    const BuiltSite* from = nullptr;
    bool some_do_without = false;
    for (const Placed& each : group.sites) {
      const BuiltSite& site = sites_[each.site];
      const auto& value = member(site.settings);
      const bool nothing = value == std::remove_cvref_t<decltype(value)>{};
      some_do_without = some_do_without || nothing;
      if (nothing) continue;
      if (from == nullptr) {
        from = &site;
        into = value;
      } else if (into != value) {
        report_.lost(*site.at,
                     "`" + std::string(key) + "` is for a whole entry: that of " + brief(*from->at) + " is taken");
      }
    }
    if (from != nullptr && some_do_without)
      report_.changed(*from->at, "`" + std::string(key) + "` is for a whole entry: its other sites have it too");
  };
  take([](const EntrySettings& each) -> const auto& { return each.trusted_proxies; }, entry.trusted_proxies,
       "trusted_proxies");
  take([](const EntrySettings& each) -> const auto& { return each.limits; }, entry.limits, "limits");
  take([](const EntrySettings& each) -> const auto& { return each.timeouts; }, entry.timeouts, "timeouts");
  entry.accept_proxy_from = group.accept_proxy_from;
}

// They are asked for when a connection begins, before the site is known for sure: so an entry has one answer.
void Entries::client_certificates(const Group& group, DraftEntry& entry) {
  const DraftClientCertificates& first = sites_[group.sites.front().site].tls.clients;
  const bool same =
      std::ranges::all_of(group.sites, [&](const Placed& each) { return sites_[each.site].tls.clients == first; });
  if (same) {
    entry.client_certificates = first;
    return;
  }
  for (const Placed& each : group.sites) {
    const TlsSettings& tls = sites_[each.site].tls;
    if (tls.clients_at == nullptr) continue;
    report_.lost(*tls.clients_at,
                 "some servers at this address ask for client certificates and others do not: an entry has one answer. "
                 "Give this site an address of its own" +
                     std::string(tls.clients.mode == "required" ? ". Until then nobody may come in" : ""));
    if (tls.clients_ca_at != nullptr) report_.not_needed(*tls.clients_ca_at, "see ssl_verify_client");
    if (tls.clients.mode != "required") continue;
    for (DraftSite& site : entry.sites) {
      if (site.hosts != each.hosts) continue;
      site.comments.push_back(brief(*tls.clients_at) +
                              ": NGINX asked for a client certificate here, but not for the other "
                              "sites of this entry: closed until you decide");
      for (DraftRoute& route : site.routes) {
        route.rule.allow.clear();
        route.rule.deny = {"*"};
      }
    }
  }
}

void Entries::entry(Group& group) {
  DraftEntry entry;
  for (const Listen& each : group.listens) entry.listen.push_back(url_of(each, group.secure));
  for (const Listen& each : group.plain) entry.listen.push_back(url_of(each, false));
  entry.name = entry_name(draft_, name_for(group));
  settings(group, entry);
  for (const Placed& each : group.sites) entry.sites.push_back(site_of(group, each));
  if (group.secure) {
    client_certificates(group, entry);
    const auto modern = [&](const Placed& each) { return sites_[each.site].tls.modern; };
    entry.modern_tls = std::ranges::all_of(group.sites, modern);
    for (const Placed& each : group.sites) {
      const BuiltSite& site = sites_[each.site];
      if (modern(each) && !entry.modern_tls)
        report_.lost(*site.at, "TLS 1.3 alone is for a whole entry: other servers at this address take TLS 1.2 too");
      add_certificates(site.tls, *site.at, draft_, report_);
    }
  }
  draft_.entries.push_back(std::move(entry));
}

}  // namespace

void add_http(const Directive& http, Upstreams& upstreams, Draft& draft, Report& report) {
  Entries(build_sites(http, upstreams, report), draft, report).make();
}

std::string entry_name(const Draft& draft, const std::string& wanted) {
  const auto taken = [&](const std::string& name) {
    return std::ranges::any_of(draft.entries, [&](const DraftEntry& each) { return each.name == name; });
  };
  std::string name = wanted;
  for (int i = 2; taken(name); ++i) name = wanted + "-" + std::to_string(i);
  return name;
}

void add_certificates(const TlsSettings& tls, const Directive& at, Draft& draft, Report& report) {
  std::vector<std::pair<std::string, std::string>> pairs = tls.certificates;
  if (pairs.empty()) {
    report.lost(at, "it has no certificate in a file: put the right paths into `certificates`");
    pairs.emplace_back("/path/to/fullchain.pem", "/path/to/key.pem");
  }
  for (const auto& [cert, key] : pairs) {
    const DraftCertificate each{.cert = cert, .key = key};
    if (std::ranges::find(draft.certificates, each) == draft.certificates.end()) draft.certificates.push_back(each);
  }
}

}  // namespace sp::import::nginx
