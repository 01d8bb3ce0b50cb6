#include "codec/proxy_protocol/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "codec/proxy_protocol/builder.h"
#include "codec/proxy_protocol/crc32c.h"
#include "codec/proxy_protocol/layout.h"

namespace sp::codec::proxy_protocol {
namespace {

// The 16 octets of an IPv6 address, or of an IPv4 address in its IPv4-mapped form.
std::array<char, 16> as_ipv6(const IpAddress& address) {
  std::array<char, 16> octets{};
  if (address.v4) {
    octets[10] = octets[11] = '\xff';
    std::copy_n(address.bytes.begin(), 4, octets.begin() + 12);
  } else {
    std::ranges::copy(address.bytes, octets.begin());
  }
  return octets;
}

// ---- what cannot be expressed: null, or why ----

const char* fault_of_path(ByteView path) {
  if (path.size() > unix_octets) return "a path is longer than 108 octets";
  return unix_path(path) == path ? nullptr : "a NUL in a path";
}

const char* fault_of_addresses(const Header& header) {
  const Endpoint& source = header.source;
  const Endpoint& destination = header.destination;
  switch (header.transport) {
    case Transport::unspecified: return nullptr;
    case Transport::tcp4:
    case Transport::udp4:
      if (!source.address.v4 || !destination.address.v4) return "an IPv6 address with IPv4";
      [[fallthrough]];
    case Transport::tcp6:
    case Transport::udp6: return source.is_unix() || destination.is_unix() ? "a path with IP" : nullptr;
    case Transport::unix_stream:
    case Transport::unix_datagram: {
      const char* const fault = fault_of_path(source.unix_path);
      return fault != nullptr ? fault : fault_of_path(destination.unix_path);
    }
  }
  return "no such transport";
}

bool has_member(std::uint8_t type) {
  static constexpr std::array members{tlv_alpn, tlv_authority, tlv_crc32c, tlv_unique_id, tlv_ssl, tlv_netns};
  return std::ranges::find(members, type) != members.end();
}

const char* fault_of_attributes(const Attributes& attributes) {
  if (attributes.unique_id.size() > unique_id_max) return "a unique_id is longer than 128 octets";
  for (const Tlv& tlv : attributes.others) {
    if (has_member(tlv.type)) return "a TLV that has a member of its own";
  }
  return nullptr;
}

const char* find_fault(const Header& header, const Attributes& attributes) {
  if (header.version == Version::v1) return fault_of_addresses(header);
  if (header.command == Command::local) return nullptr;
  const char* const fault = fault_of_addresses(header);
  return fault != nullptr ? fault : fault_of_attributes(attributes);
}

// ---- version 1 ----

// Groups of hexadecimal digits. IpAddress::text() is that and short, but for addresses of which it writes a part with
// dots.
std::string ipv6_text(const IpAddress& address) {
  std::string text = address.v4 ? "." : address.text();
  if (!text.contains('.')) return text;
  const auto octets = as_ipv6(address);
  const ByteView view(octets.data(), octets.size());
  text.clear();
  for (std::size_t at = 0; at < view.size(); at += 2) {
    if (at != 0) text += ':';
    text += fmt::format("{:x}", big_endian(view.substr(at, 2)));
  }
  return text;
}

void write_v1(const Header& header, Builder& out) {
  const IpAddress& source = header.source.address;
  const IpAddress& destination = header.destination.address;
  out.append(v1_signature);
  if (header.transport == Transport::tcp4) {
    out.append(" TCP4 " + source.text() + " " + destination.text());
  } else if (header.transport == Transport::tcp6) {
    out.append(" TCP6 " + ipv6_text(source) + " " + ipv6_text(destination));
  } else {
    return out.append(" UNKNOWN\r\n");
  }
  out.append(" " + std::to_string(header.source.port) + " " + std::to_string(header.destination.port) + "\r\n");
}

// ---- version 2 ----

void append_path(ByteView path, Builder& out) {
  static constexpr std::array<char, unix_octets> zeros{};
  out.append(path);
  out.append({zeros.data(), zeros.size() - path.size()});
}

void append_ip(const IpAddress& address, Transport transport, Builder& out) {
  if (transport == Transport::tcp4 || transport == Transport::udp4)
    return out.append({reinterpret_cast<const char*>(address.bytes.data()), 4});
  const auto octets = as_ipv6(address);
  out.append({octets.data(), octets.size()});
}

void append_addresses(const Header& header, Builder& out) {
  const Endpoint& source = header.source;
  const Endpoint& destination = header.destination;
  switch (header.transport) {
    case Transport::unspecified: return;
    case Transport::unix_stream:
    case Transport::unix_datagram:
      append_path(source.unix_path, out);
      append_path(destination.unix_path, out);
      return;
    default: break;
  }
  append_ip(source.address, header.transport, out);
  append_ip(destination.address, header.transport, out);
  out.append_number(source.port, 2);
  out.append_number(destination.port, 2);
}

void append_tlv(std::uint8_t type, ByteView value, Builder& out) {
  out.append_number(type, 1);
  const std::size_t place = out.begin_length();
  out.append(value);
  out.end_length(place);
}

void append_text(std::uint8_t type, ByteView text, Builder& out) {
  if (!text.empty()) append_tlv(type, text, out);
}

void append_ssl(const Ssl& ssl, Builder& out) {
  out.append_number(tlv_ssl, 1);
  const std::size_t place = out.begin_length();
  out.append_number(ssl.client, 1);
  out.append_number(ssl.verify, 4);
  append_text(tlv_ssl_version, ssl.version, out);
  append_text(tlv_ssl_cn, ssl.cn, out);
  append_text(tlv_ssl_cipher, ssl.cipher, out);
  append_text(tlv_ssl_sig_alg, ssl.sig_alg, out);
  append_text(tlv_ssl_key_alg, ssl.key_alg, out);
  append_text(tlv_ssl_group, ssl.group, out);
  append_text(tlv_ssl_sig_scheme, ssl.sig_scheme, out);
  append_text(tlv_ssl_client_cert, ssl.client_cert, out);
  out.end_length(place);
}

void append_attributes(const Attributes& attributes, Builder& out) {
  append_text(tlv_alpn, attributes.alpn, out);
  append_text(tlv_authority, attributes.authority, out);
  append_text(tlv_unique_id, attributes.unique_id, out);
  if (attributes.ssl) append_ssl(*attributes.ssl, out);
  append_text(tlv_netns, attributes.netns, out);
  for (const Tlv& tlv : attributes.others) append_tlv(tlv.type, tlv.value, out);
}

void write_v2(const Header& header, const Attributes& attributes, Builder& out) {
  const bool local = header.command == Command::local;
  out.append(v2_signature);
  out.append_number(local ? 0x20 : 0x21, 1);
  out.append_number(local ? 0 : static_cast<std::uint8_t>(header.transport), 1);
  const std::size_t place = out.begin_length();
  if (local) return;
  append_addresses(header, out);
  append_attributes(attributes, out);
  const bool summed = attributes.checksum == Checksum::crc32c;
  if (summed) append_tlv(tlv_crc32c, {"\0\0\0\0", 4}, out);
  out.end_length(place);
  if (summed && !out.overflowed()) out.put(out.view().size() - 4, crc32c(out.view()), 4);
}

}  // namespace

Result<std::size_t> write_header(const Header& header, const Attributes& attributes, std::span<char> room) {
  if (const char* fault = find_fault(header, attributes)) return fail(Code::internal, fault);
  Builder out(room);
  if (header.version == Version::v1) {
    write_v1(header, out);
  } else {
    write_v2(header, attributes, out);
  }
  if (out.overflowed()) return fail(Code::proxy_header_too_long, "PROXY header: no room");
  return out.view().size();
}

}  // namespace sp::codec::proxy_protocol
