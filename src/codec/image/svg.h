// Whether an SVG document is nothing but a picture. It is refused unless it plainly is: no library is asked what a
// browser might make of it, and nothing is taken out of it.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sp::codec::image {

// Its first element is `svg`.
bool begins_like_svg(ByteView octets);

// What speaks against it, for the log: "an attribute that is an event handler". Nothing: it is well-formed XML of
// elements that draw, and refers to nothing outside of itself.
std::optional<std::string_view> svg_fault(ByteView octets);

}  // namespace sp::codec::image
