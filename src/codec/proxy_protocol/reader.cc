#include "codec/proxy_protocol/reader.h"

#include <array>

#include "codec/proxy_protocol/layout.h"
#include "codec/proxy_protocol/v1_reader.h"
#include "codec/proxy_protocol/v2_reader.h"

namespace sp::codec::proxy_protocol {
namespace {

enum class Beginning : std::uint8_t { undecided, v1, v2, tls, other };

struct Signature {
  ByteView octets;
  Beginning of;
};
// Each begins with another octet, so that one octet decides between them.
constexpr std::array signatures{
    Signature{v1_signature, Beginning::v1},
    Signature{v2_signature, Beginning::v2},
    // A record of a handshake (22) of any version of TLS (3.x): RFC 8446 section 5.1.
    Signature{"\x16\x03", Beginning::tls},
};

Beginning beginning_of(ByteView in) {
  for (const Signature& signature : signatures) {
    const std::size_t common = std::min(in.size(), signature.octets.size());
    if (in.substr(0, common) != signature.octets.substr(0, common)) continue;
    return common == signature.octets.size() ? signature.of : Beginning::undecided;
  }
  return Beginning::other;
}

std::unexpected<Error> refused(Code code, const char* where) {
  return fail(Error{.code = code, .side = Side::client, .where = where});
}

}  // namespace

Result<std::size_t> HeaderReader::read(ByteView in, Header& header) const {
  switch (beginning_of(in)) {
    case Beginning::undecided: return 0;
    case Beginning::v1:
      if (limits_.versions == Versions::v2)
        return refused(Code::proxy_header_version, "version 1, but only version 2 is accepted");
      return read_v1(in, header);
    case Beginning::v2:
      if (limits_.versions == Versions::v1)
        return refused(Code::proxy_header_version, "version 2, but only version 1 is accepted");
      return read_v2(in, limits_.rest, header);
    case Beginning::tls: return refused(Code::proxy_header_tls, "TLS instead of a PROXY header");
    case Beginning::other: break;
  }
  return refused(Code::proxy_header_missing, "no PROXY header");
}

std::size_t HeaderReader::longest() const {
  const std::size_t v2 = limits_.versions == Versions::v1 ? 0 : fixed_octets + limits_.rest;
  const std::size_t v1 = limits_.versions == Versions::v2 ? 0 : v1_max;
  return std::max(v1, v2);
}

}  // namespace sp::codec::proxy_protocol
