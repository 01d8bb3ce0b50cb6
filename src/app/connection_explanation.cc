#include "app/connection_explanation.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/explanation_forward.h"
#include "base/units.h"
#include "config/address.h"
#include "proxy/connector.h"

namespace sp::app {
namespace {

using codec::mail::Protocol;
using ClientTls = DryConnection::ClientTls;

Step listener_step(const DryConnection& run) {
  return {"listener", fmt::format("{} ({})", run.entry().name, run.listen().text),
          policy::file_and_line(run.entry().config->place)};
}

void add_limits(const DryConnection& run, std::vector<Step>& steps) {
  const config::LimitsConfig& limits = run.entry().config->limits;
  std::vector<std::string> held;
  if (limits.connections != 0)
    held.push_back(fmt::format("at most {} in each worker", counted(limits.connections, "connection")));
  if (limits.connections_per_address != 0)
    held.push_back(fmt::format("at most {} of one address", counted(limits.connections_per_address, "connection")));
  if (limits.rate_per_address.count != 0)
    held.push_back(fmt::format("new ones of one address at {}", format_count_rate(limits.rate_per_address)));
  if (held.empty()) held.emplace_back("any number of connections of one address");
  steps.push_back({"limits", fmt::format("{}", fmt::join(held, "; ")), ""});
}

// ---- the client's side

std::string asked_name(const DryConnection& run) { return run.name().empty() ? "no name" : run.name(); }

config::StartTls starttls_of(const DryConnection& run) {
  const bool smtp = run.listen().mail == Protocol::smtp;
  return run.relay().starttls.value_or(smtp ? config::StartTls::optional : config::StartTls::required);
}

std::string client_tls_text(const DryConnection& run) {
  switch (run.client_tls()) {
    case ClientTls::unseen:
      return run.mail() ? "none: the client speaks in clear, and no STARTTLS is offered to it"
                        : "none ends here: whatever the client speaks is passed on";
    case ClientTls::ends: return "ends here";
    case ClientTls::starttls:
      return fmt::format("ends here after STARTTLS, which is {}",
                         starttls_of(run) == config::StartTls::required
                             ? "required before anything else (starttls: required)"
                             : "offered, and not required (starttls: optional)");
    case ClientTls::read: break;
  }
  if (run.waits_in_vain()) {
    return "the gate waits for the client to begin with TLS; one that waits for the server to speak first is given up "
           "after client_head, and one that begins in clear goes where those go that ask for no name";
  }
  std::string text = fmt::format("passes on untouched; its first message is read: it asks for {}", asked_name(run));
  if (!run.protocols().empty()) text += fmt::format(", and offers {}", fmt::join(run.protocols(), ", "));
  return text;
}

void add_target(const DryConnection& run, std::vector<Step>& steps) {
  const policy::RelayChoice& choice = run.choice();
  if (choice.target == nullptr) return;
  std::string text = fmt::format("{}: {}", choice.target->label, choice.why);
  if (run.client_tls() == ClientTls::starttls && run.relay().needs_hello())
    text += fmt::format(" ({}); a client that does without STARTTLS asks for none", asked_name(run));
  steps.push_back({"target", std::move(text), choice.target->place_text});
}

// ---- the server's side

void add_servers(const DryConnection& run, std::vector<Step>& steps) {
  const policy::Upstream& upstream = *run.upstream();
  if (upstream.servers.size() > 1) {
    steps.push_back({"upstream",
                     fmt::format("{}: {}, chosen {}; one that fails {} is passed over for {}, and a connection that "
                                 "meets such a one tries up to {}",
                                 upstream.name, counted(upstream.servers.size(), "server"),
                                 balance_text(upstream.balance), counted(upstream.fail_after, "time"),
                                 format_duration(upstream.fail_for), counted(upstream.retries, "other")),
                     ""});
  }
  for (const policy::Server& server : upstream.servers) {
    std::string text = run.server_url(server);
    if (server.url.effective_port() == 0) text += ", at the port that the client has connected to";
    if (server.weight != 1) text += fmt::format(", weight {}", server.weight);
    if (server.backup) text += ", only while no other can be used";
    steps.push_back({"server", std::move(text), ""});
  }
  add_health(upstream, steps);
}

bool is_local(const policy::Server& server) {
  if (server.url.is_unix() || server.url.host == "localhost") return true;
  const auto address = IpAddress::parse(server.url.host);
  return address && address->is_loopback();
}

void add_server_tls(const DryConnection& run, std::vector<Step>& steps) {
  const policy::Upstream& upstream = *run.upstream();
  const auto secure = std::ranges::find_if(
      upstream.servers, [](const policy::Server& server) { return server.tls != policy::ServerTls::none; });
  const bool of_client = run.client_tls() == ClientTls::read && !run.waits_in_vain();
  if (secure == upstream.servers.end()) {
    steps.push_back({"server TLS", of_client ? "that of the client" : "none: what is passed on goes as it is", ""});
    return;
  }
  // What is known of the client's name by then; see proxy/connector.h.
  const std::string sni(proxy::sni_for(upstream, *secure, run.name()));
  const bool by_client = upstream.tls.sni.empty() && !run.name().empty();
  const bool starttls = secure->tls == policy::ServerTls::starttls;
  std::string text = of_client ? "around that of the client, which few servers expect; " : "";
  text += fmt::format("{}; {}", starttls ? "by STARTTLS, without which nothing is sent" : "from the beginning",
                      server_tls_text(upstream.tls, *secure, sni, by_client ? ", as the client has asked" : ""));
  steps.push_back(
      {"server TLS", std::move(text), upstream.tls.place.line > 0 ? policy::file_and_line(upstream.tls.place) : ""});
}

std::string_view word_of_identity(Protocol protocol) { return protocol == Protocol::imap ? "ID" : "XCLIENT"; }

void add_identity(const DryConnection& run, std::vector<Step>& steps) {
  const auto mail = run.mail();
  if (run.upstream()->send_proxy.on()) {
    add_sent(header_for_server(run), run.upstream()->send_proxy, steps);
  } else if (!mail || !run.relay().xclient) {
    steps.push_back(
        {"identity",
         fmt::format("the server is not told who connects: it sees the address of this gate; `send_proxy: v2` "
                     "{}tells it",
                     mail ? "or `xclient: on` " : ""),
         ""});
  }
  if (!mail || !run.relay().xclient) return;
  const std::string_view word = word_of_identity(*mail);
  steps.push_back(
      {std::string(word),
       fmt::format("tells the server that {} connects, where it offers it; it must trust this gate", run.from().text()),
       ""});
}

std::string_view scheme_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp: return "smtp";
    case Protocol::imap: return "imap";
    case Protocol::pop3: return "pop3";
    case Protocol::sieve: return "sieve";
  }
  return {};
}

