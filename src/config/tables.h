// The tables of the schema: every key of sallyport.yaml, with its documentation and its rules. Defaults are those of
// model.h. The parts follow the file from the outside to the inside; each includes the one within it.
#pragma once

#include "config/tables_entry.h"
#include "config/tables_outbound.h"
#include "config/tables_upstream.h"

namespace sp::config {

using namespace std::chrono_literals;

template <>
struct EnumWords<LogFormat> {
  static constexpr std::array words{std::pair{"json", LogFormat::json}, std::pair{"common", LogFormat::common},
                                    std::pair{"combined", LogFormat::combined}};
};

template <>
struct Schema<CertificateConfig> {
  static constexpr std::string_view name = "certificate";
  static constexpr std::string_view doc =
      "A certificate that is shown to clients. The names that it is for are read from the certificate itself.";
  static constexpr auto fields = std::tuple{
      field("cert", &CertificateConfig::cert, "The PEM file with the certificate, followed by its chain.", Required{},
            FilePath{}),
      field("key", &CertificateConfig::key, "The PEM file with its private key.", Required{}, FilePath{}),
      field("default", &CertificateConfig::is_default,
            "Whether it is shown to clients that ask for no name, or for one that no certificate has."),
  };
};

template <>
struct Schema<TimeoutsConfig> {
  static constexpr std::string_view name = "timeouts";
  static constexpr std::string_view doc =
      "How long anything may take. There is no limit for a body in all: it lives while bytes flow. An entry, site, "
      "route or "
      "upstream may set its own.";
  static constexpr auto fields = std::tuple{
      field("client_head", &TimeoutsConfig::client_head, timeout_docs::client_head, timeout_range),
      field("connect", &TimeoutsConfig::connect, timeout_docs::connect, timeout_range),
      field("response_head", &TimeoutsConfig::response_head, timeout_docs::response_head, timeout_range),
      field("body_idle", &TimeoutsConfig::body_idle, timeout_docs::body_idle, timeout_range),
      field("min_rate", &TimeoutsConfig::min_rate, timeout_docs::min_rate),
      field("keep_alive", &TimeoutsConfig::keep_alive, timeout_docs::keep_alive, timeout_range),
      field("tunnel_idle", &TimeoutsConfig::tunnel_idle, timeout_docs::tunnel_idle, timeout_range),
      field("half_closed", &TimeoutsConfig::half_closed, timeout_docs::half_closed, timeout_range),
  };
};

template <>
struct Schema<LogConfig> {
  static constexpr std::string_view name = "log";
  static constexpr std::string_view doc = "The access log.";
  static constexpr auto fields = std::tuple{
      field("access", &LogConfig::access,
            "Where the access log goes: `off`, `stdout`, `syslog`, `journal` or the path of a file.",
            Grammar{"off, stdout, syslog, journal or a path", access_log}),
      field("format", &LogConfig::format,
            "How its lines look: JSON, or the common log format of other servers; `combined` adds `Referer` and "
            "`User-Agent`."),
  };
};

template <>
struct Schema<RuntimeConfig> {
  static constexpr std::string_view name = "runtime";
  static constexpr std::string_view doc = "The process itself.";
  static constexpr auto fields = std::tuple{
      field("workers", &RuntimeConfig::workers, "How many threads serve; `auto` is one for each core.",
            range(1u, 1024u), word("auto", 0u)),
      field("drain", &RuntimeConfig::drain, "How long connections may go on when the gate is to end.",
            range<Duration>(0ms, 24h)),
      field("doctor", &RuntimeConfig::doctor,
            "Whether servers of `tcp://`, `tls://` and mail, and those with `send_proxy`, are asked at the start and "
            "after each reload whether they take what they are sent; the log says what is wrong. As `sallyport doctor` "
            "does."),
  };
};

template <>
struct Schema<ExpectationConfig> {
  static constexpr std::string_view name = "expect";
  static constexpr std::string_view doc =
      "What a test expects. Only what is given is compared. A text alone is `refused`.";
  static constexpr std::string_view shorthand = "refused";
  static constexpr auto fields = std::tuple{
      field("upstream", &ExpectationConfig::upstream, "The URL that the server would be asked for."),
      field("route", &ExpectationConfig::route, "The `path`, `exact` or `regex` of the route that takes the request."),
      field("status", &ExpectationConfig::status,
            "The status of what the gate answers itself: a redirect, a response or a refusal.",
            range<std::uint16_t>(100, 599)),
      field("location", &ExpectationConfig::location, "Where a redirect leads."),
      field("header", &ExpectationConfig::header, "Fields of the request as the server would get it.",
            KeyGrammar{"the name of a field", field_name}),
      field("server", &ExpectationConfig::server,
            "Of `connect`: the URL of a server that would be connected to, with its port."),
      field("target", &ExpectationConfig::target,
            "Of `connect`: the line that says where the connection goes, such as `sni mail.example.com`, `port 465` or "
            "`to`."),
      field("rule", &ExpectationConfig::rule,
            "Of `outbound`: the destination of the rule that decides, as it is written there, such as `.gitlab.com`."),
      field("refused", &ExpectationConfig::refused,
            "The reason for which the request or connection is refused, as in the log: `denied`, `no_route`, "
            "`no_target`. Of `outbound`, `denied` is any refusal by its rules or `clients`, and `allowed` is that "
            "there is "
            "none.",
            Grammar{"a code of the log", expected_refusal}),
  };
};

template <>
struct Schema<TestConfig> {
  static constexpr std::string_view name = "test";
  static constexpr std::string_view doc =
      "An expectation that `sallyport test` compares with what the configuration does.";
  static constexpr auto fields = std::tuple{
      field("request", &TestConfig::request, "A request: a method (GET if none is given) and a URL.",
            Grammar{"[METHOD] URL", test_request}),
      field("connect", &TestConfig::connect,
            "Instead of a request, a connection to `tcp://`, `tls://` or mail: `tcp://mail.example.com:993`.",
            Grammar{"a URL", test_connection}),
      field("outbound", &TestConfig::outbound,
            "Instead of them, what an application asks the way out for: `CONNECT gitlab.com:443`, or a method (GET if "
            "none is given) and a URL. Nothing is looked up.",
            Grammar{"CONNECT HOST:PORT, or [METHOD] URL", test_outbound}),
      field("user", &TestConfig::user, "Of `outbound`: the user, whose password is right."),
      field("entry", &TestConfig::entry, "Of `outbound`: the name of the entry. Without it: the first."),
      field("address", &TestConfig::address,
            "Of `outbound`: the addresses that the name leads to. Without it: only the name is judged.", NotEmpty{},
            Grammar{"an IP address", ip_address}),
      field(
          "from", &TestConfig::from,
          "The address that it comes from. Without it: 192.0.2.1; of `outbound`, 127.0.0.1 or, where it is not one of "
          "`clients`, the first of them.",
          Grammar{"an IP address", ip_address}),
      field("sni", &TestConfig::sni,
            "Of `connect`: the name that the client asks for by TLS; `\"\"` is none. Without it: the host of the URL.",
            Grammar{"a host name", client_name}),
      field("alpn", &TestConfig::alpn, "Of `connect`: the protocols that the client offers by TLS.",
            Grammar{"the name of a protocol", alpn_protocol}),
      field("proxy", &TestConfig::proxy, "What a PROXY header says of the client: `authority: mail.example.com`.",
            KeyGrammar{"the NAME of a `${proxy.NAME}`", proxy_value_name}),
      field("header", &TestConfig::header, "Fields of the request.", KeyGrammar{"the name of a field", field_name}),
      field("expect", &TestConfig::expect, "What is to come of it.", Required{}),
  };
};

template <>
struct Schema<Config> {
  static constexpr std::string_view name = "configuration";
  static constexpr std::string_view doc =
      "The whole file. `include: conf.d/*.yaml` adds other files: their lists are joined to the lists here, their maps "
      "merged.";
  static constexpr auto fields = std::tuple{
      field("certificates", &Config::certificates,
            "The certificates that are shown to clients; chosen by the name they ask for."),
      field("inbound", &Config::inbound, "What stands in front of your own applications.", RequiredUnless{"outbound"},
            NotEmpty{}),
      field("outbound", &Config::outbound, "The way out for your own applications: forward proxies.", NotEmpty{}),
      field("upstreams", &Config::upstreams, "Groups of servers, by a name that `to` of a route or an entry can use.",
            KeyGrammar{"letters, digits, `-`, `_` and dots", simple_name}),
      field("timeouts", &Config::timeouts, "How long anything may take."),
      field("log", &Config::log, "The access log."),
      field("runtime", &Config::runtime, "The process itself."),
      field("tests", &Config::tests, "Expectations that `sallyport test` checks."),
  };
  static constexpr std::array later{
      LaterKey{"acme", "name the certificates in `certificates`"},
      LaterKey{"cache", ""},
      LaterKey{"admin", ""},
      LaterKey{"state", ""},
      LaterKey{"limits", "set `limits` of an entry of `inbound`"},
  };
};

}  // namespace sp::config
