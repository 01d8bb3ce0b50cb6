#include "codec/proxy_protocol/v1_reader.h"

#include "codec/characters.h"
#include "codec/proxy_protocol/layout.h"
#include "codec/proxy_protocol/reader.h"

namespace sp::codec::proxy_protocol {
namespace {

// What is left of the line, part by part.
class Parts {
 public:
  explicit Parts(ByteView rest) : rest_(rest) {}

  // The next one, up to a space or the end. Empty: there is none, or two spaces stand together.
  ByteView next() {
    if (!rest_.starts_with(' ')) return {};
    const ByteView part = rest_.substr(1, rest_.find(' ', 1) - 1);
    rest_.remove_prefix(1 + part.size());
    return part;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

bool read_address(ByteView text, Transport transport, IpAddress& address) {
  const auto parsed = IpAddress::parse(text);
  // Not by parsed->v4: "::ffff:192.0.2.1" is one of TCP6.
  if (!parsed || text.contains(':') != (transport == Transport::tcp6)) return false;
  address = *parsed;
  return true;
}

bool read_port(ByteView digits, std::uint16_t& port) {
  if (digits.empty() || digits.size() > 5 || (digits.size() > 1 && digits.front() == '0')) return false;
  std::uint32_t value = 0;
  for (char c : digits) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  port = static_cast<std::uint16_t>(value);
  return value <= 65535;
}

const char* read_addresses(Parts& parts, Header& header) {
  if (!read_address(parts.next(), header.transport, header.source.address)) return "version 1: source address";
  if (!read_address(parts.next(), header.transport, header.destination.address))
    return "version 1: destination address";
  if (!read_port(parts.next(), header.source.port)) return "version 1: source port";
  if (!read_port(parts.next(), header.destination.port)) return "version 1: destination port";
  return parts.at_end() ? nullptr : "version 1: something behind the ports";
}

// The line behind the signature, without CRLF. Null, or what is wrong with it.
const char* read_line(ByteView line, Header& header) {
  header = {.version = Version::v1};
  Parts parts(line);
  const ByteView protocol = parts.next();
  if (protocol == "UNKNOWN") return nullptr;
  if (protocol == "TCP4") {
    header.transport = Transport::tcp4;
  } else if (protocol == "TCP6") {
    header.transport = Transport::tcp6;
  } else {
    return "version 1: not TCP4, TCP6 or UNKNOWN";
  }
  return read_addresses(parts, header);
}

std::unexpected<Error> malformed(const char* where) {
  return fail(Error{.code = Code::proxy_header_malformed, .side = Side::client, .where = where});
}

}  // namespace

Result<std::size_t> read_v1(ByteView in, Header& header) {
  const ByteView window = in.substr(0, v1_max);
  const std::size_t end = window.find_first_of("\r\n");
  if (end == ByteView::npos || end + 1 == v1_max) {  // no room for a CRLF
    if (window.size() < v1_max) return 0;
    return fail(Error{.code = Code::proxy_header_too_long,
                      .side = Side::client,
                      .where = "version 1: no CRLF in the first 107 octets"});
  }
  if (window[end] == '\n') return malformed("version 1: LF without CR");
  if (end + 1 == window.size()) return 0;
  if (window[end + 1] != '\n') return malformed("version 1: CR without LF");
  const ByteView line = window.substr(v1_signature.size(), end - v1_signature.size());
  if (const char* wrong = read_line(line, header)) return malformed(wrong);
  return end + 2;
}

}  // namespace sp::codec::proxy_protocol
