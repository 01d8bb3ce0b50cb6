// What a PROXY header is supposed to have said, where there is no connection: ${proxy.NAME} by its name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "policy/access.h"
#include "policy/template.h"

namespace sp::app {

using SaidInHeader = std::map<std::string, std::string>;

inline std::string_view said(const SaidInHeader& header, std::string_view name) {
  const auto found = header.find(std::string(name));
  return found == header.end() ? std::string_view() : std::string_view(found->second);
}

// Of a connection, which has no other variables by then.
class HeaderVariables final : public policy::Variables {
 public:
  explicit HeaderVariables(const SaidInHeader& header) : header_(header) {}
  std::string_view value(policy::Variable variable, std::string_view argument, Arena&) const override {
    return variable == policy::Variable::proxy ? said(header_, argument) : std::string_view();
  }

 private:
  const SaidInHeader& header_;
};

// The reason, and what was not known.
inline std::string access_text(const policy::AccessList& list, const policy::Decision& decision,
                               const IpAddress& address, const SaidInHeader& header) {
  const bool unknown = list.asks_header() && header.empty();
  return decision.reason(address) +
         (unknown ? "; that is without a PROXY header: `--proxy NAME=TEXT` says what one tells" : "");
}

}  // namespace sp::app
