// A configuration of any text: findings or a Config, never a crash, and every finding can be shown.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sp::config;
  constexpr std::size_t longest = 32768;  // beyond it only time is lost
  if (size > longest) return 0;
  const MemoryFileSystem files;
  const Loaded loaded = load_text("fuzz.yaml", {reinterpret_cast<const char*>(data), size}, files);
  for (const Finding& finding : loaded.findings) {
    if (finding.message.empty() || finding.place.line < 0 || finding.place.column < 0) std::abort();
  }
  const std::string printed = print(loaded.findings, loaded.sources);
  if (printed.empty() != loaded.findings.empty()) std::abort();
  if (print_json(loaded.findings).empty()) std::abort();
  return 0;
}
