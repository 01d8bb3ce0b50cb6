// Content: in one piece and octet by octet it must be the same, and it must end at the same place. The first octet
// chooses the framing.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/h1/body_reader.h"
#include "codec/h1/rows_for_tests.h"

namespace {

using namespace sp;
using namespace sp::codec::h1;

void expect(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  std::string content;
  std::string trailers;
  std::size_t used = 0;
  bool done = false;
  bool failed = false;
};

Outcome read(const Framing& framing, ByteView bytes, std::size_t piece) {
  Arena arena;
  http::Fields trailers(arena);
  BodyReader reader(codec::Limits{}, Side::client);
  reader.start(framing);
  Outcome outcome;
  for (std::size_t have = std::min(piece, bytes.size());; have = std::min(have + piece, bytes.size())) {
    for (;;) {
      ByteView in = bytes.substr(outcome.used, have - outcome.used);
      auto step = reader.next(in, &trailers);
      if (!step) {
        outcome.failed = true;
        return outcome;
      }
      outcome.content += step->data;
      outcome.used = have - in.size();
      outcome.done = step->done;
      if (step->done || step->data.empty()) break;
    }
    if (outcome.done || have == bytes.size()) break;
  }
  expect(reader.end().has_value() == (outcome.done || framing.kind == Framing::Kind::until_close));
  outcome.trailers = rows::describe(trailers);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Framing framing{Framing::Kind::chunked, 0};
  if (data[0] % 8 == 0) framing = {Framing::Kind::length, data[0]};
  if (data[0] % 8 == 1) framing = {Framing::Kind::until_close, 0};

  const Outcome whole = read(framing, bytes, std::max<std::size_t>(bytes.size(), 1));
  const Outcome dripped = read(framing, bytes, 1);
  expect(whole.failed == dripped.failed && whole.done == dripped.done);
  if (whole.failed) return 0;
  expect(whole.content == dripped.content && whole.trailers == dripped.trailers);
  expect(!whole.done || whole.used == dripped.used);
  return 0;
}
