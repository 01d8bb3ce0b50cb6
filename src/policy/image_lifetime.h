// How long an image of another site may be kept, by the Cache-Control that it came with.
#pragma once

#include <chrono>
#include <string>

#include "http/fields.h"

namespace sp::policy {

struct ImageLifetime {
  std::chrono::seconds seconds{0};  // 0: it is not kept
  bool shared = true;               // by others than the browser that asked, too

  bool kept_here() const { return shared && seconds.count() > 0; }
  // Cache-Control for the client, of an image that is `age` old here.
  std::string cache_control(std::chrono::seconds age) const;
  bool operator==(const ImageLifetime&) const = default;
};

// Where the site says nothing, a day; never more than thirty.
ImageLifetime image_lifetime(const http::Fields& fields);

}  // namespace sp::policy
