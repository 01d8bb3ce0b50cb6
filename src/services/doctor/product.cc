#include "services/doctor/product.h"

#include <fmt/format.h>

#include <array>

namespace sp::doctor {
namespace {

struct Row {
  Product product;
  std::string_view name;
  std::string_view mark;  // in what it says
};

// "Pigeonhole" is the name of Dovecot's ManageSieve. Stalwart's complaint is its own: others say "Error:", or
// "unrecognized".
constexpr std::array rows{
    Row{Product::stalwart, "Stalwart", "Stalwart"},
    Row{Product::stalwart, "Stalwart", "500 5.5.1 Invalid command"},
    Row{Product::postfix, "Postfix", "Postfix"},
    Row{Product::postfix, "Postfix", "502 5.5.2 Error: command not"},
    Row{Product::postfix, "Postfix", "500 5.5.2 Error: bad syntax"},
    Row{Product::dovecot, "Dovecot", "Dovecot"},
    Row{Product::dovecot, "Dovecot", "Pigeonhole"},
    Row{Product::exim, "Exim", "Exim"},
    Row{Product::exim, "Exim", "554 SMTP synchronization error"},
    Row{Product::nginx, "nginx", "Server: nginx"},
    Row{Product::nginx, "nginx", "<center>nginx"},
    Row{Product::apache, "Apache httpd", "Server: Apache"},
    Row{Product::caddy, "Caddy", "Server: Caddy"},
};

}  // namespace

Product product_of(ByteView octets) {
  for (const Row& row : rows) {
    if (octets.find(row.mark) != ByteView::npos) return row.product;
  }
  return Product::unknown;
}

std::string_view name(Product product) {
  for (const Row& row : rows) {
    if (row.product == product) return row.name;
  }
  return "the server";
}

std::string how_to_expect(Product product, std::string_view gate) {
  switch (product) {
    case Product::stalwart:
      return fmt::format("in Stalwart add {} to the proxy trusted networks (proxyTrustedNetworks)", gate);
    case Product::postfix:
      return "in Postfix give this service `-o smtpd_upstream_proxy_protocol=haproxy` in master.cf (behind postscreen: "
             "`postscreen_upstream_proxy_protocol = haproxy` in main.cf)";
    case Product::dovecot:
      return fmt::format("in Dovecot write `haproxy = yes` in this inet_listener, and `haproxy_trusted_networks = {}`",
                         gate);
    case Product::exim: return fmt::format("in Exim write `hosts_proxy = {}`", gate);
    case Product::nginx: return "in nginx add `proxy_protocol` to this `listen`";
    case Product::apache: return "in Apache httpd write `RemoteIPProxyProtocol On` (mod_remoteip) for this server";
    case Product::caddy:
      return fmt::format("in Caddy add `proxy_protocol {{ allow {} }}` to the listener_wrappers", gate);
    case Product::unknown: break;
  }
  return fmt::format("let the server take a PROXY header from {}", gate);
}

std::string how_to_trust(Product product, std::string_view gate) {
  switch (product) {
    case Product::stalwart:
    case Product::exim:
    case Product::caddy: return how_to_expect(product, gate);
    case Product::dovecot: return fmt::format("in Dovecot add {} to `haproxy_trusted_networks`", gate);
    default: break;
  }
  return fmt::format(
      "let the server take PROXY headers from {} (Dovecot: `haproxy_trusted_networks`; Stalwart: "
      "proxyTrustedNetworks), "
      "and look into its log",
      gate);
}

std::string how_to_expect_none(Product product, std::string_view gate) {
  switch (product) {
    case Product::stalwart:
      return fmt::format("in Stalwart take {} out of the proxy trusted networks (proxyTrustedNetworks)", gate);
    case Product::postfix:
      return "in Postfix remove `smtpd_upstream_proxy_protocol` (or `postscreen_upstream_proxy_protocol`) for this "
             "service";
    case Product::dovecot: return "in Dovecot remove `haproxy = yes` from this inet_listener";
    case Product::exim: return fmt::format("in Exim take {} out of `hosts_proxy`", gate);
    case Product::nginx: return "in nginx remove `proxy_protocol` from this `listen`";
    case Product::apache: return "in Apache httpd turn `RemoteIPProxyProtocol` off for this server";
    case Product::caddy: return "in Caddy remove `proxy_protocol` from the listener_wrappers";
    case Product::unknown: break;
  }
  return "turn it off in the server";
}

std::string how_to_trust_identity(Product product, std::string_view gate, std::string_view word) {
  const std::string postfix = fmt::format("`smtpd_authorized_xclient_hosts = {}`", gate);
  const std::string dovecot = fmt::format("`login_trusted_networks = {}`", gate);
  if (product == Product::postfix) return fmt::format("in Postfix write {} in main.cf", postfix);
  if (product == Product::dovecot) return fmt::format("in Dovecot write {}", dovecot);
  if (word == "ID") return fmt::format("let the server take ID from {} (Dovecot: {})", gate, dovecot);
  return fmt::format("let the server take {} from {} (Postfix: {}; Dovecot: {})", word, gate, postfix, dovecot);
}

std::string how_to_take_log_ins(Product product) {
  if (product == Product::dovecot)
    return "in Dovecot write `disable_plaintext_auth = no` (from 2.4 on: `auth_allow_cleartext = yes`)";
  return "let the server take log-ins in clear from this gate";
}

}  // namespace sp::doctor
