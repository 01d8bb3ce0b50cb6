#include "tls/client_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <iterator>
#include <new>

#include "base/ip.h"
#include "tls/certificate_names.h"
#include "tls/client_callbacks.h"
#include "tls/opening.h"
#include "tls/pem.h"
#include "tls/settings.h"

namespace sp::tls {

using config::Finding;
using config::Verify;

namespace {

// "sha256//" and base64 of 32 octets, or the base64 alone.
std::optional<ClientSettings::Pin> parse_pin(std::string_view text) {
  if (text.starts_with("sha256//")) text.remove_prefix(8);
  if (text.size() != 44 || !text.ends_with('=') || text[42] == '=') return std::nullopt;
  std::array<unsigned char, 33> octets;
  if (EVP_DecodeBlock(octets.data(), reinterpret_cast<const unsigned char*>(text.data()), 44) != 33)
    return std::nullopt;
  ClientSettings::Pin pin;
  std::copy_n(octets.begin(), pin.size(), pin.begin());
  return pin;
}

bool load_pins(const config::UpstreamTlsConfig& config, ClientSettings& into, std::vector<Finding>& findings) {
  for (const std::string& text : config.pin) {
    const std::optional<ClientSettings::Pin> pin = parse_pin(text);
    if (!pin) {
      findings.push_back(
          {Finding::Severity::error, config.place, fmt::format("\"{}\" is not a pin", text),
           "a pin is the base64 form of 32 octets: `openssl x509 -in FILE -pubkey -noout | openssl pkey -pubin "
           "-outform der | openssl dgst -sha256 -binary | base64` prints it"});
      return false;
    }
    into.pins.push_back(*pin);
  }
  return true;
}

// With what OpenSSL's "trusted certificates" say besides.
void append(std::string& octets, X509* certificate) {
  unsigned char* der = nullptr;
  if (const int size = i2d_X509_AUX(certificate, &der); size > 0)
    octets.append(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
}

void append(std::string& octets, const stack_st_X509* certificates) {
  octets += '\0';  // no certificate begins so
  for (int i = 0; i < sk_X509_num(certificates); ++i) append(octets, sk_X509_value(certificates, i));
}

std::string sha256(const std::string& octets) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(octets.data(), octets.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  std::string text;
  for (const unsigned char octet : std::span(digest).first(size))
    fmt::format_to(std::back_inserter(text), "{:02x}", octet);
  return text;
}

bool load_trust(const config::UpstreamTlsConfig& config, const config::FileSystem& files, ClientSettings& into,
                std::string& contents, std::vector<Finding>& findings) {
  if (!config.ca.empty()) {
    std::optional<Authorities> authorities = load_authorities(config.ca, files, findings);
    if (!authorities) return false;
    append(contents, authorities->certificates.get());
    into.authorities = std::move(authorities->store);
    return true;
  }
  // The system's: looked up by name when one is needed, and kept.
  into.authorities.reset(X509_STORE_new());
  if (config.verify != Verify::none) X509_STORE_set_default_paths(into.authorities.get());
  ERR_clear_error();
  return true;
}

}  // namespace

std::shared_ptr<const ClientSettings> ClientSettings::load(const config::UpstreamTlsConfig& config,
                                                           const config::FileSystem& files,
                                                           std::chrono::system_clock::time_point now,
                                                           std::vector<Finding>& findings) {
  auto made = std::make_shared<ClientSettings>();
  made->verify = config.verify;
  made->sni = config.sni;
  std::string contents;
  if (!load_pins(config, *made, findings) || !load_trust(config, files, *made, contents, findings)) return nullptr;
  if (!config.cert.empty()) {
    config::CertificateConfig own;
    own.cert = config.cert;
    own.key = config.key;
    made->certificate = load_certificate(own, files, now, findings);
    if (made->certificate == nullptr) return nullptr;
    append(contents, made->certificate->leaf.get());  // its key is the only one that fits
    append(contents, made->certificate->chain.get());
  }
  if (!contents.empty()) made->contents = sha256(contents);
  return made;
}

ClientContext::ClientContext(std::shared_ptr<const ClientSettings> settings, std::size_t sessions)
    : settings_(std::move(settings)), sessions_(sessions) {}

ClientContext::~ClientContext() = default;

Result<std::unique_ptr<ClientContext>> ClientContext::make(std::shared_ptr<const ClientSettings> settings,
                                                           std::span<const std::string_view> alpn,
                                                           std::size_t sessions) {
  std::unique_ptr<ClientContext> made(new ClientContext(std::move(settings), sessions));
  const bool ready = made->set_up(alpn);
  ERR_clear_error();
  if (!ready) return fail(Code::internal, "set up TLS toward a server");
  return made;
}

bool ClientContext::set_up(std::span<const std::string_view> alpn) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = context_.get();
  if (context == nullptr || !set_common(context)) return false;
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return false;
  if (SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521") != 1) return false;
  // Always: the callback knows what `verify: none` lets pass, and pins hold without it too.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &ClientCallbacks::verify_server,
                                   const_cast<ClientSettings*>(settings_.get()));
  if (SSL_CTX_set1_verify_cert_store(context, settings_->authorities.get()) != 1) return false;
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &ClientCallbacks::session_arrived);
  const std::string wire = alpn_wire_form(alpn);
  if (!wire.empty() && SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(wire.data()),
                                               static_cast<unsigned>(wire.size())) != 0) {
    return false;
  }
  return settings_->certificate == nullptr || use_certificate(context, *settings_->certificate);
}

