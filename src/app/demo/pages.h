// What the demo's origin answers: a pure function of the request.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace sp::app::demo {

struct Page {
  std::uint16_t status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> fields;
  std::string content;
  std::chrono::milliseconds delay{0};  // before it is sent
};

//   /            for browsers: a page that talks to /ws; for others the request as it arrived
//   /echo        the content of the request
//   /slow?ms=N   after N milliseconds, at most 60,000
//   /redirect    to an absolute URL on this origin, under its own name
//   anything     the request as it arrived
// `own_authority`: host:port where the origin listens.
Page page_for(const http::RequestHead& request, std::string_view content, std::string_view own_authority);

}  // namespace sp::app::demo
