#include "app/stand_ins.h"

#include <set>

#include "tls/certificate_authority.h"
#include "tls/self_signed.h"

namespace sp::app {
namespace {

using config::Finding;

// The largest file that is asked for: more than any certificate with its chain.
constexpr std::size_t most_octets = std::size_t{1} << 20;

constexpr std::chrono::hours a_day{24};

class StandInMaker {
 public:
  StandInMaker(StandIns which, const config::FileSystem& disk, OverlayFiles& files, std::vector<Finding>& findings)
      : which_(which), disk_(disk), files_(files), findings_(findings) {}

  void pair(const config::Text& certificate, const config::Text& key, const tls::PemPair& made) {
    if (certificate.empty()) return;
    bool replace = which_ == StandIns::everywhere;
    replace = replace || unreadable(certificate) || (!key.empty() && unreadable(key));
    if (!replace) return;
    // An empty key path: the key is in the file of the certificate.
    files_.put(certificate.value, key.empty() ? made.certificate + made.key : made.certificate);
    if (!key.empty()) files_.put(key.value, made.key);
  }
  void authority(const config::Text& path, const tls::PemPair& made) {
    if (path.empty()) return;
    if (which_ == StandIns::everywhere || unreadable(path)) files_.put(path.value, made.certificate);
  }

 private:
  bool unreadable(const config::Text& path) {
    if (disk_.read(path.value, most_octets)) return false;
    if (warned_.insert(path.value).second) {
      findings_.push_back(
          {.severity = Finding::Severity::warning,
           .place = path.place,
           .message = "`" + path.value + "` cannot be read here: what it says is not taken into account",
           .remedy = "run this where the gate runs, as a user who may read it"});
    }
    return true;
  }

  StandIns which_;
  const config::FileSystem& disk_;
  OverlayFiles& files_;
  std::vector<Finding>& findings_;
  std::set<std::string> warned_;
};

std::vector<std::string> all_hosts(const config::Config& config) {
  std::set<std::string> hosts;
  for (const auto& entry : config.inbound) {
    for (const auto& [name, to] : entry.sni) {
      if (name != "*") hosts.insert(name);
    }
    for (const auto& site : entry.sites) {
      for (const config::Text& host : site.hosts) {
        if (host.value != "*") hosts.insert(host.value);
      }
    }
  }
  if (hosts.empty()) hosts.insert("localhost");
  return {hosts.begin(), hosts.end()};
}

}  // namespace

void put_stand_ins(const config::Config& config, StandIns which, const config::FileSystem& disk,
                   std::chrono::system_clock::time_point now, OverlayFiles& files, std::vector<Finding>& findings) {
  auto made = tls::make_self_signed(all_hosts(config), 1, now);
  if (!made) return;  // the files are then missed where they are read
  StandInMaker maker(which, disk, files, findings);
  for (const auto& certificate : config.certificates) maker.pair(certificate.cert, certificate.key, *made);
  const auto upstream_tls = [&](const config::UpstreamTlsConfig& tls) {
    maker.authority(tls.ca, *made);
    maker.pair(tls.cert, tls.key, *made);
  };
  for (const auto& entry : config.inbound) {
    maker.authority(entry.tls.client_certificates.ca, *made);
    upstream_tls(entry.upstream_tls);
    for (const auto& site : entry.sites) {
      for (const auto& route : site.routes) upstream_tls(route.upstream_tls);
    }
  }
  for (const auto& [name, upstream] : config.upstreams) upstream_tls(upstream.upstream_tls);
  for (const auto& entry : config.outbound) {
    if (entry.parent) upstream_tls(entry.parent->upstream_tls);
    if (!entry.inspect) continue;
    upstream_tls(entry.inspect->upstream_tls);
    const auto root =
        tls::make_authority({.common_name = "stand-in", .not_before = now, .not_after = now + a_day, .only = {}});
    if (root) maker.pair(entry.inspect->ca.cert, entry.inspect->ca.key, *root);
  }
}

}  // namespace sp::app
