// Trailer fields: RFC 9110 section 6.5, RFC 9112 section 7.1.2.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "codec/h1/head_scan.h"
#include "codec/h1/limits.h"
#include "http/fields.h"

namespace sp::codec::h1 {

// Whether a field may stand behind the content. What decides about framing, routing, authentication, the meaning of the
// content or caching may not (section 6.5.1): it comes after those decisions were made, and a reader that merges
// trailers into the head would decide differently.
bool allowed_in_trailer(std::string_view name);

// Reads all lines of a trailer section. What is allowed is copied into `fields` and its arena, unless that is null.
// Null, or what is wrong.
const char* parse_trailers(ByteView section, HeadLines& lines, Underscores underscores, http::Fields* fields);

}  // namespace sp::codec::h1
