// Request heads: what is read must be the same in one piece and in two, must be writable, and must then be read as the
// same again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "codec/h1/request_reader.h"
#include "codec/h1/rows_for_tests.h"
#include "codec/h1/writer.h"

namespace {

using namespace sp;
using namespace sp::codec::h1;

void expect(bool condition) {
  if (!condition) std::abort();
}

void check_round_trip(const http::RequestHead& head, Persistence persistence) {
  std::string target(head.form == http::TargetForm::authority ? head.authority : head.path);
  if (head.has_query) target += "?" + std::string(head.query);
  std::string room(1 << 18, '\0');
  OutBuffer out(room);
  auto written = write_request_head(head, {.target = target, .host = {}, .keep_alive = persistence.keep_alive}, out);
  expect(written.has_value());
  if (head.authority.empty()) return;  // HTTP/1.0 without Host: the proxy names one

  Arena arena;
  http::RequestHead again(arena);
  Persistence persistence_again;
  auto size = RequestReader({.request_line = 1 << 17, .head = 1 << 18, .fields = 256})
                  .read(out.view(), again, persistence_again);
  expect(size.has_value() && *size == out.size());
  expect(persistence_again.framing == written->framing);
  expect(rows::describe(again.fields) == rows::describe(head.fields));
  expect(again.authority == head.authority && again.path == head.path && again.query == head.query);
  expect(again.upgrade == head.upgrade && again.expects_continue == head.expects_continue);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = rows::read_request(bytes, {std::max<std::size_t>(size, 1)});

  Arena arena;
  http::RequestHead head(arena);
  Persistence persistence;
  RequestReader reader{codec::Limits{}};
  auto length = reader.read(bytes, head, persistence);
  if (!length || *length == 0) return 0;
  check_round_trip(head, persistence);

  // In two pieces, the first ending anywhere in the head.
  const std::size_t cut = 1 + (size * 7 + data[0]) % *length;
  const std::string pieces = rows::read_request(bytes, {cut, size});
  expect(pieces == whole);
  return 0;
}
