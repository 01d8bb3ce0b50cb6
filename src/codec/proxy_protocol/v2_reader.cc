#include "codec/proxy_protocol/v2_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "codec/proxy_protocol/crc32c.h"
#include "codec/proxy_protocol/layout.h"

namespace sp::codec::proxy_protocol {
namespace {

constexpr std::size_t command_at = 12;
constexpr std::size_t transport_at = 13;
constexpr std::size_t length_at = 14;

std::unexpected<Error> refused(Code code, const char* where) {
  return fail(Error{.code = code, .side = Side::client, .where = where});
}

unsigned octet(ByteView in, std::size_t at) { return static_cast<unsigned char>(in[at]); }

Command command_of(ByteView in) { return octet(in, command_at) == 0x21 ? Command::proxy : Command::local; }

// Nothing: no combination that the specification has.
std::optional<Transport> transport_of(ByteView in) {
  if (command_of(in) == Command::local) return Transport::unspecified;
  const auto transport = static_cast<Transport>(octet(in, transport_at));
  if (transport == Transport::unspecified || address_octets(transport) != 0) return transport;
  return std::nullopt;
}

// The fixed octets, as many of them as are there, in their order: so that the answer is the same however they come.
Result<void> check_fixed(ByteView in, std::size_t rest_limit) {
  if (in.size() <= command_at) return {};
  if (octet(in, command_at) >> 4 != 2) return refused(Code::proxy_header_malformed, "version 2: another version");
  if ((octet(in, command_at) & 15) > 1)
    return refused(Code::proxy_header_malformed, "version 2: neither LOCAL nor PROXY");
  if (in.size() <= transport_at) return {};
  const auto transport = transport_of(in);
  if (!transport) return refused(Code::proxy_header_malformed, "version 2: unknown family or protocol");
  if (in.size() < fixed_octets) return {};
  const std::size_t rest = big_endian(in.substr(length_at, 2));
  if (rest > rest_limit) return refused(Code::proxy_header_too_long, "version 2: the length is beyond the limit");
  if (rest < address_octets(*transport))
    return refused(Code::proxy_header_malformed, "version 2: the length is too short for the addresses");
  return {};
}

IpAddress address_of(ByteView octets) {
  static constexpr ByteView mapped{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};
  if (octets.starts_with(mapped)) octets.remove_prefix(mapped.size());  // one form of each address: base/ip.h
  IpAddress address;
  address.v4 = octets.size() == 4;
  std::ranges::copy(octets, address.bytes.begin());
  return address;
}

// Both addresses, each `octets` long, and both ports.
void read_ip(ByteView block, std::size_t octets, Header& header) {
  header.source.address = address_of(block.substr(0, octets));
  header.destination.address = address_of(block.substr(octets, octets));
  header.source.port = static_cast<std::uint16_t>(big_endian(block.substr(2 * octets, 2)));
  header.destination.port = static_cast<std::uint16_t>(big_endian(block.substr(2 * octets + 2, 2)));
}

void read_addresses(ByteView block, Header& header) {
  switch (header.transport) {
    case Transport::unspecified: break;
    case Transport::tcp4:
    case Transport::udp4: read_ip(block, 4, header); break;
    case Transport::tcp6:
    case Transport::udp6: read_ip(block, 16, header); break;
    case Transport::unix_stream:
    case Transport::unix_datagram:
      header.source.unix_path = unix_path(block.substr(0, unix_octets));
      header.destination.unix_path = unix_path(block.substr(unix_octets));
      break;
  }
}

// Over the header as if the checksum in it were 0.
bool checksum_is_right(ByteView whole, ByteView checksum) {
  static constexpr ByteView zeros{"\0\0\0\0", 4};
  const auto at = static_cast<std::size_t>(checksum.data() - whole.data());
  const std::uint32_t before = crc32c(zeros, crc32c(whole.substr(0, at)));
  return crc32c(whole.substr(at + checksum.size()), before) == big_endian(checksum);
}

Result<void> read_tlvs(ByteView whole, ByteView list, Header& header) {
  header.tlvs = Tlvs(list);
  if (const char* fault = find_fault(header.tlvs)) return refused(Code::proxy_header_malformed, fault);
  const auto checksum = header.tlvs.find(tlv_crc32c);
  if (checksum && !checksum_is_right(whole, *checksum))
    return refused(Code::proxy_header_checksum, "version 2: CRC32C");
  return {};
}

}  // namespace

Result<std::size_t> read_v2(ByteView in, std::size_t rest_limit, Header& header) {
  auto fixed = check_fixed(in, rest_limit);
  if (!fixed) return fail(fixed.error());
  if (in.size() < fixed_octets) return 0;
  const std::size_t size = fixed_octets + big_endian(in.substr(length_at, 2));
  if (in.size() < size) return 0;

  header = {.version = Version::v2, .command = command_of(in), .transport = *transport_of(in)};
  if (header.command == Command::local) return size;
  const ByteView whole = in.substr(0, size);
  const std::size_t addresses = address_octets(header.transport);
  read_addresses(whole.substr(fixed_octets, addresses), header);
  auto tlvs = read_tlvs(whole, whole.substr(fixed_octets + addresses), header);
  if (!tlvs) return fail(tlvs.error());
  return size;
}

}  // namespace sp::codec::proxy_protocol
