#include "codec/proxy_protocol/vendor.h"

#include "codec/proxy_protocol/layout.h"

namespace sp::codec::proxy_protocol {
namespace {

constexpr char subtype = 1;  // of Amazon and of Microsoft, in the first octet

template <class T>
std::optional<T> first(const Tlvs& list, std::optional<T> (*read)(const Tlv&)) {
  for (const Tlv& tlv : list) {
    if (const auto found = read(tlv)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ByteView> aws_vpc_endpoint(const Tlv& tlv) {
  if (tlv.type != tlv_aws || tlv.value.size() < 2 || tlv.value.front() != subtype) return std::nullopt;
  return tlv.value.substr(1);
}

std::optional<std::uint32_t> azure_private_endpoint(const Tlv& tlv) {
  if (tlv.type != tlv_azure || tlv.value.size() != 5 || tlv.value.front() != subtype) return std::nullopt;
  std::uint32_t id = 0;
  for (std::size_t i = 4; i > 0; --i) id = id << 8 | static_cast<unsigned char>(tlv.value[i]);
  return id;
}

std::optional<std::uint64_t> gcp_psc_connection(const Tlv& tlv) {
  if (tlv.type != tlv_gcp || tlv.value.size() != 8) return std::nullopt;
  return big_endian(tlv.value);
}

std::optional<ByteView> aws_vpc_endpoint(const Tlvs& list) { return first<ByteView>(list, aws_vpc_endpoint); }
std::optional<std::uint32_t> azure_private_endpoint(const Tlvs& list) {
  return first<std::uint32_t>(list, azure_private_endpoint);
}
std::optional<std::uint64_t> gcp_psc_connection(const Tlvs& list) {
  return first<std::uint64_t>(list, gcp_psc_connection);
}

}  // namespace sp::codec::proxy_protocol
