// The tables of `inbound`: an entry, its sites and their routes.
#pragma once

#include "config/grammar.h"
#include "config/tables_shared.h"

namespace sp::config {

template <>
struct EnumWords<ClientCertificates> {
  static constexpr std::array words{std::pair{"off", ClientCertificates::off},
                                    std::pair{"optional", ClientCertificates::optional},
                                    std::pair{"required", ClientCertificates::required}};
};
template <>
struct EnumWords<TlsProfile> {
  static constexpr std::array words{std::pair{"intermediate", TlsProfile::intermediate},
                                    std::pair{"modern", TlsProfile::modern}};
};
template <>
struct EnumWords<SlashPolicy> {
  static constexpr std::array words{std::pair{"refuse", SlashPolicy::refuse}, std::pair{"allow", SlashPolicy::allow}};
};

template <>
struct Schema<ClientCertificateConfig> {
  static constexpr std::string_view name = "client_certificates";
  static constexpr std::string_view doc = "Certificates of clients.";
  static constexpr auto fields = std::tuple{
      field("mode", &ClientCertificateConfig::mode,
            "Whether clients are asked for a certificate, and whether they must have one."),
      field("ca", &ClientCertificateConfig::ca, "The PEM file with the authorities that sign them.", FilePath{}),
      field("field", &ClientCertificateConfig::field, "The request field that tells the server about the certificate.",
            Grammar{"the name of a field", editable_field}),
  };
};

template <>
struct Schema<ListenerTlsConfig> {
  static constexpr std::string_view name = "tls";
  static constexpr std::string_view doc = "How TLS is spoken with clients.";
  static constexpr auto fields = std::tuple{
      field("profile", &ListenerTlsConfig::profile,
            "`intermediate`: TLS 1.2 and 1.3, for every client in use. `modern`: TLS 1.3 alone."),
      field("http2", &ListenerTlsConfig::http2, "Whether HTTP/2 is offered to clients, besides HTTP/1.1."),
      field("client_certificates", &ListenerTlsConfig::client_certificates, "Certificates of clients."),
  };
};

template <>
struct Schema<LimitsConfig> {
  static constexpr std::string_view name = "limits";
  static constexpr std::string_view doc = "How much a client may send or hold.";
  static constexpr auto fields = std::tuple{
      field("request_line", &LimitsConfig::request_line, "The longest request line.",
            range(Bytes{256}, Bytes{1u << 20})),
      field("head", &LimitsConfig::head, "The largest head of a request or response, all its fields together.",
            range(Bytes{1024}, Bytes{16u << 20})),
      field("fields", &LimitsConfig::fields, "The most fields of one head.", range(8u, 10'000u)),
      field("connections", &LimitsConfig::connections,
            "The most connections at a time, counted by each worker; `auto` is as many as there are descriptors.",
            range(1u, 10'000'000u), word("auto", 0u)),
  };
};

template <>
struct Schema<RedirectConfig> {
  static constexpr std::string_view name = "redirect";
  static constexpr std::string_view doc = "Sends the client elsewhere. A text alone is `to`.";
  static constexpr std::string_view shorthand = "to";
  static constexpr auto fields = std::tuple{
      field("to", &RedirectConfig::to, "The path or URL; may hold `${...}`.", Required{},
            Grammar{"a path or URL", redirect_target}),
      field("status", &RedirectConfig::status, "301 and 308 are kept by browsers; 307 and 308 keep the method.",
            one_of(301, 302, 303, 307, 308)),
  };
};

template <>
struct Schema<RespondConfig> {
  static constexpr std::string_view name = "respond";
  static constexpr std::string_view doc = "Answers by itself.";
  static constexpr auto fields = std::tuple{
      field("status", &RespondConfig::status, "The status.", range<std::uint16_t>(200, 599)),
      field("body", &RespondConfig::body, "The content; may hold `${...}`.", Grammar{"text", response_body}),
      field("content_type", &RespondConfig::content_type, "The type of the content.",
            Grammar{"a field value", plain_field_value}),
  };
};

template <>
struct Schema<RouteConfig> {
  static constexpr std::string_view name = "route";
  static constexpr std::string_view doc =
      "What happens to some of the paths of a site. One of `exact`, `path` and `regex` says which; one of `to`, "
      "`redirect` "
      "and `respond` says what. An `exact` path wins over the longest `path`, which wins over a `regex`; of equal "
      "ones, the "
      "first in the file.";
  static constexpr auto fields = std::tuple{
      field("exact", &RouteConfig::exact, "This one path.", Grammar{"a path", route_path}),
      field("path", &RouteConfig::path, "A prefix, at segment boundaries: `/a` is for `/a` and `/a/x`, not for `/ab`.",
            Grammar{"a path", route_path}),
      field("regex", &RouteConfig::regex,
            "A regular expression (RE2) that is searched for in the path; `^` and `$` anchor it.",
            Grammar{"a regular expression", route_regex}),
      field("to", &RouteConfig::to,
            "The server: a URL, or the name of an upstream. A path in the URL takes the place of what `path` or "
            "`exact` matched; "
            "without one, the path stays. After a `regex`, the path may hold `${regex.1}`.",
            Grammar{"a URL or the name of an upstream", not_empty_text}),
      field("redirect", &RouteConfig::redirect, "Sends the client elsewhere."),
      field("respond", &RouteConfig::respond, "Answers by itself."),
      field("host", &RouteConfig::host,
            "The Host that the server sees: `preserve` (the client's), `upstream` (the server's own name) or a literal "
            "name.",
            Grammar{"preserve, upstream or a host", host_setting}),
      field("request_headers", &RouteConfig::request_headers,
            "Changes to the fields of requests, after those of the site."),
      field("response_headers", &RouteConfig::response_headers,
            "Changes to the fields of responses, after those of the site."),
      field("upstream_tls", &RouteConfig::upstream_tls, "How TLS is spoken with the server."),
      field("allow", &RouteConfig::allow, "Clients by address; all others get 403.",
            Grammar{"an address or network", network}),
      field("deny", &RouteConfig::deny, "Clients by address that get 403; wins over `allow`.",
            Grammar{"an address or network", network}),
      field("max_body", &RouteConfig::max_body, "The largest request body; `off` is no limit.", word("off", unlimited)),
      field("encoded_slashes", &RouteConfig::encoded_slashes,
            "Whether a path may hold `%2F`, which servers read in different ways."),
      field("upgrades", &RouteConfig::upgrades, "The protocols that a connection may be upgraded to.",
            Grammar{"a protocol", upgrade_protocol}),
      field("timeouts", &RouteConfig::timeouts, "Other timeouts for this route."),
  };
  static constexpr std::array later{LaterKey{"cache", ""}, LaterKey{"sticky", ""}};
};

template <>
struct Schema<SiteConfig> {
  static constexpr std::string_view name = "site";
  static constexpr std::string_view doc = "One or several host names, and what happens to their paths.";
  static constexpr auto fields = std::tuple{
      field("hosts", &SiteConfig::hosts,
            "The names: `lists.example.com`, `*.example.com` (all below it) or `*`. Without it: every name.",
            NotEmpty{}, Grammar{"a host name", host_pattern}),
      field("routes", &SiteConfig::routes, "What happens, by path.", Required{}, NotEmpty{}),
      field("https_redirect", &SiteConfig::https_redirect,
            "Whether http is redirected to https where the entry listens on both."),
      field("request_headers", &SiteConfig::request_headers, "Changes to the fields of requests."),
      field("response_headers", &SiteConfig::response_headers, "Changes to the fields of responses."),
      field("allow", &SiteConfig::allow, "Clients by address; all others get 403. A route may have its own.",
            Grammar{"an address or network", network}),
      field("deny", &SiteConfig::deny, "Clients by address that get 403; wins over `allow`.",
            Grammar{"an address or network", network}),
      field("max_body", &SiteConfig::max_body, "The largest request body; `off` is no limit.", word("off", unlimited)),
      field("timeouts", &SiteConfig::timeouts, "Other timeouts for this site."),
  };
  static constexpr std::array later{LaterKey{"cache", ""}};
};

template <>
struct Schema<InboundConfig> {
  static constexpr std::string_view name = "inbound entry";
  static constexpr std::string_view doc = "Addresses to listen on, and the sites that are behind them.";
  static constexpr auto fields = std::tuple{
      field("name", &InboundConfig::name, "For the log and the metrics. Without it: `inbound-1`, `inbound-2`...",
            Grammar{"letters, digits, `-`, `_` and dots", simple_name}),
      field("listen", &InboundConfig::listen,
            "URLs to listen on: `https://:443`, `http://127.0.0.1:80`, `http+unix:///run/gate.sock`. `h2c://` is "
            "`http://` "
            "where clients may also begin with HTTP/2 at once. An entry that has both http and https redirects http to "
            "https.",
            Required{}, NotEmpty{}, Grammar{"a URL", listen_url}),
      field("trusted_proxies", &InboundConfig::trusted_proxies,
            "Whose Forwarded and X-Forwarded-* fields are believed and extended; from all others they are replaced.",
            Grammar{"an address or network", network}),
      field("sites", &InboundConfig::sites, "The sites, chosen by host name.", Required{}, NotEmpty{}),
      field("tls", &InboundConfig::tls, "How TLS is spoken with clients."),
      field("max_body", &InboundConfig::max_body, "The largest request body; `off` is no limit.",
            word("off", unlimited)),
      field("timeouts", &InboundConfig::timeouts, "Other timeouts for this entry."),
      field("limits", &InboundConfig::limits, "How much a client may send or hold."),
  };
  static constexpr std::array later{
      LaterKey{"to", "put it into a route: `sites: [ { routes: [ { path: /, to: URL } ] } ]`"},
      LaterKey{"send_proxy", ""},
      LaterKey{"accept_proxy", ""},
      LaterKey{"sni", ""},
      LaterKey{"cache", ""},
  };
};

}  // namespace sp::config
