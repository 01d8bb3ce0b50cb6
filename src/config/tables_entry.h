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
struct EnumWords<StartTls> {
  static constexpr std::array words{std::pair{"optional", StartTls::optional},
                                    std::pair{"required", StartTls::required}};
};
template <>
struct EnumWords<MailProtocol> {
  static constexpr std::array words{std::pair{"smtp", MailProtocol::smtp}, std::pair{"imap", MailProtocol::imap},
                                    std::pair{"pop3", MailProtocol::pop3}, std::pair{"sieve", MailProtocol::sieve}};
};
template <>
struct EnumWords<InClear> {
  static constexpr std::array words{std::pair{"refuse", InClear::refuse}, std::pair{"allow", InClear::allow}};
};

template <>
struct Schema<AcceptProxyConfig> {
  static constexpr std::string_view name = "accept_proxy";
  static constexpr std::string_view doc =
      "Proxies in front of this one that say by the PROXY protocol who connects. What they say counts as the address "
      "of "
      "the client.";
  static constexpr auto fields = std::tuple{
      field("from", &AcceptProxyConfig::from,
            "Their addresses: they must send a header, of version 1 or 2. From everybody else none is taken.",
            Required{}, NotEmpty{}, Grammar{"an address or network", network}),
  };
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
      field("connections_per_address", &LimitsConfig::connections_per_address,
            "The most connections of one client address at a time; `off` is any number. "
            "Addresses of IPv6 are counted by their network of 64 bits.",
            range(1u, 10'000'000u), word("off", 0u)),
      field(
          "rate_per_address", &LimitsConfig::rate_per_address,
          "How many new connections of one client address are served; as many at once as the number says. `off` is any "
          "number.",
          word("off", CountRate{})),
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
struct Schema<ImageProxyConfig> {
  static constexpr std::string_view name = "image_proxy";
  static constexpr std::string_view doc =
      "Fetches images of other sites for pages of this one. Their URLs are signed as those of camo are: "
      "`PREFIX/DIGEST/URL in hex` or `PREFIX/DIGEST?url=URL`, where DIGEST is the HMAC-SHA1 of the URL in hex.";
  static constexpr auto fields = std::tuple{
      field("key", &ImageProxyConfig::key,
            "What the application signs URLs with, as it came: `{ file: /etc/sallyport/images.key }` or "
            "`${env.NAME}`.",
            Required{}, Grammar{"text", not_empty_text}),
      field("outbound", &ImageProxyConfig::outbound,
            "The name of the entry of `outbound` whose rules say what may be fetched; there the user is "
            "`image-proxy`, at 127.0.0.1.",
            Required{}, Grammar{"the name of an entry", simple_name}),
      field("max_size", &ImageProxyConfig::max_size, "The largest image.", range(Bytes{1024}, Bytes{64u << 20})),
      field("max_pixels", &ImageProxyConfig::max_pixels,
            "The most pixels of an image; of an animation those of each frame, and 16 times as many for all together.",
            range<std::uint64_t>(1, 10'000'000'000)),
      field("max_redirects", &ImageProxyConfig::max_redirects, "How many redirects are followed.", range(0u, 20u)),
      field("cache", &ImageProxyConfig::cache,
            "How much memory of each worker keeps images that may be kept; `off` is none.",
            range(Bytes{0}, Bytes{std::uint64_t{16} << 30}), word("off", Bytes{0})),
  };
};

inline constexpr Grammar client_rule_grammar{"an address or network, or `${proxy.NAME} = TEXT`", client_rule};

template <>
struct Schema<RouteConfig> {
  static constexpr std::string_view name = "route";
  static constexpr std::string_view doc =
      "What happens to some of the paths of a site. One of `exact`, `path` and `regex` says which; one of `to`, "
      "`redirect`, `respond` and `image_proxy` says what. An `exact` path wins over the longest `path`, which wins "
      "over a `regex`; of equal "
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
      field("image_proxy", &RouteConfig::image_proxy, "Fetches images of other sites, by signed URLs."),
      field("host", &RouteConfig::host,
            "The Host that the server sees: `preserve` (the client's), `upstream` (the server's own name) or a literal "
            "name.",
            Grammar{"preserve, upstream or a host", host_setting}),
      field("request_headers", &RouteConfig::request_headers,
            "Changes to the fields of requests, after those of the site."),
      field("response_headers", &RouteConfig::response_headers,
            "Changes to the fields of responses, after those of the site."),
      field("upstream_tls", &RouteConfig::upstream_tls, "How TLS is spoken with the server."),
      field("send_proxy", &RouteConfig::send_proxy,
            "Whether the server is told by a header of the PROXY protocol who connects."),
      field("allow", &RouteConfig::allow, "Clients by address; all others get 403.", client_rule_grammar),
      field("deny", &RouteConfig::deny, "Clients by address that get 403; wins over `allow`.", client_rule_grammar),
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
            client_rule_grammar),
      field("deny", &SiteConfig::deny, "Clients by address that get 403; wins over `allow`.", client_rule_grammar),
      field("max_body", &SiteConfig::max_body, "The largest request body; `off` is no limit.", word("off", unlimited)),
      field("timeouts", &SiteConfig::timeouts, "Other timeouts for this site."),
  };
  static constexpr std::array later{LaterKey{"cache", ""}};
};

template <>
struct Schema<InboundConfig> {
  static constexpr std::string_view name = "inbound entry";
  static constexpr std::string_view doc =
      "Addresses to listen on, and what is behind them: sites, or servers that get the octets as they come.";
  static constexpr auto fields = std::tuple{
      field("name", &InboundConfig::name, "For the log and the metrics. Without it: `inbound-1`, `inbound-2`...",
            Grammar{"letters, digits, `-`, `_` and dots", simple_name}),
      field("listen", &InboundConfig::listen,
            "URLs to listen on: `https://:443`, `http://127.0.0.1:80`, `http+unix:///run/gate.sock`. `h2c://` is "
            "`http://` "
            "where clients may also begin with HTTP/2 at once. An entry that has both http and https redirects http to "
            "https. `tcp://:993` passes on what comes, whatever it is; `tls://:993` as well, and TLS ends here; "
            "`smtp://:25`, `imap://:143`, `pop3://:110` and `sieve://:4190` as well, and STARTTLS ends here.",
            Required{}, NotEmpty{}, Grammar{"a URL", listen_url}),
      field("trusted_proxies", &InboundConfig::trusted_proxies,
            "Whose Forwarded and X-Forwarded-* fields are believed and extended; from all others they are replaced.",
            Grammar{"an address or network", network}),
      field("sites", &InboundConfig::sites, "The sites, chosen by host name.", NotEmpty{}),
      field("to", &InboundConfig::to,
            "Of `tcp://`, `tls://` and mail: the server, `tcp://10.0.0.7:10993`, `tls://mail.internal:993` or, with "
            "STARTTLS, `smtp://10.0.0.7:25`; or the name of an upstream. Without a port it is the one that the client "
            "has connected to.",
            Grammar{"a URL or the name of an upstream", relay_target}),
      field("ports", &InboundConfig::ports, "Other servers than `to`, by the port that the client has connected to.",
            KeyGrammar{"a port", port}, Grammar{"a URL or the name of an upstream", relay_target}),
      field("sni", &InboundConfig::sni,
            "Other servers than `to`, by the name that a TLS client asks for: `mail.example.com`, `*.example.com` (all "
            "below it) or `*`. On `tcp://` it is read without decrypting anything.",
            KeyGrammar{"a host name", host_pattern}, Grammar{"a URL or the name of an upstream", relay_target}),
      field(
          "alpn", &InboundConfig::alpn,
          "Servers for connections whose TLS client offers a protocol, such as `acme-tls/1`; wins over all else. They "
          "are passed on untouched, on `tls://` and `https://` as well.",
          KeyGrammar{"the name of a protocol", alpn_protocol},
          Grammar{"a URL or the name of an upstream", relay_target}),
      field(
          "send_proxy", &InboundConfig::send_proxy,
          "Of `tcp://`, `tls://` and mail: whether the server is told by a header of the PROXY protocol who connects."),
      field("accept_proxy", &InboundConfig::accept_proxy,
            "Proxies in front of this one that say by the PROXY protocol who connects."),
      field(
          "protocol", &InboundConfig::protocol,
          "Of `tcp://` and `tls://`: which mail protocol is spoken, so that it is treated as mail though neither side "
          "begins with STARTTLS: true capabilities, no password in clear, `xclient`."),
      field("starttls", &InboundConfig::starttls,
            "Of mail: whether clients must ask for TLS before anything else. Without it: `optional` for `smtp://`, "
            "`required` for the others."),
      field(
          "xclient", &InboundConfig::xclient,
          "Of mail: whether the server is told by XCLIENT (SMTP, POP3, ManageSieve) or ID (IMAP) who connects; it must "
          "trust this gate."),
      field("passwords_in_clear", &InboundConfig::passwords_in_clear,
            "Of mail: whether clients may log in where they or the server speak without TLS. A server on this machine "
            "counts as one with TLS."),
      field("upstream_tls", &InboundConfig::upstream_tls,
            "Of `tcp://`, `tls://` and mail: how TLS is spoken with the server."),
      field("allow", &InboundConfig::allow,
            "Of `tcp://`, `tls://` and mail: clients by address; the connections of all others are closed.",
            client_rule_grammar),
      field("deny", &InboundConfig::deny,
            "Of `tcp://`, `tls://` and mail: clients by address that are not served; wins over `allow`.",
            client_rule_grammar),
      field("tls", &InboundConfig::tls, "How TLS is spoken with clients."),
      field("max_body", &InboundConfig::max_body, "The largest request body; `off` is no limit.",
            word("off", unlimited)),
      field("timeouts", &InboundConfig::timeouts, "Other timeouts for this entry."),
      field("limits", &InboundConfig::limits, "How much a client may send or hold."),
  };
  static constexpr std::array later{LaterKey{"cache", ""}};
};

}  // namespace sp::config
