#include "policy/a_label.h"

#include <idn2.h>

namespace sp::policy {

std::expected<std::string, std::string> to_a_labels(std::string_view name) {
  if (name.contains('\0')) return std::unexpected("it holds a NUL octet");
  char* made = nullptr;
  const int code = idn2_to_ascii_8z(std::string(name).c_str(), &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (code != IDN2_OK) return std::unexpected(idn2_strerror(code));
  std::string result = made;
  idn2_free(made);
  return result;
}

}  // namespace sp::policy
