#include "proxy/outbound/inspection.h"

#include "proxy/offered_protocols.h"
#include "tls/certificate_names.h"

namespace sp::proxy {

std::shared_ptr<const Inspection> Inspection::load(const config::InspectConfig& config, const policy::Inspect& policy,
                                                   const config::FileSystem& files,
                                                   std::chrono::system_clock::time_point now,
                                                   std::vector<config::Finding>& findings) {
  auto authority = tls::SigningAuthority::load(config.ca, files, now, findings);
  auto servers = tls::ClientSettings::load(config.upstream_tls, files, now, findings);
  auto clients = tls::ServerSettings::load({}, files, findings);
  if (authority == nullptr || servers == nullptr || clients == nullptr) return nullptr;
  return std::make_shared<const Inspection>(policy, std::move(authority), std::move(servers), std::move(clients));
}

bool Inspection::may_sign(const policy::DestinationHost& host) const {
  return authority->permits(host.address ? host.address->text() : tls::normal_name(host.name));
}

Result<std::unique_ptr<InspectionContexts>> InspectionContexts::make(const Inspection& inspection) {
  using config::OnOff;
  SP_TRY_PLAIN(auto servers, tls::ClientContext::make(inspection.servers, offered_protocols(OnOff::on)));
  SP_TRY_PLAIN(auto clients, tls::ServerContext::make(inspection.clients, offered_protocols(OnOff::on)));
  SP_TRY_PLAIN(auto http1_clients, tls::ServerContext::make(inspection.clients, offered_protocols(OnOff::off)));
  return std::unique_ptr<InspectionContexts>(new InspectionContexts{.minter = tls::Minter(inspection.authority),
                                                                    .servers = std::move(servers),
                                                                    .clients = std::move(clients),
                                                                    .http1_clients = std::move(http1_clients)});
}

}  // namespace sp::proxy
