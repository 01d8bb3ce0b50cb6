// What the keys of `image_proxy` share with those of the way out.
#pragma once

#include <string_view>

namespace sp::config {

// Who fetches the images of routes with `image_proxy`, as `who` of a rule names him. He has no password.
inline constexpr std::string_view image_proxy_user = "image-proxy";

}  // namespace sp::config
