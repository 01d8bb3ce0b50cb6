// Answers of ICAP services: the same however the octets come, and nothing in them beyond its bounds.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/icap/rows_for_tests.h"

namespace {

using namespace sp;
using namespace sp::codec::icap;

void expect(bool condition) {
  if (!condition) std::abort();
}

void check(Shown::What what, ByteView octets) {
  const std::string story = rows::read(what, octets, {octets.size() + 1});
  expect(rows::read(what, octets, {1}) == story);
  expect(rows::read(what, octets, {1 + octets.size() % 7, 1 + octets.size() % 3, 5}) == story);
  AnswerReader reader(what);
  ByteView in = octets;
  const auto done = reader.read(in);
  expect(reader.answer().http_head.size() <= AnswerReader::max_http_head);
  expect(reader.answer().found.size() <= AnswerReader::max_found);
  if (!done || !*done) return;
  expect((reader.answer().kind == Answer::Kind::unchanged) == reader.answer().http_head.empty());
  expect(what == Shown::What::request || reader.answer().kind != Answer::Kind::request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(reinterpret_cast<const char*>(data), size);
  check(Shown::What::request, octets);
  check(Shown::What::response, octets);
  return 0;
}
