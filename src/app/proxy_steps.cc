#include "app/proxy_steps.h"

#include <fmt/format.h>

#include <sstream>

#include "base/units.h"
#include "codec/proxy_protocol/describe.h"
#include "config/network.h"
#include "proxy/proxy_header.h"

namespace sp::app {
namespace {

namespace pp = codec::proxy_protocol;
using policy::Variable;

// What a real connection has, and nobody else can know.
constexpr std::uint16_t example_port = 50000;
constexpr std::string_view example_id = "0123456789abcdef";
constexpr std::string_view example_version = "TLSv1.3";
constexpr std::string_view example_cipher = "TLS_AES_256_GCM_SHA384";
constexpr std::string_view example_signature = "ecdsa-with-SHA256";
constexpr std::string_view example_key = "EC256";
constexpr std::string_view example_client = "client.example";

class ExampleVariables final : public policy::Variables {
 public:
  ExampleVariables(const ClientFacts& client, const policy::Upstream& upstream)
      : client_(client), upstream_(upstream) {}
  std::string_view value(Variable variable, std::string_view, Arena& arena) const override {
    switch (variable) {
      case Variable::client_address: return arena.copy(client_.address.text());
      case Variable::client_port: return arena.copy(std::to_string(example_port));
      case Variable::request_id: return example_id;
      case Variable::upstream_name: return upstream_.name;
      default: return client_.tls_ends_here ? of_tls(variable) : std::string_view();
    }
  }

 private:
  std::string_view of_tls(Variable variable) const {
    switch (variable) {
      case Variable::tls_version: return example_version;
      case Variable::tls_cipher: return example_cipher;
      case Variable::tls_sni: return client_.server_name;
      case Variable::tls_alpn: return client_.alpn;
      default: return {};
    }
  }

  const ClientFacts& client_;
  const policy::Upstream& upstream_;
};

IpAddress local_address(const ClientFacts& client, const proxy::Listen& listen, SentHeader& header) {
  if (client.local) return *client.local;
  const IpAddress& bound = listen.endpoint.address;
  if (bound != IpAddress::any4() && bound != IpAddress::any6()) return bound;
  const IpAddress example = *IpAddress::parse(client.address.v4 ? "192.0.2.2" : "2001:db8::2");
  header.made_up.push_back("destination " + example.text());
  return example;
}

pp::Ssl example_tls(const proxy::Entry& entry, SentHeader& header) {
  pp::Ssl ssl;
  ssl.client = pp::client_ssl;
  ssl.verify = 1;
  ssl.version = example_version;
  ssl.cipher = example_cipher;
  ssl.sig_alg = example_signature;
  ssl.key_alg = example_key;
  header.made_up.push_back(fmt::format("{} with {}", example_version, example_cipher));
  header.made_up.push_back(fmt::format("the certificate of the gate ({}, {})", example_signature, example_key));
  if (entry.config->tls.client_certificates.mode == config::ClientCertificates::required) {
    ssl.client |= pp::client_cert_conn | pp::client_cert_sess;
    ssl.verify = 0;
    ssl.cn = example_client;
    header.made_up.push_back(fmt::format("the certificate of the client ({})", example_client));
  }
  return ssl;
}

std::string place_of(const config::Place& place) { return place.line > 0 ? policy::file_and_line(place) : ""; }

bool holds(const config::Text& network, const IpAddress& address) {
  const auto parsed = config::parse_network(network.value);
  return parsed && parsed->contains(address);
}

}  // namespace

SentHeader example_header(const ClientFacts& client, const proxy::Entry& entry, const proxy::Listen& listen,
                          const policy::Upstream& upstream) {
  SentHeader header;
  if (!upstream.send_proxy.on()) return header;
  header.made_up.push_back(fmt::format("client port {}", example_port));
  proxy::HeaderFacts facts{.client = {client.address, example_port},
                           .local = {local_address(client, listen, header), listen.endpoint.port},
                           .authority = client.server_name,
                           .alpn = client.alpn,
                           .ssl = std::nullopt,
                           .unique_id = example_id};
  const bool says_all = upstream.send_proxy.version == config::ProxyVersion::v2;
  if (says_all && !client.alpn.empty()) header.made_up.push_back(fmt::format("protocol {}", client.alpn));
  if (says_all && client.tls_ends_here) facts.ssl = example_tls(entry, header);
  if (says_all && upstream.send_proxy.unique_id) header.made_up.push_back(fmt::format("unique_id {}", example_id));
  Arena arena;
  header.octets = proxy::compose_header(facts, upstream.send_proxy, ExampleVariables(client, upstream), arena);
  return header;
}

void add_accepted(const proxy::Entry& entry, const IpAddress& from, std::vector<Step>& steps) {
  const config::AcceptProxyConfig& accept = entry.config->accept_proxy;
  if (accept.from.empty()) return;
  for (const config::Text& network : accept.from) {
    if (!holds(network, from)) continue;
    steps.push_back(
        {"PROXY in",
         fmt::format("{} is in {} of accept_proxy: it must begin with a header, of version 1 or 2, within {} "
                     "(client_head). The client is whom the header names; here {} stands for it",
                     from.text(), network.value, format_duration(entry.policy->timeouts.client_head), from.text()),
         place_of(network.place)});
    return;
  }
  steps.push_back(
      {"PROXY in", from.text() + " is not in accept_proxy: no header is taken from it", place_of(accept.place)});
}

void add_sent(const SentHeader& header, const policy::SendProxy& send_proxy, std::vector<Step>& steps) {
  if (!send_proxy.on()) return;
  const int version = send_proxy.version == config::ProxyVersion::v1 ? 1 : 2;
  steps.push_back({"PROXY out",
                   fmt::format("version {}, {}, in one piece and before anything else", version,
                               counted(header.octets.size(), "octet")),
                   send_proxy.place_text});
  std::istringstream lines(pp::annotate(header.octets));
  for (std::string line; std::getline(lines, line);) steps.push_back({"", line, ""});
  steps.push_back(
      {"", fmt::format("for example: a real connection has its own {}", fmt::join(header.made_up, ", ")), ""});
}

}  // namespace sp::app
