// Which fields may stand behind the content: RFC 9110 section 6.5.
#pragma once

#include <string_view>

namespace sp::codec {

// Whether a field may stand behind the content. What decides about framing, routing, authentication, the meaning of the
// content or caching may not (section 6.5.1): it comes after those decisions were made, and a reader that merges
// trailers into the head would decide differently.
bool allowed_in_trailer(std::string_view name);

}  // namespace sp::codec
