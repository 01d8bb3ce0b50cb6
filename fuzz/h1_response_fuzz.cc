// Response heads, as answers to GET, HEAD and CONNECT: the same in pieces, and the same when written and read again.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/h1/response_reader.h"
#include "codec/h1/rows_for_tests.h"
#include "codec/h1/writer.h"

namespace {

using namespace sp;
using namespace sp::codec::h1;

void expect(bool condition) {
  if (!condition) std::abort();
}

void check_round_trip(const http::ResponseHead& head, http::Method asked) {
  std::string room(1 << 18, '\0');
  OutBuffer out(room);
  auto written = write_response_head(head, {.client_version = http::Version::http11, .asked = asked}, out);
  if (head.status == 101 && head.upgrade.empty()) return;  // never passed on
  expect(written.has_value());
  Arena arena;
  http::ResponseHead again(arena);
  Persistence persistence;
  auto size = ResponseReader({.head = 1 << 18, .fields = 256}).read(out.view(), asked, again, persistence);
  expect(size.has_value() && *size == out.size());
  expect(persistence.framing == written->framing);
  expect(again.status == head.status && again.upgrade == head.upgrade);
  expect(rows::describe(again.fields) == rows::describe(head.fields));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array methods{http::Method::get, http::Method::head, http::Method::connect};
  const http::Method asked = methods[data[0] % methods.size()];
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  Arena arena;
  http::ResponseHead head(arena);
  Persistence persistence;
  ResponseReader reader{codec::Limits{}};
  auto length = reader.read(bytes, asked, head, persistence);
  if (!length || *length == 0) return 0;
  check_round_trip(head, asked);
  const std::size_t cut = 1 + (size * 7 + data[0]) % *length;
  expect(rows::read_response(bytes, asked, {bytes.size()}) == rows::read_response(bytes, asked, {cut, bytes.size()}));
  return 0;
}
