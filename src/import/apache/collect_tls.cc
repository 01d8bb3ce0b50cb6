// mod_ssl, toward clients and toward servers.
#include <algorithm>
#include <array>

#include "import/apache/collect.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

void engine(Context& context, const Directive& directive) {
  context.server.tls.engine = is_on(directive.arg(0));
  if (same_word(directive.arg(0), "optional")) {
    context.report.lost(origin_of(directive),
                        "TLS in the middle of a plain connection (RFC 2817) is not available: no browser does it");
  }
}

void certificate(Context& context, const Directive& directive) {
  context.server.tls.certificates.emplace_back(directive.arg(0), origin_of(directive));
}
void key(Context& context, const Directive& directive) { context.server.tls.keys.push_back(directive.arg(0)); }
void chain(Context& context, const Directive& directive) {
  context.server.tls.chain.emplace(directive.arg(0), origin_of(directive));
}

// As mod_ssl computes it: `all`, then + and -; a bare name begins anew.
void protocol(Context& context, const Directive& directive) {
  std::array<bool, 4> on{};  // 1.0, 1.1, 1.2, 1.3
  static constexpr std::array names{"tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"};
  bool asks_for_old = false;
  for (std::string word : directive.args) {
    word = lower(word);
    const char sign = word.starts_with('+') || word.starts_with('-') ? word[0] : ' ';
    if (sign != ' ') word.erase(0, 1);
    if (sign == ' ' && word != "all") on.fill(false);
    if (word == "all") on.fill(sign != '-');
    const auto found = std::ranges::find(names, word);
    if (found != names.end()) on[static_cast<size_t>(found - names.begin())] = sign != '-';
    if (found - names.begin() < 2 && sign != '-') asks_for_old = true;
  }
  const Origin at = origin_of(directive);
  if (asks_for_old && (on[0] || on[1])) {
    return context.report.lost(at, "TLS 1.0 and 1.1 are not available: clients that know no newer one cannot connect");
  }
  context.server.tls.modern = on[3] && !on[2];
  if (context.server.tls.modern) return;
  context.report.changed(at, "TLS 1.2 and 1.3, after Mozilla's intermediate profile");
}

void verify_client(Context& context, const Directive& directive) {
  if (context.location == nullptr) {
    context.server.tls.verify_client = lower(directive.arg(0));
    context.server.tls.verify_origin = origin_of(directive);
    return;
  }
  if (same_word(directive.arg(0), "none")) return;
  context.settings.access.set = true;
  context.settings.access.closed_because = "a client certificate for some paths only";
  context.report.lost(
      origin_of(directive),
      "certificates are asked for when a connection begins, not for some paths: set tls.client_certificates "
      "on the entry. Until then nobody may come in here");
}

void require_tls(Context& context, const Directive& directive) {
  context.report.changed(origin_of(directive), "http is redirected to https, unless a site says https_redirect: off");
}

void client_ca(Context& context, const Directive& directive) { context.server.tls.client_ca = directive.arg(0); }
void proxy_verify(Context& context, const Directive& directive) {
  context.settings.proxy_verify = lower(directive.arg(0));
}
void proxy_ca(Context& context, const Directive& directive) { context.settings.proxy_ca = directive.arg(0); }
void proxy_certificate(Context& context, const Directive& directive) {
  context.settings.proxy_client_certificate = directive.arg(0);
}

void proxy_check(Context& context, const Directive& directive) {
  Settings& settings = context.settings;
  const bool on = is_on(directive.arg(0));
  if (directive.is("SSLProxyCheckPeerName")) settings.check_name = on;
  if (directive.is("SSLProxyCheckPeerCN")) settings.check_cn = on;
  if (directive.is("SSLProxyCheckPeerExpire")) settings.check_expire = on;
}

}  // namespace

std::span<const Known> tls_directives() {
  static constexpr std::array table{
      Known{"SSLEngine", engine},
      Known{"SSLCertificateFile", certificate},
      Known{"SSLCertificateKeyFile", key},
      Known{"SSLCertificateChainFile", chain},
      Known{"SSLProtocol", protocol},
      Known{"SSLVerifyClient", verify_client},
      Known{"SSLCACertificateFile", client_ca},
      Known{"SSLRequireSSL", require_tls},
      Known{"SSLProxyVerify", proxy_verify},
      Known{"SSLProxyCheckPeerName", proxy_check},
      Known{"SSLProxyCheckPeerCN", proxy_check},
      Known{"SSLProxyCheckPeerExpire", proxy_check},
      Known{"SSLProxyCACertificateFile", proxy_ca},
      Known{"SSLProxyMachineCertificateFile", proxy_certificate},
  };
  return table;
}

}  // namespace sp::import::apache
