// The mail block. In it, a program (auth_http) names the server for each user; an entry of Sallyport has its server
// written down. So the listeners go over, and where they lead to is left for a person to say: a name that never
// resolves stands there.
#include <algorithm>

#include "import/nginx/http.h"
#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

std::string protocol_of(const Scope& scope, const std::string& port, Report& report) {
  const Directive* at = own(scope, "protocol", report);
  if (at != nullptr && (at->arg(0) == "smtp" || at->arg(0) == "imap" || at->arg(0) == "pop3")) return at->arg(0);
  if (at != nullptr) report.lost(*at, "the protocol is not known");
  if (port == "143" || port == "993") return "imap";
  if (port == "110" || port == "995") return "pop3";
  return "smtp";
}

std::string usual_port(const std::string& protocol) {
  return protocol == "imap" ? "143" : protocol == "pop3" ? "110" : "25";
}

class MailServer {
 public:
  MailServer(const Scope& outer, const Directive& block, Draft& draft, Report& report)
      : scope_{.block = &block, .outer = &outer}, draft_(draft), report_(report) {}

  void build() {
    report_.used(*scope_.block);
    std::vector<Listen> listens = listens_of(scope_, "", report_);
    if (const Directive* ssl = in_force(scope_, "ssl", report_); ssl != nullptr && ssl->arg(0) == "on") {
      for (Listen& each : listens) each.ssl = true;
      report_.changed(*ssl, "all addresses of this server are tls://");
    }
    if (listens.empty()) return report_.lost(*scope_.block, "nothing in it listens on an address that is available");
    tls_ = tls_of(scope_, report_);
    for (const Listen& each : listens) add(each);
    report_.lost(*scope_.block,
                 "where its connections go was said by auth_http, for each user: write the server into `to`");
  }

 private:
  void add(const Listen& listen);
  void starttls(DraftEntry& entry, bool offered);
  void settings(DraftEntry& entry);

  Scope scope_;
  Draft& draft_;
  Report& report_;
  TlsSettings tls_;
};

// STARTTLS needs a certificate; without one, what comes passes on as it is.
void MailServer::starttls(DraftEntry& entry, bool offered) {
  const Directive* at = in_force(scope_, "starttls", report_);
  if (at == nullptr) return;
  if (!offered)
    return report_.lost(*at,
                        "there is no certificate for it in these files: listen on smtp:// or imap:// once there is");
  if (at->arg(0) == "only") entry.starttls = "required";
  if (at->arg(0) == "on") entry.starttls = "optional";
  if (at->arg(0) == "off") report_.changed(*at, "STARTTLS is offered: there is a certificate");
}

void MailServer::settings(DraftEntry& entry) {
  if (const Directive* at = in_force(scope_, "xclient", report_)) {
    if (at->arg(0) == "on") entry.xclient = true;
    if (at->arg(0) != "on") report_.not_needed(*at, "the server is not told by XCLIENT unless `xclient` says so");
  }
  if (const Directive* at = in_force(scope_, "proxy_protocol", report_)) {
    if (at->arg(0) == "on") entry.send_proxy = "v1";
    if (at->arg(0) != "on") report_.not_needed(*at, "no header is sent unless `send_proxy` says so");
  }
}

void MailServer::add(const Listen& listen) {
  if (!listen.unix_path.empty()) return report_.lost(*listen.at, "a Unix socket to listen on is for HTTP alone");
  const std::string protocol = protocol_of(scope_, listen.port, report_);
  const bool offers = !tls_.certificates.empty();
  const bool mail = !listen.ssl && offers;
  DraftEntry entry;
  entry.listen = {listen.url(listen.ssl ? "tls" : mail ? protocol : "tcp")};
  entry.name = entry_name(draft_, protocol + (listen.ssl ? "s" : ""));
  entry.to = (mail ? protocol : "tcp") + "://your-mail-server.invalid:" + usual_port(protocol);
  entry.comments.push_back(brief(*scope_.block) +
                           ": NGINX asked auth_http for the server of each user. Write your server "
                           "into `to`; until then nobody is served.");
  if (listen.ssl) entry.protocol = protocol;
  if (!listen.ssl) starttls(entry, mail);
  settings(entry);
  if (!mail && !listen.ssl && entry.xclient) {
    entry.xclient = false;
    if (const Directive* at = in_force(scope_, "xclient", report_))
      report_.lost(*at, "of an entry with tcp:// only where `to` is smtp:// and the like: `xclient: on` there");
  }
  entry.accept_proxy_from = accept_proxy_from(scope_, {listen}, report_);
  if (listen.ssl || mail) {
    entry.modern_tls = tls_.modern;
    entry.client_certificates = tls_.clients;
    add_certificates(tls_, *scope_.block, draft_, report_);
  }
  draft_.entries.push_back(std::move(entry));
}

}  // namespace

void add_mail(const Directive& mail, Draft& draft, Report& report) {
  const Scope scope{.block = &mail};
  for (const Directive& block : mail.children) {
    if (block.block && block.is("server")) MailServer(scope, block, draft, report).build();
  }
}

}  // namespace sp::import::nginx
