// Which sites share an entry. An entry's sites are served at all of its addresses, while Apache has virtual hosts for
// each address: so http and https come together only where that changes nothing.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "import/apache/sites.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

bool same_content(const DraftSite& a, const DraftSite& b) {
  const auto same_route = [](const DraftRoute& x, const DraftRoute& y) { return x.rule == y.rule; };
  return a.request_headers == b.request_headers && a.response_headers == b.response_headers &&
         a.max_body == b.max_body && a.timeouts == b.timeouts && std::ranges::equal(a.routes, b.routes, same_route);
}

bool has_all_names(const DraftSite& site, const std::vector<std::string>& names) {
  return std::ranges::all_of(
      names, [&](const std::string& name) { return std::ranges::find(site.hosts, name) != site.hosts.end(); });
}

bool listens_on_443(const BuiltSite& site) {
  return std::ranges::any_of(site.secure, [](const std::string& url) { return url.ends_with(":443"); });
}

void add_all(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& each : from) {
    if (std::ranges::find(to, each) == to.end()) to.push_back(each);
  }
}

// Written out, where it does not come by itself.
DraftRoute redirect_route(const std::string& name) {
  DraftRoute route;
  route.rule.redirect = DraftRedirect{
      .to = "https://" + (name.contains('%') ? "${request.host}" : name) + "${request.uri}", .status = 301};
  return route;
}

// Finds the https site that an http site belongs to, and joins them. False: it stays alone.
bool join(std::vector<BuiltSite>& sites, BuiltSite& plain) {
  const bool for_all = plain.redirects_to_https.has_value() && plain.site.hosts == std::vector<std::string>{"*"};
  bool joined = false;
  for (BuiltSite& secure : sites) {
    if (secure.secure.empty() || !(secure.plain.empty() || secure.plain == plain.plain)) continue;
    const bool redirects =
        plain.redirects_to_https && listens_on_443(secure) && (for_all || has_all_names(secure.site, plain.site.hosts));
    const bool same =
        !plain.redirects_to_https && secure.site.hosts == plain.site.hosts && same_content(secure.site, plain.site);
    if (!redirects && !same) continue;
    secure.plain = plain.plain;
    if (same) secure.site.https_redirect_off = true;
    if (same)
      secure.site.comments.push_back("Apache served http too, without a redirect to https (" + brief(plain.origin) +
                                     ").");
    if (same) return true;
    joined = true;
    if (!for_all) return true;
  }
  return joined;
}

std::vector<BuiltSite> join_all(std::vector<BuiltSite> sites, Report& report) {
  std::vector<BuiltSite> result;
  std::vector<BuiltSite> plain;
  for (BuiltSite& site : sites) (site.secure.empty() ? plain : result).push_back(std::move(site));
  for (BuiltSite& site : plain) {
    if (join(result, site)) {
      if (site.redirects_to_https) report.changed(site.origin, "http is redirected to https by itself");
      continue;
    }
    if (site.redirects_to_https) {
      site.site.routes.push_back(redirect_route(*site.redirects_to_https));
      site.redirects_to_https.reset();
    }
    result.push_back(std::move(site));
  }
  return result;
}

using Key = std::pair<std::vector<std::string>, std::vector<std::string>>;  // secure, plain

// The pairs of addresses that may share an entry: each is paired with no other, and no name means two things there.
std::set<Key> joint_pairs(const std::vector<BuiltSite>& sites) {
  std::set<Key> pairs;
  for (const BuiltSite& site : sites) {
    if (!site.secure.empty() && !site.plain.empty()) pairs.insert({site.secure, site.plain});
  }
  const std::set<Key> all = pairs;
  std::erase_if(pairs, [&](const Key& pair) {
    const bool ambiguous = std::ranges::any_of(all, [&](const Key& other) {
      return other != pair && (other.first == pair.first || other.second == pair.second);
    });
    if (ambiguous) return true;
    for (const BuiltSite& site : sites) {
      if (site.plain != pair.second || !site.secure.empty()) continue;
      for (const std::string& name : site.site.hosts) {
        const bool elsewhere = std::ranges::any_of(sites, [&](const BuiltSite& other) {
          return other.secure == pair.first && std::ranges::find(other.site.hosts, name) != other.site.hosts.end();
        });
        if (elsewhere) return true;
      }
    }
    return false;
  });
  return pairs;
}

class Entries {
 public:
  Entries(const Configuration& configuration, Report& report) : configuration_(configuration), report_(report) {}

  void add(const Key& key, const BuiltSite& site) {
    auto entry = std::ranges::find(groups_, key, &Group::key);
    if (entry == groups_.end()) entry = groups_.insert(groups_.end(), Group{key, {}});
    entry->sites.push_back(site);
  }

  std::vector<DraftEntry> finish() {
    std::vector<DraftEntry> entries;
    entries.reserve(groups_.size());
    for (Group& group : groups_) entries.push_back(make(group));
    return entries;
  }

 private:
  struct Group {
    Key key;
    std::vector<BuiltSite> sites;
  };
  DraftEntry make(Group& group);
  std::string name_for(const std::vector<std::string>& listen);
  void set_client_certificates(DraftEntry& entry, std::vector<BuiltSite>& sites);
  void set_profile(DraftEntry& entry, const std::vector<BuiltSite>& sites);
  void drop_known_names(std::vector<BuiltSite>& sites);

