// Whether memory is kept for its next use. Not under the address sanitizer: there, a use after it was given back is to
// be seen.
#pragma once

namespace sp {

#if __has_feature(address_sanitizer)
inline constexpr bool pooling = false;
#else
inline constexpr bool pooling = true;
#endif

}  // namespace sp
