// `listen` of http, stream and mail.
#pragma once

#include <string>
#include <vector>

#include "import/nginx/scope.h"

namespace sp::import::nginx {

struct Listen {
  std::string address;  // empty: every address; IPv6 in brackets
  std::string port;
  std::string unix_path;
  bool ssl = false, default_server = false, proxy_protocol = false;
  const Directive* at = nullptr;

  std::string socket() const;  // one text for each socket
  std::string url(std::string_view scheme) const;
};

// One for each port: a range gives several. Those that cannot be said are reported, and left out.
std::vector<Listen> parse_listen(const Directive& directive, std::string_view default_port, Report& report);
// Of all the `listen` in a block. That :80 and [::]:80 are one address here is noted.
std::vector<Listen> listens_of(const Scope& scope, std::string_view default_port, Report& report);

// Who may speak the PROXY protocol at a socket; nobody where `listens` do without it. It is noted what that means.
std::vector<std::string> accept_proxy_from(const Scope& scope, const std::vector<Listen>& listens, Report& report);

}  // namespace sp::import::nginx