void add_passwords(const DryConnection& run, std::vector<Step>& steps) {
  if (!run.mail()) return;
  if (run.relay().passwords_in_clear == config::InClear::allow) {
    steps.push_back({"passwords", "may come and go in clear (passwords_in_clear: allow)", ""});
    return;
  }
  const bool clear_server = std::ranges::any_of(run.upstream()->servers, [](const policy::Server& server) {
    return server.tls == policy::ServerTls::none && !is_local(server);
  });
  std::string text = "are taken where both the client and the server speak TLS (passwords_in_clear: refuse)";
  if (clear_server)
    text += fmt::format("; the server does not, so that nobody can log in: write `tls://` or `{}://` for it",
                        scheme_of(*run.mail()));
  if (run.client_tls() == ClientTls::unseen)
    text += fmt::format("; the client does not, so that nobody can log in: listen on `{}://`", scheme_of(*run.mail()));
  steps.push_back({"passwords", std::move(text), ""});
}

void add_timeouts(const DryConnection& run, std::vector<Step>& steps) {
  const config::TimeoutsConfig& t = run.choice().target->timeouts;
  std::string text;
  if (run.client_tls() != ClientTls::unseen)
    text += fmt::format("client_head {}, ", format_duration(run.entry().policy->timeouts.client_head));
  text += "connect " + format_duration(t.connect);
  if (run.mail()) text += ", response_head " + format_duration(t.response_head);
  text +=
      fmt::format(", tunnel_idle {}, half_closed {}", format_duration(t.tunnel_idle), format_duration(t.half_closed));
  steps.push_back({"time-outs", std::move(text), ""});
}

void add_refusal(const DryConnection& run, std::vector<Step>& steps) {
  const CodeInfo& row = info(run.code());
  std::string text = fmt::format("{}: {}", row.name, row.what);
  if (run.code() == Code::no_target) text += fmt::format(" ({}: {})", asked_name(run), run.choice().why);
  steps.push_back({"refused", std::move(text), ""});
  if (!row.remedy.empty()) steps.push_back({"remedy", std::string(row.remedy), ""});
}

void add_way(const DryConnection& run, std::vector<Step>& steps) {
  add_target(run, steps);
  add_servers(run, steps);
  add_identity(run, steps);
  add_server_tls(run, steps);
  add_passwords(run, steps);
  add_timeouts(run, steps);
}

}  // namespace

std::string_view outcome(const DryConnection& run) {
  if (run.refused()) return "refuse";
  return run.goes_on_with_http() ? "http" : "pass_on";
}

SentHeader header_for_server(const DryConnection& run) {
  // TLS that ends here has ended by the time of the header; with STARTTLS only if its name was waited for.
  const bool ends =
      run.client_tls() == ClientTls::ends || (run.client_tls() == ClientTls::starttls && run.relay().needs_hello());
  const ClientFacts client{
      .address = run.from(), .local = run.to(), .server_name = run.name(), .alpn = {}, .tls_ends_here = ends};
  return example_header(client, run.entry(), run.listen(), *run.upstream());
}

std::vector<Step> explain(const DryConnection& run) {
  std::vector<Step> steps{listener_step(run)};
  add_accepted(run.entry(), run.from(), steps);
  add_limits(run, steps);
  steps.push_back({"access", run.access_text(), ""});
  if (run.code() != Code::denied) steps.push_back({"client TLS", client_tls_text(run), ""});
  if (run.refused()) {
    add_refusal(run, steps);
  } else if (run.goes_on_with_http()) {
    steps.push_back({"http",
                     "no protocol that is offered has a target in `alpn`: requests follow; ask about "
                     "https://HOST/PATH",
                     ""});
  } else {
    add_way(run, steps);
  }
  return steps;
}

}  // namespace sp::app
