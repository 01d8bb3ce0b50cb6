// A path is refused, or has a normal form that is its own normal form and holds nothing that two servers read
// differently.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "policy/path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sp;
  std::string_view path(reinterpret_cast<const char*>(data), size);
  Arena arena;
  auto once = policy::normalize_path(path, arena);
  if (!once || path == "*") return 0;
  auto twice = policy::normalize_path(once->text, arena);
  if (!twice || twice->text.data() != once->text.data() || twice->text.size() != once->text.size()) std::abort();
  if (!policy::normalize_path(once->text, arena, policy::DotSegments::refuse)) std::abort();
  std::string with_end = std::string(once->text) + "/";
  for (std::string_view forbidden : {"/./", "/../", "\\", "%5C", "%00", "%2E", "%2e", "%2f", "/..;", "%2F..%2F"}) {
    if (with_end.find(forbidden) != std::string::npos) std::abort();
  }
  if (once->text.find("//") != std::string_view::npos || once->text.front() != '/') std::abort();
  return 0;
}
