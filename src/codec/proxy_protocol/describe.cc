#include "codec/proxy_protocol/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "codec/proxy_protocol/layout.h"
#include "codec/proxy_protocol/reader.h"
#include "codec/proxy_protocol/vendor.h"

namespace sp::codec::proxy_protocol {
namespace {

constexpr std::size_t text_max = 64;

std::string escaped(ByteView text) {
  std::string out;
  for (char c : text.substr(0, text_max)) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\r' || c == '\n') {
      out += c == '\r' ? "\\r" : "\\n";
    } else if (octet >= 0x20 && octet < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", octet);
    }
  }
  return text.size() > text_max ? out + "..." : out;
}

std::string quoted(ByteView text) { return '"' + escaped(text) + '"'; }

// ---- addresses ----

bool is_unix(Transport transport) {
  return transport == Transport::unix_stream || transport == Transport::unix_datagram;
}

std::string text_of(const Endpoint& endpoint, Transport transport) {
  return is_unix(transport) ? "unix:" + escaped(endpoint.unix_path) : endpoint.text();
}

// ---- TLVs ----

struct Name {
  std::uint8_t type;
  ByteView name;
};
constexpr std::array names{
    Name{tlv_alpn, "alpn"},
    Name{tlv_authority, "authority"},
    Name{tlv_unique_id, "unique_id"},
    Name{tlv_netns, "netns"},
};
constexpr std::array ssl_names{
    Name{tlv_ssl_version, "version"},       Name{tlv_ssl_cn, "cn"},           Name{tlv_ssl_cipher, "cipher"},
    Name{tlv_ssl_sig_alg, "sig_alg"},       Name{tlv_ssl_key_alg, "key_alg"}, Name{tlv_ssl_group, "group"},
    Name{tlv_ssl_sig_scheme, "sig_scheme"},
};

// name="value", the name from the list or else the number of the type.
std::string named(std::span<const Name> list, const Tlv& tlv) {
  const auto found = std::ranges::find(list, tlv.type, &Name::type);
  const std::string name = found != list.end() ? std::string(found->name) : fmt::format("0x{:02x}", tlv.type);
  return name + '=' + quoted(tlv.value);
}

std::string text_of_ssl_tlv(const Tlv& tlv) {
  if (tlv.type == tlv_ssl_client_cert) return fmt::format("client_cert={} octets", tlv.value.size());
  return named(ssl_names, tlv);
}

std::string text_of_client(std::uint8_t client) {
  static constexpr std::array bits{Name{client_ssl, "ssl"}, Name{client_cert_conn, "cert_conn"},
                                   Name{client_cert_sess, "cert_sess"}};
  std::string text;
  for (const Name& bit : bits) {
    if ((client & bit.type) != 0) text += (text.empty() ? "" : ",") + std::string(bit.name);
  }
  const int others = client & ~(client_ssl | client_cert_conn | client_cert_sess);
  if (others != 0) text += fmt::format("{}0x{:02x}", text.empty() ? "" : ",", others);
  return text.empty() ? "none" : text;
}

// What stands before the list in tlv_ssl.
std::string text_of_ssl_head(ByteView value) {
  return fmt::format("client={} verify={}", text_of_client(static_cast<std::uint8_t>(value.front())),
                     big_endian(value.substr(1, 4)));
}

std::string text_of_ssl(ByteView value) {
  std::string text = "ssl={" + text_of_ssl_head(value);
  for (const Tlv& tlv : ssl_tlvs(value)) text += ' ' + text_of_ssl_tlv(tlv);
  return text + '}';
}

std::string text_of_tlv(const Tlv& tlv) {
  if (tlv.type == tlv_ssl && tlv.value.size() >= ssl_head_octets) return text_of_ssl(tlv.value);
  if (tlv.type == tlv_crc32c) return fmt::format("crc32c=0x{:08x}", big_endian(tlv.value));
  if (tlv.type == tlv_noop) return fmt::format("noop={} octets", tlv.value.size());
  if (const auto id = aws_vpc_endpoint(tlv)) return "aws_vpc_endpoint=" + quoted(*id);
  if (const auto id = azure_private_endpoint(tlv)) return fmt::format("azure_private_endpoint={}", *id);
  if (const auto id = gcp_psc_connection(tlv)) return fmt::format("gcp_psc_connection={}", *id);
  return named(names, tlv);
}

