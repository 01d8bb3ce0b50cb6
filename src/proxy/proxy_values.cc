// What ${proxy.NAME} is.
#include <charconv>
#include <string>

#include "codec/proxy_protocol/reader.h"
#include "codec/proxy_protocol/vendor.h"
#include "proxy/proxy_header.h"

namespace sp::proxy {
namespace {

namespace pp = codec::proxy_protocol;

std::string hex(ByteView octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : octets) {
    const auto u = static_cast<unsigned char>(c);
    text += digits[u >> 4];
    text += digits[u & 15];
  }
  return text;
}

template <class Number>
std::string decimal(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : std::string();
}

std::string address(const Endpoint& end) { return end.is_unix() ? end.unix_path : end.address.text(); }

std::string of_header(const pp::Header& header, std::string_view name) {
  if (name == "version") return header.version == pp::Version::v1 ? "1" : "2";
  if (!header.has_addresses()) return {};
  if (name == "source") return address(header.source);
  if (name == "source.port") return std::to_string(header.source.port);
  if (name == "destination") return address(header.destination);
  if (name == "destination.port") return std::to_string(header.destination.port);
  return {};
}

std::string of_tls(const pp::Header& header, std::string_view name) {
  const auto ssl = pp::ssl(header.tlvs);
  const bool on = ssl && (ssl->client & pp::client_ssl) != 0;
  if (name == "tls") return on ? "on" : "";
  if (!on) return {};
  if (name == "tls.version") return std::string(ssl->version);
  if (name == "tls.cipher") return std::string(ssl->cipher);
  if (name == "tls.sig_alg") return std::string(ssl->sig_alg);
  if (name == "tls.key_alg") return std::string(ssl->key_alg);
  if (name == "tls.client.cn") return std::string(ssl->cn);
  if (name == "tls.verify") return std::to_string(ssl->verify);
  return {};
}

std::string of_tlvs(const pp::Tlvs& tlvs, std::string_view name) {
  if (name == "alpn") return std::string(tlvs.value(pp::tlv_alpn));
  if (name == "authority") return std::string(tlvs.value(pp::tlv_authority));
  if (name == "unique_id") return std::string(tlvs.value(pp::tlv_unique_id));
  if (name == "netns") return std::string(tlvs.value(pp::tlv_netns));
  if (name == "aws.vpce_id") return std::string(pp::aws_vpc_endpoint(tlvs).value_or(""));
  if (name == "azure.link_id") return decimal(pp::azure_private_endpoint(tlvs));
  if (name == "gcp.psc_id") return decimal(pp::gcp_psc_connection(tlvs));
  return {};
}

// 0xNN: any value, as text where it is one.
std::string of_type(const pp::Tlvs& tlvs, std::string_view name) {
  unsigned type = 0;
  std::from_chars(name.data() + 2, name.data() + name.size(), type, 16);
  const ByteView value = tlvs.value(static_cast<std::uint8_t>(type));
  const bool is_text = std::ranges::all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
  return is_text ? std::string(value) : "0x" + hex(value);
}

}  // namespace

std::string_view proxy_value(const ClientConnection& client, std::string_view name, Arena& arena) {
  if (client.proxy_header == nullptr) return {};
  pp::Header header;
  if (!pp::HeaderReader().read(*client.proxy_header, header)) return {};
  std::string value = of_header(header, name);
  if (value.empty() && name.starts_with("tls")) value = of_tls(header, name);
  if (value.empty() && name.starts_with("0x")) value = of_type(header.tlvs, name);
  if (value.empty()) value = of_tlvs(header.tlvs, name);
  return arena.copy(value);
}

}  // namespace sp::proxy
