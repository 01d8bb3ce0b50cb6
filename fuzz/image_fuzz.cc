// Octets that somebody calls an image. What is measured has pixels, unless it is a drawing; what passes for a harmless
// drawing holds none of the words that make one more than that, however they are written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/image/facts.h"
#include "codec/image/svg.h"
#include "codec/image/svg_text.h"

namespace {

using namespace sp::codec::image;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_drawing(std::string_view text) {
  const std::string lower = lower_case(text);
  // In text they may stand; in a document without any text they may not.
  for (const std::string_view word : {"<script", "<foreignobject", "<!doctype", "<!entity", "<iframe", "<?php"}) {
    check(!lower.contains(word) || lower.contains("<!--"));
  }
  check(begins_like_svg(text) && is_plain_utf8(text) && lower.contains("<svg"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto facts = read_facts(octets)) {
    check(!media_type(facts->format).empty());
    const bool drawn = facts->format == Format::svg;
    check(drawn ? facts->all_pixels == 0 : facts->frame_pixels > 0 && facts->all_pixels >= facts->frame_pixels);
  }
  if (!svg_fault(octets)) check_drawing(octets);
  return 0;
}
