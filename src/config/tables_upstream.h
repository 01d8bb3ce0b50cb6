// The tables of `upstreams`.
#pragma once

#include "config/grammar.h"
#include "config/tables_shared.h"

namespace sp::config {

template <>
struct EnumWords<Balance> {
  static constexpr std::array words{std::pair{"least_requests", Balance::least_requests},
                                    std::pair{"round_robin", Balance::round_robin},
                                    std::pair{"random", Balance::random}};
  static constexpr std::array<std::string_view, 1> later{"hash"};
};

template <>
struct Schema<ServerConfig> {
  static constexpr std::string_view name = "server";
  static constexpr std::string_view doc = "One server. A text alone is `url`.";
  static constexpr std::string_view shorthand = "url";
  static constexpr auto fields = std::tuple{
      field("url", &ServerConfig::url, "Its address: `http://10.0.0.21:8065`.", Required{},
            Grammar{"a URL without path", server_url}),
      field("weight", &ServerConfig::weight, "Its share of the requests, relative to the others.", range(1u, 1000u)),
      field("backup", &ServerConfig::backup, "Whether it is used only while no other server can be."),
  };
};

template <>
struct Schema<UpstreamConfig> {
  static constexpr std::string_view name = "upstream";
  static constexpr std::string_view doc = "Servers that are interchangeable.";
  static constexpr auto key_member = &UpstreamConfig::name;
  static constexpr auto fields = std::tuple{
      field("servers", &UpstreamConfig::servers, "The servers: URLs, or maps with `url`, `weight` and `backup`.",
            Required{}, NotEmpty{}),
      field("balance", &UpstreamConfig::balance, "How a server is chosen for a request."),
      field("fail_for", &UpstreamConfig::fail_for, "How long a server that failed is passed over.",
            range<Duration>(std::chrono::milliseconds(0), std::chrono::hours(24))),
      field("fail_after", &UpstreamConfig::fail_after, "How many consecutive failures mark a server as failed.",
            range(1u, 1000u)),
      field("retries", &UpstreamConfig::retries,
            "How many other servers are tried for a request that may be sent again.", range(0u, 100u)),
      field("upstream_tls", &UpstreamConfig::upstream_tls, "How TLS is spoken with its servers."),
      field("timeouts", &UpstreamConfig::timeouts, "Other timeouts for this upstream."),
  };
  static constexpr std::array later{LaterKey{"health", "a server that fails is passed over for `fail_for`"},
                                    LaterKey{"sticky", ""}, LaterKey{"send_proxy", ""}};
};

}  // namespace sp::config
