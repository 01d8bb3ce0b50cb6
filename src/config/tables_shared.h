// The tables of what stands at several levels: field edits, timeouts, TLS towards servers.
#pragma once

#include <chrono>

#include "config/grammar.h"
#include "config/schema.h"

namespace sp::config {

// `on` and `off`: YAML 1.1 words, whoever learned which of them.
template <>
struct EnumWords<OnOff> {
  static constexpr std::array words{
      std::pair{"on", OnOff::on},  std::pair{"off", OnOff::off}, std::pair{"yes", OnOff::on},
      std::pair{"no", OnOff::off}, std::pair{"true", OnOff::on}, std::pair{"false", OnOff::off},
  };
  static constexpr std::size_t shown = 2;
};
template <>
struct EnumWords<bool> {
  static constexpr std::array words{
      std::pair{"true", true}, std::pair{"false", false}, std::pair{"yes", true},
      std::pair{"no", false},  std::pair{"on", true},     std::pair{"off", false},
  };
  static constexpr std::size_t shown = 2;
};
template <>
struct EnumWords<ProxyVersion> {
  static constexpr std::array words{std::pair{"off", ProxyVersion::off}, std::pair{"v1", ProxyVersion::v1},
                                    std::pair{"v2", ProxyVersion::v2}};
};
template <>
struct EnumWords<Verify> {
  static constexpr std::array words{std::pair{"full", Verify::full}, std::pair{"chain", Verify::chain},
                                    std::pair{"none", Verify::none}};
};

namespace timeout_docs {
inline constexpr std::string_view client_head =
    "How long a client may take for the head of a request, its TLS handshake, or its PROXY header.";
inline constexpr std::string_view connect = "How long a connection to a server may take, TLS included.";
inline constexpr std::string_view response_head = "How long a server may take for the head of its response.";
inline constexpr std::string_view body_idle = "How long no byte of a body may arrive.";
inline constexpr std::string_view min_rate =
    "How fast a body must arrive, averaged over half a minute; `0B/s` is any rate.";
inline constexpr std::string_view keep_alive = "How long a connection stays open between two requests.";
inline constexpr std::string_view tunnel_idle =
    "How long nothing may pass through a WebSocket, another tunnel, or a connection of `tcp://` or `tls://`.";
inline constexpr std::string_view half_closed =
    "The same, once one side of a tunnel or of such a connection has said that it is done.";
}  // namespace timeout_docs

inline constexpr Range<Duration> timeout_range{std::chrono::milliseconds(1), std::chrono::hours(24 * 365)};

template <>
struct Schema<TimeoutsOverride> {
  static constexpr std::string_view name = "other timeouts";
  static constexpr std::string_view doc = "The same keys as `timeouts`: what is set here replaces the outer value.";
  static constexpr auto fields = std::tuple{
      field("client_head", &TimeoutsOverride::client_head, timeout_docs::client_head, timeout_range),
      field("connect", &TimeoutsOverride::connect, timeout_docs::connect, timeout_range),
      field("response_head", &TimeoutsOverride::response_head, timeout_docs::response_head, timeout_range),
      field("body_idle", &TimeoutsOverride::body_idle, timeout_docs::body_idle, timeout_range),
      field("min_rate", &TimeoutsOverride::min_rate, timeout_docs::min_rate),
      field("keep_alive", &TimeoutsOverride::keep_alive, timeout_docs::keep_alive, timeout_range),
      field("tunnel_idle", &TimeoutsOverride::tunnel_idle, timeout_docs::tunnel_idle, timeout_range),
      field("half_closed", &TimeoutsOverride::half_closed, timeout_docs::half_closed, timeout_range),
  };
};

template <>
struct Schema<FieldEdits> {
  static constexpr std::string_view name = "field edits";
  static constexpr std::string_view doc =
      "Changes to the fields of a message, in the order `remove`, `set`, `add`. Values may hold `${...}`.";
  static constexpr auto fields = std::tuple{
      field("set", &FieldEdits::set, "Fields that replace those of the same name.",
            KeyGrammar{"the name of a field", editable_field}, Grammar{"a field value", field_value}),
      field("add", &FieldEdits::add, "Fields that are added beside those of the same name.",
            KeyGrammar{"the name of a field", editable_field}, Grammar{"a field value", field_value}),
      field("remove", &FieldEdits::remove, "Names of fields that are removed.",
            Grammar{"the name of a field", editable_field}),
  };
};

template <>
struct Schema<SendProxyConfig> {
  static constexpr std::string_view name = "send_proxy";
  static constexpr std::string_view doc =
      "The header of the PROXY protocol with which connections to a server begin. A word alone is `version`.";
  static constexpr std::string_view shorthand = "version";
  static constexpr auto fields = std::tuple{
      field("version", &SendProxyConfig::version, "Which version of the header, or `off`."),
      field("crc32c", &SendProxyConfig::crc32c, "Of version 2: whether it has a checksum."),
      field("unique_id", &SendProxyConfig::unique_id,
            "Of version 2: whether it has an identifier of the connection, which is in the log too."),
      field("tlvs", &SendProxyConfig::tlvs,
            "Of version 2: values of your own by their type, `0xE0` to `0xEF`. They may hold `${...}`.",
            KeyGrammar{"a type from 0xE0 to 0xEF", custom_tlv}, Grammar{"text", tlv_value}),
  };
};

template <>
struct Schema<UpstreamTlsConfig> {
  static constexpr std::string_view name = "upstream_tls";
  static constexpr std::string_view doc = "How TLS is spoken with servers.";
  static constexpr auto fields = std::tuple{
      field("verify", &UpstreamTlsConfig::verify,
            "What is verified: `full` is chain, dates and name; `chain` is chain and dates, for any name; `none` is "
            "nothing."),
      field("ca", &UpstreamTlsConfig::ca, "The PEM file with the authorities to trust, instead of the system's.",
            FilePath{}),
      field("sni", &UpstreamTlsConfig::sni, "The name that is asked for. Without it: the Host that is sent.",
            Grammar{"a host name", host_name}),
      field("cert", &UpstreamTlsConfig::cert, "The PEM file with the certificate that is shown to the server.",
            FilePath{}),
      field("key", &UpstreamTlsConfig::key, "The PEM file with its private key.", FilePath{}),
      field("http2", &UpstreamTlsConfig::http2,
            "Whether HTTP/2 is offered to the server, besides HTTP/1.1; the server chooses."),
      field("pin", &UpstreamTlsConfig::pin,
            "The SHA-256 of the server's public key in base64; one of several must match.",
            Grammar{"base64 of 32 octets", public_key_pin}),
  };
};

}  // namespace sp::config