  const Configuration& configuration_;
  Report& report_;
  std::vector<Group> groups_;
  std::set<std::string> names_;
};

// "web" for http and https together, or the only entry there is; else after scheme and port.
std::string Entries::name_for(const std::vector<std::string>& listen) {
  const std::string& first = listen.front();
  const std::string port = first.substr(first.rfind(':') + 1);
  const std::string scheme = first.substr(0, first.find(':'));
  const bool both = scheme == "https" && listen.back().starts_with("http:");
  const bool usual = port == "443" || port == "80";
  const std::string base = both || (usual && groups_.size() == 1) ? "web" : usual ? scheme : scheme + "-" + port;
  std::string name = base;
  for (int i = 2; !names_.insert(name).second; ++i) name = base + "-" + std::to_string(i);
  return name;
}

// Of two virtual hosts with one name at one address, Apache asks the first.
void Entries::drop_known_names(std::vector<BuiltSite>& sites) {
  std::set<std::string> known;
  for (BuiltSite& site : sites) {
    std::erase_if(site.site.hosts, [&](const std::string& name) {
      const bool again = !known.insert(name).second;
      if (again) report_.changed(site.origin, name + " is answered by an earlier virtual host at this address");
      return again;
    });
  }
  std::erase_if(sites, [](const BuiltSite& site) { return site.site.hosts.empty(); });
}

// They are asked for when a connection begins, before the site is known for sure: so an entry has one answer.
void Entries::set_client_certificates(DraftEntry& entry, std::vector<BuiltSite>& sites) {
  const auto wanted = [](const BuiltSite& site) {
    DraftClientCertificates certificates;
    const std::string verify = site.tls.verify_client.value_or("none");
    if (verify == "require") certificates.mode = "required";
    if (verify == "optional" || verify == "optional_no_ca") certificates.mode = "optional";
    if (!certificates.mode.empty()) certificates.ca = site.tls.client_ca.value_or("");
    return certificates;
  };
  const DraftClientCertificates first = wanted(sites.front());
  const bool same = std::ranges::all_of(sites, [&](const BuiltSite& site) { return wanted(site) == first; });
  if (same) {
    entry.client_certificates = first;
    if (!first.mode.empty() && first.ca.empty())
      report_.lost(sites.front().tls.verify_origin,
                   "no SSLCACertificateFile: name the authority in tls.client_certificates");
    return;
  }
  for (BuiltSite& site : sites) {
    if (wanted(site).mode != "required") continue;
    report_.lost(
        site.tls.verify_origin,
        "some virtual hosts at this address ask for client certificates and others do not: an entry has one answer. "
        "Give this site an address of its own. Until then nobody may come in");
    site.site.comments.push_back(brief(site.tls.verify_origin) +
                                 ": Apache asked for a client certificate here, but not for the other sites of this "
                                 "entry: closed until you decide.");
    for (DraftRoute& route : site.site.routes) {
      route.rule.allow.clear();
      route.rule.deny = {"*"};
    }
  }
}

void Entries::set_profile(DraftEntry& entry, const std::vector<BuiltSite>& sites) {
  const auto modern = std::ranges::count_if(sites, [](const BuiltSite& site) { return site.tls.modern; });
  entry.modern_tls = modern > 0 && static_cast<size_t>(modern) == sites.size();
  if (modern == 0 || entry.modern_tls) return;
  for (const BuiltSite& site : sites) {
    if (site.tls.modern)
      report_.lost(site.origin, "TLS 1.3 alone is for a whole entry: other sites at this address take TLS 1.2 too");
  }
}

DraftEntry Entries::make(Group& group) {
  DraftEntry entry;
  drop_known_names(group.sites);
  entry.listen = group.key.first;
  add_all(entry.listen, group.key.second);
  entry.name = name_for(entry.listen);
  entry.trusted_proxies = configuration_.trusted_proxies;
  entry.limits = configuration_.limits;
  if (!group.key.first.empty()) {
    set_client_certificates(entry, group.sites);
    set_profile(entry, group.sites);
  }
  const bool both = !group.key.first.empty() && !group.key.second.empty();
  for (BuiltSite& site : group.sites) {
    // In Apache this name had no virtual host for https: it must not be sent there.
    if (both && site.secure.empty()) site.site.https_redirect_off = true;
    entry.sites.push_back(std::move(site.site));
  }
  return entry;
}

}  // namespace

std::vector<DraftEntry> make_entries(const Configuration& configuration, std::vector<BuiltSite> sites, Report& report) {
  sites = join_all(std::move(sites), report);
  const std::set<Key> joint = joint_pairs(sites);
  Entries entries(configuration, report);
  for (const BuiltSite& site : sites) {
    const auto pair = std::ranges::find_if(
        joint, [&](const Key& each) { return each.first == site.secure || each.second == site.plain; });
    if (pair != joint.end()) {
      entries.add(*pair, site);
      continue;
    }
    if (!site.secure.empty()) {
      BuiltSite alone = site;
      alone.site.https_redirect_off = false;
      alone.site.comments.clear();
      entries.add({site.secure, {}}, alone);
    }
    if (site.plain.empty()) continue;
    BuiltSite alone = site;
    if (!site.secure.empty() && !site.site.https_redirect_off) alone.site.routes = {redirect_route("%{HTTP_HOST}")};
    alone.site.https_redirect_off = false;
    entries.add({{}, site.plain}, alone);
  }
  return entries.finish();
}

}  // namespace sp::import::apache
