// A ClientHello: what is read must be the same in one piece and in many, in other records too, and must be decided
// before more is kept than is promised. The input is read as what a client sends, and as the content of a message.
#include <cstdint>
#include <cstdlib>

#include "codec/tls_hello/rows_for_tests.h"
#include "codec/tls_hello/server_name.h"
#include "codec/tls_hello/shape.h"

namespace {

using namespace sp;
using namespace sp::codec::tls_hello;

void expect(bool condition) {
  if (!condition) std::abort();
}

// One octet after the other, as rows::read() does it, but without a copy for each: those would take nearly all the
// time.
rows::Outcome drip(ByteView octets) {
  Reader reader;
  for (std::size_t have = 1; have <= octets.size(); ++have) {
    const auto hello = reader.read(octets.substr(0, have));
    if (!hello) return {rows::describe(hello.error()), have};
    if (*hello) return {rows::describe(**hello), have};
  }
  return {"incomplete", octets.size()};
}

void check_values(ByteView octets) {
  Reader reader;
  const auto read = reader.read(octets);
  expect(read.has_value() && read->has_value());
  const Hello& hello = **read;
  if (!hello.server_name.empty()) {
    const auto again = normal_server_name(hello.server_name);
    expect(again.has_value() && *again == hello.server_name);
  }
  for (ByteView protocol : hello.protocols) expect(!protocol.empty() && protocol.size() < 256);
}

// `octets` are a hello and nothing else.
void check_in_other_records(ByteView octets, const std::string& expected, std::size_t size) {
  const std::string message = rows::message_of(octets);
  const std::string outcome = rows::read_whole(rows::in_records(message, size));
  const bool too_many = (message.size() + size - 1) / size > Reader::max_records;
  expect(too_many ? outcome.starts_with("client_hello_too_long") : outcome == expected);
  expect(rows::read_whole(rows::in_records(message, Reader::max_message)) == expected);
}

void check(ByteView octets, std::size_t cut) {
  const rows::Outcome whole = rows::read(octets, {std::max<std::size_t>(octets.size(), 1)});
  const rows::Outcome dripped = drip(octets);
  expect(dripped.text == whole.text);
  expect(rows::read(octets, {1 + cut, 1 + cut / 2, 1 + cut / 3}).text == whole.text);
  expect(dripped.octets <= Reader::max_octets);
  if (whole.text == "incomplete") {
    expect(octets.size() < Reader::max_octets);
    return;
  }
  // What stands behind makes no difference.
  const ByteView looked_at = octets.substr(0, dripped.octets);
  expect(rows::read_whole(looked_at) == whole.text);
  if (whole.text.starts_with("client_hello_")) return;
  check_values(looked_at);
  expect(shape_of(looked_at) == shape_of(std::string(looked_at) + "more"));
  check_in_other_records(looked_at, whole.text, 1 + cut);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 2 * Reader::max_octets));
  const std::size_t cut = input.empty() ? 0 : (input.size() * 7 + data[input.size() / 2]) % input.size();
  check(input, cut);
  check(rows::in_records(rows::message(input), Reader::max_message), cut);
  return 0;
}