// ---- octets with what they are ----

// Lines of at most 16 octets in groups of four; the first says what they are.
class Listing {
 public:
  void add(ByteView octets, std::string_view what, std::size_t indent = 0) {
    for (std::size_t at = 0; at < octets.size(); at += line_octets) {
      const std::string left = std::string(indent, ' ') + groups(octets.substr(at, line_octets));
      text_ += at == 0 && !what.empty() ? fmt::format("{:<36} {}\n", left, what) : left + '\n';
    }
  }
  std::string take() && { return std::move(text_); }

 private:
  static constexpr std::size_t line_octets = 16;

  static std::string groups(ByteView octets) {
    std::string text;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      if (i != 0 && i % 4 == 0) text += ' ';
      text += fmt::format("{:02x}", static_cast<unsigned char>(octets[i]));
    }
    return text;
  }

  std::string text_;
};

// Takes octets off the front.
ByteView take(ByteView& octets, std::size_t size) {
  const ByteView taken = octets.substr(0, size);
  octets.remove_prefix(taken.size());
  return taken;
}

void list_addresses(ByteView& rest, const Header& header, Listing& out) {
  const std::string source = "source ";
  const std::string destination = "destination ";
  if (is_unix(header.transport)) {
    out.add(take(rest, unix_octets), source + text_of(header.source, header.transport));
    out.add(take(rest, unix_octets), destination + text_of(header.destination, header.transport));
  } else if (header.transport != Transport::unspecified) {
    const std::size_t size = (address_octets(header.transport) - 4) / 2;
    out.add(take(rest, size), source + header.source.address.text());
    out.add(take(rest, size), destination + header.destination.address.text());
    out.add(take(rest, 2), fmt::format("source port {}", header.source.port));
    out.add(take(rest, 2), fmt::format("destination port {}", header.destination.port));
  }
}

void list_tlvs(ByteView rest, Listing& out) {
  for (const Tlv& tlv : Tlvs(rest)) {
    ByteView octets = take(rest, 3 + tlv.value.size());
    if (tlv.type != tlv_ssl) {
      out.add(octets, text_of_tlv(tlv));
      continue;
    }
    out.add(take(octets, 3 + ssl_head_octets), "ssl, with what is indented: " + text_of_ssl_head(tlv.value));
    for (const Tlv& inner : ssl_tlvs(tlv.value))
      out.add(take(octets, 3 + inner.value.size()), text_of_ssl_tlv(inner), 2);
  }
}

std::string annotate_v2(ByteView octets, const Header& header) {
  Listing out;
  ByteView rest = octets;
  const bool local = header.command == Command::local;
  out.add(take(rest, v2_signature.size()), "signature");
  out.add(take(rest, 1), local ? "version 2, LOCAL" : "version 2, PROXY");
  out.add(take(rest, 1), local ? "ignored" : name(header.transport));
  out.add(take(rest, 2), fmt::format("{} octets follow", octets.size() - fixed_octets));
  if (local) {
    out.add(rest, "ignored");
  } else {
    list_addresses(rest, header, out);
    list_tlvs(rest, out);
  }
  return std::move(out).take();
}

}  // namespace

std::string describe(const Header& header) {
  std::string text = fmt::format("v{}", static_cast<int>(header.version));
  if (header.command == Command::local) return text + " LOCAL";
  text += " PROXY " + std::string(name(header.transport));
  if (header.has_addresses())
    text += ' ' + text_of(header.source, header.transport) + " -> " + text_of(header.destination, header.transport);
  for (const Tlv& tlv : header.tlvs) text += ' ' + text_of_tlv(tlv);
  return text;
}

std::string annotate(ByteView octets) {
  Header header;
  auto size = HeaderReader({.rest = rest_max}).read(octets, header);
  if (size && *size != 0) {
    const ByteView taken = octets.substr(0, *size);
    if (header.version == Version::v2) return annotate_v2(taken, header);
    std::string line;
    for (ByteView rest = taken; !rest.empty();) line += escaped(take(rest, text_max));
    return line + '\n';
  }
  Listing out;
  out.add(octets.substr(0, fixed_octets + rest_max), "");
  return std::move(out).take();
}

}  // namespace sp::codec::proxy_protocol
