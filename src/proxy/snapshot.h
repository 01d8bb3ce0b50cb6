// One configuration, compiled: everything that connections need to know, immutable and shared by all workers. Built
// whole beside the running one; a connection keeps the snapshot under which it began for as long as it lives.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/ip.h"
#include "codec/limits.h"
#include "config/finding.h"
#include "config/model.h"
#include "policy/compile.h"

namespace sp::tls {
class CertificateStore;
class TicketKeys;
struct ClientSettings;
struct ServerSettings;
}  // namespace sp::tls

namespace sp::proxy {

// One address of one entry of `inbound`.
struct Listen {
  Endpoint endpoint;
  bool tls = false;
  bool h2c = false;  // clients may begin with HTTP/2
  std::string text;  // as written: "https://:443"
};

// One entry of `inbound`.
struct Entry {
  std::string name;
  const config::InboundConfig* config = nullptr;
  const policy::Inbound* policy = nullptr;
  std::vector<Listen> listens;
  std::shared_ptr<const tls::ServerSettings> tls;       // null: no https
  std::uint16_t https_port = 0;                         // where http is redirected to
  std::unordered_set<const policy::Site*> https_sites;  // those that http is redirected for: they have a certificate
  codec::Limits limits;
  std::uint32_t number = 0;
};

struct Snapshot {
  std::uint64_t generation = 0;
  config::Config config;
  std::unique_ptr<const policy::Policy> policy;
  std::vector<Entry> entries;
  std::shared_ptr<const tls::CertificateStore> certificates;
  std::shared_ptr<const tls::TicketKeys> tickets;
  std::vector<std::shared_ptr<const tls::ClientSettings>> upstream_tls;  // by Upstream::id; null: plain
  std::string via;  // how this gate calls itself in Via; of this process, so that a loop is seen

  Snapshot();
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
};

}  // namespace sp::proxy
