#include "codec/proxy_protocol/tlv.h"

#include "codec/proxy_protocol/layout.h"

namespace sp::codec::proxy_protocol {
namespace {

constexpr std::size_t head_octets = 3;  // type and length

constexpr std::uint64_t bit(std::uint8_t type) { return type < 64 ? std::uint64_t{1} << type : 0; }

// Of which there may be one, as bits.
constexpr std::uint64_t once =
    bit(tlv_alpn) | bit(tlv_authority) | bit(tlv_crc32c) | bit(tlv_unique_id) | bit(tlv_ssl) | bit(tlv_netns);
constexpr std::uint64_t once_in_ssl = bit(tlv_ssl_version) | bit(tlv_ssl_cn) | bit(tlv_ssl_cipher) |
                                      bit(tlv_ssl_sig_alg) | bit(tlv_ssl_key_alg) | bit(tlv_ssl_group) |
                                      bit(tlv_ssl_sig_scheme) | bit(tlv_ssl_client_cert);

const char* fault_of_list(const Tlvs& list, std::uint64_t singles) {
  std::uint64_t seen = 0;
  std::size_t octets = 0;
  for (const Tlv& tlv : list) {
    if ((seen & bit(tlv.type) & singles) != 0) return "version 2: a TLV is given twice";
    seen |= bit(tlv.type);
    octets += head_octets + tlv.value.size();
  }
  return octets == list.octets().size() ? nullptr : "version 2: a TLV is longer than what holds it";
}

const char* fault_of_ssl(ByteView value) {
  if (value.size() < ssl_head_octets) return "version 2: the SSL TLV is too short";
  return fault_of_list(ssl_tlvs(value), once_in_ssl);
}

const char* fault_of_value(const Tlv& tlv) {
  switch (tlv.type) {
    case tlv_crc32c: return tlv.value.size() == 4 ? nullptr : "version 2: the CRC32C TLV is not four octets";
    case tlv_unique_id:
      return tlv.value.size() <= unique_id_max ? nullptr : "version 2: the UNIQUE_ID TLV is longer than 128 octets";
    case tlv_ssl: return fault_of_ssl(tlv.value);
    default: return nullptr;
  }
}

}  // namespace

std::size_t Tlvs::Iterator::first_octets(ByteView rest) {
  if (rest.size() < head_octets) return 0;
  const std::size_t octets = head_octets + big_endian(rest.substr(1, 2));
  return octets <= rest.size() ? octets : 0;
}

std::optional<ByteView> Tlvs::find(std::uint8_t type) const {
  for (const Tlv& tlv : *this) {
    if (tlv.type == type) return tlv.value;
  }
  return std::nullopt;
}

Tlvs ssl_tlvs(ByteView value) { return value.size() < ssl_head_octets ? Tlvs() : Tlvs(value.substr(ssl_head_octets)); }

std::optional<Ssl> ssl(const Tlvs& list) {
  const auto value = list.find(tlv_ssl);
  if (!value || value->size() < ssl_head_octets) return std::nullopt;
  const Tlvs inner = ssl_tlvs(*value);
  return Ssl{.client = static_cast<std::uint8_t>(value->front()),
             .verify = static_cast<std::uint32_t>(big_endian(value->substr(1, 4))),
             .version = inner.value(tlv_ssl_version),
             .cn = inner.value(tlv_ssl_cn),
             .cipher = inner.value(tlv_ssl_cipher),
             .sig_alg = inner.value(tlv_ssl_sig_alg),
             .key_alg = inner.value(tlv_ssl_key_alg),
             .group = inner.value(tlv_ssl_group),
             .sig_scheme = inner.value(tlv_ssl_sig_scheme),
             .client_cert = inner.value(tlv_ssl_client_cert)};
}

const char* find_fault(const Tlvs& list) {
  if (const char* fault = fault_of_list(list, once)) return fault;
  for (const Tlv& tlv : list) {
    if (const char* fault = fault_of_value(tlv)) return fault;
  }
  return nullptr;
}

}  // namespace sp::codec::proxy_protocol
