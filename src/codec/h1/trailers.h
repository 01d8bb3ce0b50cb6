// Trailer fields: RFC 9110 section 6.5, RFC 9112 section 7.1.2.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "codec/h1/head_scan.h"
#include "codec/limits.h"
#include "http/fields.h"

namespace sp::codec::h1 {

// Reads all lines of a trailer section. What is allowed is copied into `fields` and its arena, unless that is null.
// Null, or what is wrong.
const char* parse_trailers(ByteView section, HeadLines& lines, Underscores underscores, http::Fields* fields);

}  // namespace sp::codec::h1