// Tells `ssl` whom it is to expect.
bool ClientContext::aim(SSL* ssl, const ClientTarget& target, std::string_view sni) {
  SSL_set_connect_state(ssl);
  const bool sends_name = !sni.empty() && !IpAddress::parse(sni);
  if (sends_name && SSL_set_tlsext_host_name(ssl, std::string(sni).c_str()) != 1) return false;
  judge_by_clock(ssl);
  if (settings_->verify != Verify::full) return true;
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (const std::optional<IpAddress> address = IpAddress::parse(target.name)) {
    return X509_VERIFY_PARAM_set1_ip(rules, address->bytes.data(), address->v4 ? 4 : 16) == 1;
  }
  if (target.name.empty()) return false;  // the library would take that for "any name"
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(rules, target.name.data(), target.name.size()) == 1;
}

// `host`: the name that the handshake would ask for, where the caller has said it.
static Diagnosis explain_aim(std::string_view host) {
  if (host.size() > TLSEXT_MAXLEN_host_name)
    return {Code::bad_host, "the Host is longer than the 255 octets that a TLS handshake has for it", ""};
  return {Code::internal, "the TLS handshake could not be prepared", ""};
}

bool ClientContext::offer_only_http1(SSL* ssl) {
  static const std::string wire = alpn_wire_form(std::array<std::string_view, 1>{"http/1.1"});
  return SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(wire.data()),
                             static_cast<unsigned>(wire.size())) == 0;
}

std::unique_ptr<TlsStream> ClientContext::connect(std::unique_ptr<runtime::Stream> lower, const ClientTarget& target) {
  const std::string sni = normal_name(settings_->sni.empty() ? target.sni : std::string_view(settings_->sni));
  // A resumed session is not verified again: it must not serve for another name.
  std::string key = fmt::format("{}|{}|{}", target.endpoint, sni, target.name);
  auto opening = std::make_unique<Opening>();
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl != nullptr && !aim(ssl.get(), target, sni)) {
    opening->verdict = explain_aim(settings_->sni.empty() ? std::string_view(sni) : std::string_view());
    ssl.reset();
  }
  if (ssl != nullptr && target.only_http1 && !offer_only_http1(ssl.get())) ssl.reset();
  if (ssl != nullptr) {
    if (SSL_SESSION* session = sessions_.find(key)) SSL_set_session(ssl.get(), session);
  }
  opening->role = Opening::Role::client;
  opening->endpoint = target.endpoint;
  if (settings_->verify == Verify::full) opening->name = target.name;
  auto stream = std::make_unique<TlsStream>(std::move(ssl), std::move(lower), std::move(opening));
  stream->set_session_slot(std::make_unique<SessionSlot>(sessions_, std::move(key)));
  return stream;
}

}  // namespace sp::tls
