// Where proxy_pass and grpc_pass lead to.
#pragma once

#include "import/nginx/http.h"

namespace sp::import::nginx {

struct Passed {
  std::optional<Target> target;  // nothing: `why`
  std::string why;
  std::string host;          // what NGINX calls $proxy_host, without its port
  std::string host_setting;  // the Host that NGINX sends when it is not told another
  bool tls = false;
  DraftUpstream* upstream = nullptr;
};
Passed passed_to(const HttpServer& server, const Scope& scope, const Directive& at, Kind kind);

}  // namespace sp::import::nginx
