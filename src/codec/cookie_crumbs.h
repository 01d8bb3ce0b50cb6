// Cookie in several lines.
#pragma once

#include "http/fields.h"

namespace sp::codec {

// Makes one field of all of them, "; " between. RFC 9113 section 8.2.3 lets Cookie be split; whoever reads HTTP/1
// expects one.
void join_cookies(http::Fields& fields);

}  // namespace sp::codec
