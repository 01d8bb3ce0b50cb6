// The tables of `outbound`.
#pragma once

#include "config/grammar.h"
#include "config/tables_shared.h"

namespace sp::config {

template <>
struct Schema<OutboundRuleConfig> {
  static constexpr std::string_view name = "outbound rule";
  static constexpr std::string_view doc =
      "What may be reached, or may not. The first rule that matches decides; where none does, the request is refused. "
      "A "
      "destination is an IP address, a network, a domain (itself and all below it), a domain with a leading dot (what "
      "is "
      "below it) or `*`; each with an optional `:port`.";
  static constexpr auto fields = std::tuple{
      field("allow", &OutboundRuleConfig::allow, "Destinations that may be reached.", NotEmpty{}),
      field("deny", &OutboundRuleConfig::deny, "Destinations that may not be reached.", NotEmpty{}),
      field("who", &OutboundRuleConfig::who, "The users that it is for. Without it: all.", NotEmpty{}),
      field("from", &OutboundRuleConfig::from, "The addresses of the clients that it is for. Without it: all.",
            NotEmpty{}, Grammar{"an address or network", network}),
      field(
          "ports", &OutboundRuleConfig::ports,
          "The ports that it is for, `443` or `8000-8999`. Without it: 80 for requests, 443 for CONNECT and SOCKS; of "
          "`deny` all.",
          NotEmpty{}),
      field("methods", &OutboundRuleConfig::methods, "The methods that it is for, where the request can be seen.",
            NotEmpty{}),
      field("paths", &OutboundRuleConfig::paths,
            "The paths that it is for, with all below them, where the request can be seen.", NotEmpty{},
            Grammar{"a path", route_path}),
      field("until", &OutboundRuleConfig::until, "The last day on which it holds (UTC): `2027-01-31`."),
      field("schedule", &OutboundRuleConfig::schedule, "When it holds (UTC): `Mon-Fri 08:00-18:00`."),
      field("reason", &OutboundRuleConfig::reason, "Of `deny`: shown to who is refused, and in the log.",
            Grammar{"text", plain_field_value}),
  };
};

template <>
struct EnumWords<OutboundMode> {
  static constexpr std::array words{std::pair{"enforce", OutboundMode::enforce},
                                    std::pair{"observe", OutboundMode::observe}};
};

template <>
struct Schema<RecordConfig> {
  static constexpr std::string_view name = "record";
  static constexpr std::string_view doc =
      "What was asked of the way out is written down in an SQLite database: who, where to, how often, how much, and "
      "what the rules said. `sallyport policy` reads it. A text alone is `path`.";
  static constexpr std::string_view shorthand = "path";
  static constexpr auto fields = std::tuple{
      field("path", &RecordConfig::path, "The database; entries may share one. It is made if it is not there.",
            Required{}, FilePath{}),
      field("keep", &RecordConfig::keep, "How long what was seen is remembered: `90d`.",
            range(Duration(std::chrono::days(1)), Duration(std::chrono::days(3650)))),
  };
};

template <>
struct Schema<ParentConfig> {
  static constexpr std::string_view name = "parent";
  static constexpr std::string_view doc =
      "Another proxy, through which this way out reaches what it may reach. A text alone is `url`.";
  static constexpr std::string_view shorthand = "url";
  static constexpr auto fields = std::tuple{
      field("url", &ParentConfig::url,
            "`http://NAME:PASSWORD@HOST:PORT`, `https://` (TLS to the proxy) or `socks5://`. Special characters of the "
            "password are written as `%XX`."),
      field(
          "environment", &ParentConfig::environment,
          "Instead of `url`: requests go through the proxy that `HTTP_PROXY` of the gate's environment names, tunnels "
          "through that of `HTTPS_PROXY`, and `NO_PROXY` is read unless there is `no_proxy`."),
      field("no_proxy", &ParentConfig::no_proxy,
            "Destinations that are reached without it, as rules write them, with commas between them.",
            Grammar{"destinations with commas between them", plain_field_value}),
      field("lookup", &ParentConfig::lookup,
            "Whether names are looked up here too, so that those which lead to refused addresses are refused. Where "
            "there is no answer the name alone is judged. `off`: nothing is looked up."),
      field("upstream_tls", &ParentConfig::upstream_tls, "How TLS is spoken with a proxy of `https://`."),
  };
};

template <>
struct EnumWords<ScannerGone> {
  static constexpr std::array words{std::pair{"refuse", ScannerGone::refuse}, std::pair{"pass", ScannerGone::pass}};
};

template <>
struct Schema<ScannerConfig> {
  static constexpr std::string_view name = "scanner";
  static constexpr std::string_view doc =
      "Services of ICAP (a virus scanner, say) that are shown what passes where it can be seen, and may refuse it. It "
      "is held back until they have said what becomes of it.";
  static constexpr auto fields = std::tuple{
      field("requests", &ScannerConfig::requests, "The service for requests (REQMOD): `icap://127.0.0.1:1344/reqmod`.",
            Grammar{"a URL of ICAP", icap_url}),
      field("responses", &ScannerConfig::responses,
            "The service for responses with content (RESPMOD): `icap://127.0.0.1:1344/avscan`.",
            Grammar{"a URL of ICAP", icap_url}),
      field("timeout", &ScannerConfig::timeout, "How long a verdict may take, once all of the content is here.",
            timeout_range),
      field("unavailable", &ScannerConfig::unavailable,
            "What becomes of what there is no verdict on, since the scanner cannot be reached, is too slow or answers "
            "nonsense, or since there is more content than `max_body`."),
      field("max_body", &ScannerConfig::max_body, "The most content that is held back for a verdict.",
            range(Bytes{1}, Bytes{std::uint64_t{128} << 20})),
  };
};

template <>
struct Schema<ShareConfig> {
  static constexpr std::string_view name = "share";
  static constexpr std::string_view doc =
      "What each user, or each destination, may have of a way out, counted for all workers together.";
  static constexpr auto fields = std::tuple{
      field("rate", &ShareConfig::rate,
            "How many requests and tunnels may begin; as many at once as the number says. `off` is any number.",
            word("off", CountRate{})),
      field("tunnels", &ShareConfig::tunnels, "The most tunnels at a time; `off` is any number.",
            range(1u, 10'000'000u), word("off", 0u)),
      field("bytes", &ShareConfig::bytes, "How much may pass in a day (UTC), both ways; `off` is any amount.",
            range(Bytes{1}, Bytes{std::uint64_t{1} << 60}), word("off", Bytes{0})),
  };
};

template <>
struct EnumWords<Pinned> {
  static constexpr std::array words{std::pair{"pass", Pinned::pass}, std::pair{"refuse", Pinned::refuse}};
};

template <>
struct Schema<InspectConfig> {
  static constexpr std::string_view name = "inspect";
  static constexpr std::string_view doc =
      "TLS in tunnels is opened: the server is verified here, the client is shown a certificate that is made for its "
      "name, and each request is judged by the rules.";
  static constexpr auto fields = std::tuple{
      field("ca", &InspectConfig::ca,
            "The authority that signs what clients are shown, and its key: `sallyport ca create` makes one. Clients "
            "have to trust it.",
            Required{}),
      field("only", &InspectConfig::only, "The destinations that are opened. Without it: all.", NotEmpty{}),
      field("except", &InspectConfig::except, "The destinations that stay closed.", NotEmpty{}),
      field("pinned", &InspectConfig::pinned,
            "What happens to clients that refuse the certificate: `pass` leaves their next tunnel closed, where rules "
            "allow it as such; `refuse` does not."),
      field("upstream_tls", &InspectConfig::upstream_tls, "How TLS is spoken with the servers."),
  };
};

template <>
struct Schema<OutboundConfig> {
  static constexpr std::string_view name = "outbound entry";
  static constexpr std::string_view doc =
      "A forward proxy: the way out for your own applications. Nothing that no rule allows is reachable, and addresses "
      "of "
      "private and other special networks are not, unless they are named.";
  static constexpr auto fields = std::tuple{
      field("name", &OutboundConfig::name, "For the log and the metrics. Without it: `outbound-1`, `outbound-2`...",
            Grammar{"letters, digits, `-`, `_` and dots", simple_name}),
      field("listen", &OutboundConfig::listen,
            "URLs to listen on: `proxy://127.0.0.1:3128` is HTTP, TLS and SOCKS5 on one port, told apart by the first "
            "octet; `http://`, `https://` and `socks5://` are for one of them.",
            Required{}, NotEmpty{}, Grammar{"a URL", outbound_listen_url}),
      field("users", &OutboundConfig::users,
            "An htpasswd file: clients say a user and a password of it. Hashes are bcrypt, SHA-256-crypt, "
            "SHA-512-crypt or yescrypt.",
            FilePath{}),
      field("clients", &OutboundConfig::clients,
            "Who may connect. Without it: anybody who is a user; where there are no `users`, this machine.",
            Grammar{"an address or network", network}),
      field("rules", &OutboundConfig::rules, "What may be reached: the first rule that matches decides."),
      field("mode", &OutboundConfig::mode,
            "`enforce`: what no rule allows is refused. `observe`: it passes, and the log and the `record` say what "
            "would have been refused. Private and special addresses are refused in both."),
      field("record", &OutboundConfig::record, "Where is written down what was asked of it."),
      field("private_networks", &OutboundConfig::private_networks,
            "Private and special networks that names may lead to nevertheless, where a rule allows the name.",
            Grammar{"an address or network", network}),
      field("inspect", &OutboundConfig::inspect, "Which tunnels are opened, and by which authority."),
      field("parent", &OutboundConfig::parent, "The proxy that this way out goes through itself."),
      field("via", &OutboundConfig::via, "Whether servers are told of this gate by `Via`."),
      field("forwarded", &OutboundConfig::forwarded, "Whether servers are told of the client by `X-Forwarded-For`."),
      field("tls", &OutboundConfig::tls, "How TLS is spoken with clients; here `http2` is off unless it is set."),
      field("max_body", &OutboundConfig::max_body, "The largest request body; `off` is no limit.",
            word("off", unlimited)),
      field("timeouts", &OutboundConfig::timeouts, "Other timeouts for this entry."),
      field("limits", &OutboundConfig::limits, "How much a client may send or hold."),
      field("scanner", &OutboundConfig::scanner, "Who is shown what passes, and may refuse it."),
      field(
          "per_user", &OutboundConfig::per_user,
          "What each user may have; where there are no `users`, each address of a client (of IPv6: each network of 64 "
          "bits)."),
      field("per_destination", &OutboundConfig::per_destination,
            "What may go to each name or address that is asked for."),
  };
};

}  // namespace sp::config
