#include "config/load.h"

#include <gtest/gtest.h>

namespace sp::config {
namespace {
TEST(Load, x) {
  MemoryFileSystem files;
  auto l = load_text("sallyport.yaml", R"(certificates:
  - { cert: /etc/sallyport/lists.pem, key: /etc/sallyport/lists.key }
inbound:
  - name: web
    listen: [ "https://:443", "http://:80" ]
    trusted_proxies: [ 10.0.0.1/8 ]
    sites:
      - hosts: lists.example.com
        routes:
          - path: /sympa
            to: https://actual.host/sympa
            host: preserve
            request_headers:
              set: { Front-End-Https: "On", Hostt: "${clinet.address}", Host: x }
            upstream_tls: { verify: chian }
            cache: on
            balance: hash
  - listn: x
    sites:
upstreams:
  a: { servers: [ http://a, {url: "https://b/x", weight: 0} ], balance: { hash: x } }
timeouts: { connect: 3, body_idle: 1000w, min_rate: 10 }
outbound: []
log: { access: of }
)", files);
  std::puts(print(l.findings, l.sources).c_str());
}
}
}
