// Clients and servers that speak TLS with a gate, in transcripts.
#pragma once

#include <memory>
#include <vector>

#include "proxy/transcript_for_tests.h"
#include "testing/certificates.h"
#include "tls/client_context.h"
#include "tls/server_context.h"
#include "tls/stream.h"

namespace sp::proxy {

inline constexpr std::string_view http11_only[] = {"http/1.1"};
inline constexpr std::string_view h2_only[] = {"h2"};

inline sp::testing::TestAuthority& test_authority() {
  static sp::testing::TestAuthority made;
  return made;
}

// Files that configurations of these tests name: authority.pem, and NAME.pem with NAME.key for each pair.
using Pairs = std::vector<std::pair<std::string, tls::PemPair>>;
inline std::map<std::string, std::string> files_with(const Pairs& pairs) {
  std::map<std::string, std::string> files{{"authority.pem", test_authority().pem()}};
  for (const auto& [name, pair] : pairs) {
    files[name + ".pem"] = pair.certificate;
    files[name + ".key"] = pair.key;
  }
  return files;
}

// Another program that speaks TLS: as a client of the gate, and as its server.
class TlsPeer {
 public:
  TlsPeer(Gate& gate, const Pairs& pairs = {}) : gate_(gate) { files_.files = files_with(pairs); }
  ~TlsPeer() {
    listener_.reset();
    for (auto& stream : streams_) stream->abort(Code::cancelled);
    gate_.loop.run_until([&] { return scope_.running() == 0; });
  }

  // Connects to the gate; `use` names a pair that is shown as the client's certificate.
  Scripted connect(std::string_view host = "a.test", const std::string& use = {},
                   std::span<const std::string_view> alpn = http11_only) {
    auto pipe = gate_.network.open(sp::testing::endpoint("192.0.2.80:443"), sp::testing::endpoint("203.0.113.1:50000"));
    return secure(std::move(pipe), host, use, alpn);
  }
  // The same over a connection that is there.
  Scripted secure(std::unique_ptr<runtime::Stream> pipe, std::string_view host = "a.test", const std::string& use = {},
                  std::span<const std::string_view> alpn = http11_only) {
    config::UpstreamTlsConfig config;
    config.ca.value = trusts;
    if (!use.empty()) {
      config.cert.value = use + ".pem";
      config.key.value = use + ".key";
    }
    auto settings = tls::ClientSettings::load(config, files_, gate_.loop.wall_clock(), findings_);
    clients_.push_back(*tls::ClientContext::make(settings, alpn));
    auto stream = clients_.back()->connect(std::move(pipe), {.endpoint = "192.0.2.80:443", .name = host, .sni = host});
    shaken = gate_.loop.run(stream->handshake(gate_.loop.now() + 5s));
    return {gate_.loop, std::move(stream)};
  }

  // Serves with the certificate of that name. Every connection shakes hands by itself.
  void listen(std::string_view at, const std::string& name, const config::ListenerTlsConfig& config = {},
              std::span<const std::string_view> alpn = http11_only) {
    present(name, config, alpn);
    listener_ = gate_.network.listen(sp::testing::endpoint(at),
                                     [this](runtime::Accepted accepted) { serve(std::move(accepted.stream)); });
  }
  // What serve() shows.
  void present(const std::string& name, const config::ListenerTlsConfig& config = {},
               std::span<const std::string_view> alpn = http11_only) {
    config::CertificateConfig certificate;
    certificate.cert.value = name + ".pem";
    certificate.key.value = name + ".key";
    auto store = tls::CertificateStore::load({&certificate, 1}, files_, gate_.loop.wall_clock(), findings_);
    auto settings = tls::ServerSettings::load(config, files_, findings_);
    server_ = *tls::ServerContext::make(settings, store, std::make_shared<tls::TicketKeys>(), alpn);
  }
  // Shakes hands on a connection that is there; accept() then has it.
  void serve(std::unique_ptr<runtime::Stream> stream) {
    streams_.push_back(server_->accept(std::move(stream)));
    scope_.spawn(shake(*streams_.back()));
  }
  // The first connection that was made.
  Scripted accept() {
    gate_.loop.settle();
    if (streams_.empty()) return {gate_.loop, nullptr};
    auto stream = std::move(streams_.front());
    streams_.erase(streams_.begin());
    return {gate_.loop, std::move(stream)};
  }

  std::string trusts = "authority.pem";  // as a client
  Result<void> shaken;                   // how the last handshake of connect() went

 private:
  runtime::Task<void> shake(tls::TlsStream& stream) {
    auto done = co_await stream.handshake(gate_.loop.now() + 5s);
    (void)done;
  }
  Gate& gate_;
  config::MemoryFileSystem files_;
  std::vector<config::Finding> findings_;
  std::vector<std::unique_ptr<tls::ClientContext>> clients_;
  std::unique_ptr<tls::ServerContext> server_;
  std::vector<std::unique_ptr<tls::TlsStream>> streams_;
  runtime::Scope scope_;
  std::unique_ptr<runtime::Listener> listener_;
};

}  // namespace sp::proxy
