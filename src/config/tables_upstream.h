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
      field("url", &ServerConfig::url,
            "Its address: `http://10.0.0.21:8065`; for entries that pass octets on `tcp://10.0.0.7:993` and the like.",
            Required{}, Grammar{"a URL without path", server_url}),
      field("weight", &ServerConfig::weight, "Its share of the requests, relative to the others.", range(1u, 1000u)),
      field("backup", &ServerConfig::backup, "Whether it is used only while no other server can be."),
  };
};

template <>
struct Schema<HealthConfig> {
  static constexpr std::string_view name = "health";
  static constexpr std::string_view doc =
      "Checks of the servers, with or without traffic. A server that is down by them is passed over until it is up "
      "again. Servers of HTTP are connected to, and asked for `path`; those of mail must greet; of others it is enough "
      "that they are connected. `{}` is all of the defaults; a text alone is `path`.";
  static constexpr std::string_view shorthand = "path";
  static constexpr auto fields = std::tuple{
      field("path", &HealthConfig::path,
            "What servers of HTTP are asked for by GET; it may have a query. Without it, it is enough that they are "
            "connected.",
            Grammar{"a path", health_path}),
      field("host", &HealthConfig::host,
            "The Host that they are asked for, which TLS asks for too. Without it: the server's own.",
            Grammar{"a host", health_host}),
      field("every", &HealthConfig::every, "How often each server is checked.",
            range<Duration>(std::chrono::milliseconds(100), std::chrono::hours(1))),
      field("timeout", &HealthConfig::timeout, "How long a check may take in all.",
            range<Duration>(std::chrono::milliseconds(10), std::chrono::hours(1))),
      field("fall", &HealthConfig::fall, "How many consecutive failures mark a server as down.", range(1u, 1000u)),
      field("rise", &HealthConfig::rise, "How many consecutive successes mark it as up again.", range(1u, 1000u)),
      field("expect", &HealthConfig::expect, "The statuses that are a success: `200`, `200-399`.", NotEmpty{},
            Grammar{"a status or a range of them", status_range}),
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
      field("send_proxy", &UpstreamConfig::send_proxy,
            "Whether its servers are told by a header of the PROXY protocol who connects."),
      field("health", &UpstreamConfig::health, "Checks of its servers, with or without traffic."),
      field("timeouts", &UpstreamConfig::timeouts, "Other timeouts for this upstream."),
  };
  static constexpr std::array later{LaterKey{"sticky", ""}};
};

}  // namespace sp::config
