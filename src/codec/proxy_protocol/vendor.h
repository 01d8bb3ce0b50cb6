// What the load balancers of three providers put into the types that the specification leaves to agreement. Others may
// use the same numbers for something else, so that a value of another form is not an error: it is not theirs. Whether a
// peer is such a load balancer is the configuration's to know.
#pragma once

#include <cstdint>
#include <optional>

#include "codec/proxy_protocol/tlv.h"

namespace sp::codec::proxy_protocol {

// Amazon: the VPC endpoint that the client came through, such as "vpce-08d2bf15fac5001c9" (0xea, subtype 1).
std::optional<ByteView> aws_vpc_endpoint(const Tlv& tlv);
// Microsoft: the LinkID of the private endpoint (0xee, subtype 1, the lowest octet first).
std::optional<std::uint32_t> azure_private_endpoint(const Tlv& tlv);
// Google: the ID of the Private Service Connect connection (0xe0).
std::optional<std::uint64_t> gcp_psc_connection(const Tlv& tlv);

// The first in the list that is one.
std::optional<ByteView> aws_vpc_endpoint(const Tlvs& list);
std::optional<std::uint32_t> azure_private_endpoint(const Tlvs& list);
std::optional<std::uint64_t> gcp_psc_connection(const Tlvs& list);

}  // namespace sp::codec::proxy_protocol
