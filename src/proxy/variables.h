// The values of ${...} in an exchange, and in `explain`, which has no connection.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message.h"
#include "policy/template.h"
#include "proxy/admission.h"

namespace sp::tls {
struct TlsInfo;
class TlsStream;
}  // namespace sp::tls

namespace sp::proxy {

class RequestVariables : public policy::Variables {
 public:
  // Borrows both: `admission` may still be in the making.
  RequestVariables(const http::RequestHead& request, const Admission& admission)
      : request_(request), admission_(admission) {}

  std::string_view value(policy::Variable variable, std::string_view argument, Arena& arena) const override;

  // What only a real exchange has; empty or zero elsewhere.
  std::uint16_t client_port = 0;
  tls::TlsStream* tls = nullptr;
  std::string_view id;
  std::string_view server_address;
  const policy::Server* server = nullptr;
  const policy::Upstream* upstream = nullptr;
  std::uint16_t response_status = 0;

 private:
  std::string_view tls_value(policy::Variable variable) const;
  std::string_view client_certificate_value(policy::Variable variable, Arena& arena) const;
  std::string_view uri(Arena& arena) const;
  std::string_view cookie(std::string_view name) const;

  const http::RequestHead& request_;
  const Admission& admission_;
};

}  // namespace sp::proxy
