// The first line is a template, the rest is what every variable is worth: no value brings a control character into a
// field, or a character into a URL that it must not hold.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/fields.h"
#include "policy/template.h"

namespace {

using namespace sp;

class Same final : public policy::Variables {
 public:
  explicit Same(std::string_view value) : value_(value) {}
  std::string_view value(policy::Variable, std::string_view, Arena&) const override { return value_; }

 private:
  std::string_view value_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t line = std::min(text.find('\n'), text.size());
  std::string_view source = text.substr(0, line);
  auto compiled = policy::Template::compile(source);
  if (!compiled) return 0;
  Same variables(text.substr(std::min(line + 1, text.size())));
  Arena arena;
  using Use = policy::Template::Use;
  std::string_view field = compiled->expand(variables, arena, Use::field);
  if (http::is_field_value(source) && field.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    std::abort();
  std::string_view url = compiled->expand(variables, arena, Use::url);
  bool plain = std::ranges::none_of(source, [](unsigned char c) { return c <= ' ' || c >= 0x7f; });
  if (plain && std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c >= 0x7f; })) std::abort();
  static_cast<void>(compiled->expand(variables, arena, Use::text));
  return 0;
}
