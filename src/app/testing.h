// A world for commands that is made in a test: files in memory, output as text.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

#include "app/command.h"

namespace sp::app::testing {

struct TestWorld {
  config::MemoryFileSystem files;
  std::ostringstream out_stream, err_stream;
  CommandWorld world{.out = out_stream, .err = err_stream, .files = files, .now = std::chrono::system_clock::now()};

  std::string out() const { return out_stream.str(); }
  std::string err() const { return err_stream.str(); }
};

// What several tests ask about: two sites, a list of allowed clients, two servers, a redirect.
inline constexpr std::string_view two_sites = R"(certificates:
  - { cert: lists.pem, key: lists.key }
inbound:
  - name: web
    listen: [ "https://:443", "http://:80" ]
    trusted_proxies: [ 10.0.0.0/8 ]
    sites:
      - hosts: [ lists.example.com ]
        routes:
          - path: /sympa
            to: https://actual.host/wws
            request_headers: { set: { Front-End-Https: "On" } }
            upstream_tls: { verify: chain }
          - path: /soap
            to: https://actual.host
            allow: [ 192.0.2.0/24 ]
          - exact: /
            redirect: { to: /sympa, status: 301 }
      - hosts: [ chat.example.com ]
        routes:
          - path: /
            to: chat
            host: upstream
          - exact: /teapot
            respond: { status: 418, body: "${request.path}" }
upstreams:
  chat:
    servers: [ http://10.0.0.21:8065, { url: "http://10.0.0.22:8065", backup: true } ]
)";

}  // namespace sp::app::testing
