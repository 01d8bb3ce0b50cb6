// TLS toward clients: Mozilla's intermediate or modern profile, certificates by SNI, tickets, client certificates.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"
#include "runtime/stream.h"
#include "tls/certificate_store.h"
#include "tls/handles.h"
#include "tls/stream.h"
#include "tls/ticket_keys.h"

namespace sp::tls {

// What a listener's `tls` says, with its files read. Immutable, shared by all workers.
struct ServerSettings {
  config::TlsProfile profile = config::TlsProfile::intermediate;
  config::ClientCertificates client_certificates = config::ClientCertificates::off;
  X509StorePtr client_authorities;      // null when client certificates are off
  X509StackPtr client_authority_names;  // their certificates: clients are told the names
  // Of everything above: a ticket that was issued under another policy is not taken (safety: a session without a client
  // certificate must not open a listener that requires one).
  std::array<unsigned char, 32> policy{};

  // Null with an error among `findings`.
  static std::shared_ptr<const ServerSettings> load(const config::ListenerTlsConfig& config,
                                                    const config::FileSystem& files,
                                                    std::vector<config::Finding>& findings);
};

// One for each listener and worker: it is used by one thread, and outlives its streams.
class ServerContext {
 public:
  // `alpn`: the protocols spoken here, the preferred one first; empty: whatever the client says about it is passed
  // over. Fails with config_invalid where the store has no certificate, with internal where the library refuses a
  // setting.
  static Result<std::unique_ptr<ServerContext>> make(std::shared_ptr<const ServerSettings> settings,
                                                     std::shared_ptr<const CertificateStore> certificates,
                                                     std::shared_ptr<const TicketKeys> tickets,
                                                     std::span<const std::string_view> alpn);
  // For certificates that are made for each connection: accept() is given one. Sessions are not resumed, so that every
  // client sees the certificate that is right now.
  static Result<std::unique_ptr<ServerContext>> make(std::shared_ptr<const ServerSettings> settings,
                                                     std::span<const std::string_view> alpn);
  ~ServerContext();

  // The caller awaits its handshake() next. `received`: what was read from the client already; the beginning of its
  // first message, or all of it.
  std::unique_ptr<TlsStream> accept(std::unique_ptr<runtime::Stream> lower, std::string_view received = {});
  std::unique_ptr<TlsStream> accept(std::unique_ptr<runtime::Stream> lower, std::string_view received,
                                    const std::shared_ptr<const Certificate>& certificate);
  const CertificateStore& certificates() const { return *certificates_; }
  // For tests and measurements.
  ssl_ctx_st* handle() { return context_.get(); }

 private:
  friend struct ServerCallbacks;
  ServerContext(std::shared_ptr<const ServerSettings> settings, std::shared_ptr<const CertificateStore> certificates,
                std::shared_ptr<const TicketKeys> tickets);
  bool set_up(std::span<const std::string_view> alpn);
  bool set_up_client_certificates();
  bool set_up_certificates();
  const TicketKeys::Set& ticket_keys();

  std::shared_ptr<const ServerSettings> settings_;
  std::shared_ptr<const CertificateStore> certificates_;  // null: each connection has its own
  std::shared_ptr<const TicketKeys> tickets_;
  std::shared_ptr<const TicketKeys::Set> ticket_set_;
  std::uint64_t ticket_version_ = 0;
  std::string alpn_;  // in the form of the wire
  SslContextPtr context_;
};

}  // namespace sp::tls
