#include "tls/certificate_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "tls/certificate_names.h"
#include "tls/explain.h"

namespace sp::tls {

namespace {

// Such a certificate serves those who verify nothing, or are old: it is used nevertheless.
void check_names(const Certificate& certificate, std::vector<config::Finding>& findings) {
  if (has_alternative_names(certificate.leaf.get())) return;
  const std::string name = certificate.names.empty() ? "NAME" : certificate.names.front();
  findings.push_back(
      {config::Finding::Severity::warning, certificate.config.cert.place,
       fmt::format("the certificate in {} ({}) has no name in its subjectAltName", certificate.config.cert.value,
                   names_text(certificate.leaf.get())),
       fmt::format("browsers and most other clients refuse it: make one with `-addext subjectAltName=DNS:{}`", name)});
}

}  // namespace

bool CertificateSet::covers(std::string_view host) const {
  const std::string name = normal_name(host);
  return std::ranges::all_of(all(), [&](const auto& certificate) { return certificate->covers(name); });
}

void CertificateSet::add(const std::shared_ptr<const Certificate>& certificate) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (members_[i]->kind != certificate->kind) continue;
    if (certificate->not_after > members_[i]->not_after) members_[i] = certificate;
    return;
  }
  members_[count_++] = certificate;
}

std::shared_ptr<const CertificateStore> CertificateStore::load(std::span<const config::CertificateConfig> configs,
                                                               const config::FileSystem& files,
                                                               std::chrono::system_clock::time_point now,
                                                               std::vector<config::Finding>& findings) {
  std::vector<std::shared_ptr<const Certificate>> certificates;
  for (const config::CertificateConfig& config : configs) {
    auto certificate = load_certificate(config, files, now, findings);
    if (certificate == nullptr) continue;
    check_names(*certificate, findings);
    certificates.push_back(std::move(certificate));
  }
  return of(std::move(certificates));
}

std::shared_ptr<const CertificateStore> CertificateStore::of(
    std::vector<std::shared_ptr<const Certificate>> certificates) {
  auto store = std::make_shared<CertificateStore>();
  store->certificates_ = std::move(certificates);
  store->index();
  return store;
}

void CertificateStore::index() {
  for (const auto& certificate : certificates_) {
    for (const std::string& name : certificate->names) {
      if (name.starts_with("*.")) {
        wildcard_[name.substr(2)].add(certificate);
      } else {
        exact_[name].add(certificate);
      }
    }
    if (certificate->config.is_default) marked_.add(certificate);
  }
  if (marked_.count_ == 0 && !certificates_.empty()) {
    const Certificate& first = *certificates_.front();
    // With its sibling of another kind, if it has one for the same name.
    const CertificateSet* same = first.names.empty() ? nullptr : find(first.names.front());
    if (same != nullptr && std::ranges::find(same->all(), certificates_.front()) != same->all().end()) {
      marked_ = *same;
    } else {
      marked_.add(certificates_.front());
    }
  }
  default_ = marked_.count_ == 0 ? nullptr : &marked_;
}

const CertificateSet* CertificateStore::find(std::string_view name) const {
  const std::string normal = normal_name(name);
  if (auto found = exact_.find(normal); found != exact_.end()) return &found->second;
  const std::size_t dot = normal.find('.');
  if (dot == std::string::npos || dot == 0) return nullptr;
  auto found = wildcard_.find(std::string_view(normal).substr(dot + 1));
  return found == wildcard_.end() ? nullptr : &found->second;
}

bool CertificateStore::has_certificate_for(std::string_view host) const {
  if (host == "*") return default_ != nullptr;
  if (!host.starts_with("*.")) return find(host) != nullptr;
  return wildcard_.contains(normal_name(host.substr(2)));
}

const CertificateSet* CertificateStore::choose(std::string_view name) const {
  const CertificateSet* found = find(name);
  return found != nullptr ? found : default_;
}

std::vector<config::Finding> find_hosts_without_certificate(const CertificateStore& store,
                                                            std::span<const config::Text> hosts) {
  std::vector<config::Finding> findings;
  for (const config::Text& host : hosts) {
    if (store.has_certificate_for(host.value)) continue;
    findings.push_back({config::Finding::Severity::warning, host.place,
                        fmt::format("no certificate is for {}: browsers will refuse the connection", host.value),
                        "add a certificate with this name to `certificates`"});
  }
  return findings;
}

}  // namespace sp::tls
