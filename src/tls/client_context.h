// TLS toward servers, by the rules of upstream_tls.
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
#include "tls/certificate.h"
#include "tls/handles.h"
#include "tls/session_cache.h"
#include "tls/stream.h"

namespace sp::tls {

// What `upstream_tls` says, with its files read. Immutable, shared by all workers.
struct ClientSettings {
  using Pin = std::array<unsigned char, 32>;

  config::Verify verify = config::Verify::full;
  X509StorePtr authorities;
  std::string sni;                                 // empty: what the caller says
  std::shared_ptr<const Certificate> certificate;  // that we present; null: none
  std::vector<Pin> pins;                           // any of them; empty: any key
  std::string contents;                            // a digest of what the files held; empty: there are none

  // Null with an error among `findings`.
  static std::shared_ptr<const ClientSettings> load(const config::UpstreamTlsConfig& config,
                                                    const config::FileSystem& files,
                                                    std::chrono::system_clock::time_point now,
                                                    std::vector<config::Finding>& findings);
};

// Which server is called.
struct ClientTarget {
  std::string_view endpoint;  // "10.0.0.7:443": named in messages, and one session cannot go to another
  std::string_view name;      // the host in `to`, a name or an IP address: what the certificate must be for
  std::string_view sni;       // the Host that is sent; settings may say otherwise, and an IP address is never sent
  bool only_http1 = false;    // of what the context offers by ALPN, nothing but http/1.1
};

// One for each set of settings and worker: it is used by one thread, and outlives its streams.
class ClientContext {
 public:
  // `alpn`: what is offered, the preferred first; may be empty. Fails with internal where the library refuses a
  // setting.
  static Result<std::unique_ptr<ClientContext>> make(std::shared_ptr<const ClientSettings> settings,
                                                     std::span<const std::string_view> alpn,
                                                     std::size_t sessions = 1024);
  ~ClientContext();

  // The caller awaits its handshake() next.
  std::unique_ptr<TlsStream> connect(std::unique_ptr<runtime::Stream> lower, const ClientTarget& target);
  const SessionCache& sessions() const { return sessions_; }
  // For tests and measurements.
  ssl_ctx_st* handle() { return context_.get(); }

 private:
  friend struct ClientCallbacks;
  ClientContext(std::shared_ptr<const ClientSettings> settings, std::size_t sessions);
  bool set_up(std::span<const std::string_view> alpn);
  static bool offer_only_http1(ssl_st* ssl);
  bool aim(ssl_st* ssl, const ClientTarget& target, std::string_view sni);

  std::shared_ptr<const ClientSettings> settings_;
  SessionCache sessions_;
  SslContextPtr context_;
};

}  // namespace sp::tls
