// Headers of the PROXY protocol: what is read must be the same however the octets come, must be known after as many
// octets as a header can have, must be writable, and must then be read as the same again. The first octet chooses the
// limits.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/proxy_protocol/rows_for_tests.h"

namespace {

using namespace sp;
using namespace sp::codec::proxy_protocol;

void expect(bool condition) {
  if (!condition) std::abort();
}

// The octets that were needed, or the error; and the header as text.
std::string outcome(const HeaderReader& reader, ByteView octets) {
  Header header;
  const auto size = reader.read(octets, header);
  if (!size) return std::string(name(size.error().code)) + ": " + size.error().where;
  if (*size == 0) return {};
  expect(*size <= octets.size());
  return std::to_string(*size) + " " + describe(header);
}

// With one octet more each time nothing is said, until that is said which is said of all of them.
void check_cuts(const HeaderReader& reader, ByteView octets) {
  const std::string whole = outcome(reader, octets);
  expect(!whole.empty() || octets.size() < reader.longest());
  for (std::size_t size = 0; size <= octets.size(); ++size) {
    const std::string said = outcome(reader, octets.substr(0, size));
    expect(said.empty() || said == whole);
    if (!said.empty()) return;
  }
  expect(whole.empty());
}

void check_text(ByteView octets, const Header& header) {
  for (char c : describe(header)) expect(c >= 0x20 && c < 0x7f);
  for (char c : annotate(octets)) expect((c >= 0x20 && c < 0x7f) || c == '\n');
}

void check_round_trip(const Header& header) {
  const std::string written = rows::write_again(header);
  Header again;
  const auto size = HeaderReader({.rest = rest_max}).read(written, again);
  expect(size.has_value() && *size == written.size());
  expect(rows::same(header, again));
  // What is written is in one order: to write it again changes nothing.
  expect(rows::write_again(again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static constexpr std::size_t rests[] = {536, 0, 64, 65535};
  static constexpr Versions versions[] = {Versions::both, Versions::both, Versions::v1, Versions::v2};
  const HeaderReader reader({.rest = rests[data[0] & 3], .versions = versions[data[0] >> 2 & 3]});
  const ByteView octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_cuts(reader, octets);

  Header header;
  const auto length = reader.read(octets, header);
  if (!length || *length == 0) return 0;
  check_text(octets, header);
  check_round_trip(header);
  return 0;
}
