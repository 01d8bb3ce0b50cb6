#include "tls/server_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

#include "tls/opening.h"
#include "tls/pem.h"
#include "tls/server_callbacks.h"
#include "tls/settings.h"

namespace sp::tls {

using config::ClientCertificates;

namespace {

// Mozilla's intermediate profile without DHE, which nobody needs who knows one of the others.
constexpr const char* intermediate_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-"
    "SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr long ticket_lifetime_seconds = 2L * 3600;

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

}  // namespace

std::shared_ptr<const ServerSettings> ServerSettings::load(const config::ListenerTlsConfig& config,
                                                           const config::FileSystem& files,
                                                           std::vector<config::Finding>& findings) {
  auto made = std::make_shared<ServerSettings>();
  made->profile = config.profile;
  made->client_certificates = config.client_certificates.mode;
  std::string policy = fmt::format("profile {} client certificates {} ", static_cast<int>(config.profile),
                                   static_cast<int>(config.client_certificates.mode));
  if (made->client_certificates != ClientCertificates::off) {
    const config::ClientCertificateConfig& clients = config.client_certificates;
    if (clients.ca.empty()) {
      findings.push_back({config::Finding::Severity::error, clients.place, "client_certificates has no `ca`",
                          "name the file with the authority that signs the certificates of your clients"});
      return nullptr;
    }
    std::optional<Authorities> authorities = load_authorities(clients.ca, files, findings);
    if (!authorities) return nullptr;
    for (int i = 0; i < sk_X509_num(authorities->certificates.get()); ++i) {
      unsigned char digest[EVP_MAX_MD_SIZE];
      unsigned size = 0;
      X509_digest(sk_X509_value(authorities->certificates.get(), i), EVP_sha256(), digest, &size);
      policy.append(reinterpret_cast<const char*>(digest), size);
    }
    made->client_authorities = std::move(authorities->store);
    made->client_authority_names = std::move(authorities->certificates);
  }
  made->policy = digest_of(policy);
  return made;
}

ServerContext::ServerContext(std::shared_ptr<const ServerSettings> settings,
                             std::shared_ptr<const CertificateStore> certificates,
                             std::shared_ptr<const TicketKeys> tickets)
    : settings_(std::move(settings)), certificates_(std::move(certificates)), tickets_(std::move(tickets)) {}

ServerContext::~ServerContext() = default;

Result<std::unique_ptr<ServerContext>> ServerContext::make(std::shared_ptr<const ServerSettings> settings,
                                                           std::shared_ptr<const CertificateStore> certificates,
                                                           std::shared_ptr<const TicketKeys> tickets,
                                                           std::span<const std::string_view> alpn) {
  if (certificates->default_set() == nullptr) return fail(Code::config_invalid, "a TLS listener without a certificate");
  std::unique_ptr<ServerContext> made(
      new ServerContext(std::move(settings), std::move(certificates), std::move(tickets)));
  const bool ready = made->set_up(alpn);
  ERR_clear_error();
  if (!ready) return fail(Code::internal, "set up TLS for a listener");
  return made;
}

Result<std::unique_ptr<ServerContext>> ServerContext::make(std::shared_ptr<const ServerSettings> settings,
                                                           std::span<const std::string_view> alpn) {
  std::unique_ptr<ServerContext> made(new ServerContext(std::move(settings), nullptr, nullptr));
  const bool ready = made->set_up(alpn);
  ERR_clear_error();
  if (!ready) return fail(Code::internal, "set up TLS for inspection");
  return made;
}

bool ServerContext::set_up(std::span<const std::string_view> alpn) {
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = context_.get();
  if (context == nullptr || !set_common(context)) return false;
  SSL_CTX_set_app_data(context, this);
  const bool modern = settings_->profile == config::TlsProfile::modern;
  if (SSL_CTX_set_min_proto_version(context, modern ? TLS1_3_VERSION : TLS1_2_VERSION) != 1) return false;
  if (SSL_CTX_set_cipher_list(context, intermediate_ciphers) != 1) return false;
  if (SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1) return false;
  // The order of ciphers is the client's: it knows whether AES is fast there.
  SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);

  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, settings_->policy.data(), static_cast<unsigned>(settings_->policy.size()));
  SSL_CTX_set_timeout(context, ticket_lifetime_seconds);
  alpn_ = alpn_wire_form(alpn);
  if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(context, &ServerCallbacks::choose_protocol, this);
  if (!set_up_certificates()) return false;
  return settings_->client_certificates == ClientCertificates::off || set_up_client_certificates();
}

bool ServerContext::set_up_certificates() {
  SSL_CTX* context = context_.get();
  if (certificates_ == nullptr) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return SSL_CTX_set_num_tickets(context, 0) == 1;
  }
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &ServerCallbacks::ticket_key);
  SSL_CTX_set_tlsext_servername_callback(context, &ServerCallbacks::choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context, this);
  for (const auto& certificate : certificates_->default_set()->all()) {
    if (!use_certificate(context, *certificate)) return false;
  }
  return true;
}

bool ServerContext::set_up_client_certificates() {
  SSL_CTX* context = context_.get();
  const bool required = settings_->client_certificates == ClientCertificates::required;
  // A certificate that is not valid ends the handshake in both modes: "optional" is to have none, not to have a bad
  // one.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  SSL_CTX_set_cert_verify_callback(context, &ServerCallbacks::verify_client, nullptr);
  for (int i = 0; i < sk_X509_num(settings_->client_authority_names.get()); ++i) {
    if (SSL_CTX_add_client_CA(context, sk_X509_value(settings_->client_authority_names.get(), i)) != 1) return false;
  }
  return SSL_CTX_set1_verify_cert_store(context, settings_->client_authorities.get()) == 1;
}

const TicketKeys::Set& ServerContext::ticket_keys() {
  const std::uint64_t version = tickets_->version();
  if (version != ticket_version_) {
    ticket_set_ = tickets_->current();
    ticket_version_ = version;
  }
  return *ticket_set_;
}

namespace {

std::unique_ptr<Opening> opening_after(std::string_view received) {
  auto opening = std::make_unique<Opening>();
  opening->role = Opening::Role::server;
  opening->received = received;
  return opening;
}

}  // namespace

std::unique_ptr<TlsStream> ServerContext::accept(std::unique_ptr<runtime::Stream> lower, std::string_view received) {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl != nullptr) {
    SSL_set_accept_state(ssl.get());
    if (settings_->client_certificates != ClientCertificates::off) judge_by_clock(ssl.get());
  }
  return std::make_unique<TlsStream>(std::move(ssl), std::move(lower), opening_after(received));
}

std::unique_ptr<TlsStream> ServerContext::accept(std::unique_ptr<runtime::Stream> lower, std::string_view received,
                                                 const std::shared_ptr<const Certificate>& certificate) {
  auto set = std::make_unique<const CertificateSet>(CertificateSet::of(certificate));
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl != nullptr) SSL_set_accept_state(ssl.get());
  if (ssl != nullptr && !ServerCallbacks::install(ssl.get(), *set)) ssl.reset();
  auto made = std::make_unique<TlsStream>(std::move(ssl), std::move(lower), opening_after(received));
  made->own_certificates(std::move(set));
  return made;
}

}  // namespace sp::tls
