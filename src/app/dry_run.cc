#include "app/dry_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/listening_words.h"
#include "codec/h1/request_reader.h"
#include "policy/reverse_map.h"

namespace sp::app {
namespace {

using proxy::Verdict;

// The parts of a URL as they go into a request; nothing is decoded or normalised here: that is for the code that is
// asked.
struct UrlParts {
  bool tls = false;
  std::string_view authority;
  std::string_view target;  // path and query; empty: "/"
};
std::expected<UrlParts, std::string> split_url(std::string_view url) {
  UrlParts parts;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    parts.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return std::unexpected(fmt::format("'{}' is not a URL that begins with https:// or http://", url));
  }
  rest = rest.substr(0, rest.find('#'));  // clients do not send it
  auto end = std::min(rest.find_first_of("/?"), rest.size());
  parts.authority = rest.substr(0, end);
  parts.target = rest.substr(end);
  if (!http::split_authority(parts.authority))
    return std::unexpected(fmt::format("'{}' has no host that can be read", url));
  return parts;
}

std::string request_text(const DryRequest& request, const UrlParts& url) {
  std::string text =
      request.method + " " + (url.target.starts_with('/') ? "" : "/") + std::string(url.target) + " HTTP/1.1\r\n";
  bool has_host =
      std::ranges::any_of(request.fields, [](const auto& field) { return http::iequals(field.first, "Host"); });
  if (!has_host) text += "Host: " + std::string(url.authority) + "\r\n";
  for (const auto& [name, value] : request.fields) text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n";
}

// As `to` is written: a colon ends the path of a Unix socket.
std::string url_of(const policy::Server& server, std::string_view target) {
  return fmt::format("{}{}{}", server.name, server.url.is_unix() ? ":" : "", target);
}

// A line feed would end the field and begin another.
bool one_line(const std::string& text) { return text.find_first_of("\r\n") == std::string::npos; }

}  // namespace

DryRequest request_of(std::string_view method_and_url) {
  DryRequest request;
  auto space = method_and_url.find(' ');
  if (space != std::string_view::npos) request.method = method_and_url.substr(0, space);
  request.url = space == std::string_view::npos ? method_and_url : method_and_url.substr(space + 1);
  return request;
}

// The listener of that port which has a site for the host, else the first of that port; without one, the same by scheme
// alone.
std::optional<DryRun::Arrival> DryRun::find_listen(const proxy::Snapshot& snapshot, bool tls, std::uint16_t port,
                                                   std::string_view authority) {
  Arrival best;
  int best_rank = 0;
  for (const proxy::Entry& entry : snapshot.entries) {
    for (const proxy::Listen& listen : entry.listens) {
      if (listen.tls != tls || listen.relay || entry.outbound != nullptr) continue;
      bool same_port = listen.endpoint.port == port && !listen.endpoint.is_unix();
      int rank = 1 + (same_port ? 2 : 0) + (entry.policy->router.site(authority) != nullptr ? 1 : 0);
      if (rank <= best_rank) continue;
      best_rank = rank;
      best = {.entry = &entry, .listen = &listen, .other_port = !same_port};
    }
  }
  return best.entry == nullptr ? std::nullopt : std::optional(best);
}

std::expected<std::unique_ptr<DryRun>, std::string> DryRun::decide(const proxy::Snapshot& snapshot,
                                                                   const DryRequest& request) {
  auto url = split_url(request.url);
  if (!url) return std::unexpected(url.error());
  auto peer = IpAddress::parse(request.from);
  if (!peer) return std::unexpected(fmt::format("'{}' is not an IP address", request.from));
  for (const auto& [name, value] : request.fields) {
    if (!one_line(name) || !one_line(value)) return std::unexpected("a field holds a line break");
  }
  std::uint16_t port = http::split_authority(url->authority)->port;
  if (port == 0) port = url->tls ? 443 : 80;
  auto listen = find_listen(snapshot, url->tls, port, url->authority);
  if (!listen) {
    return std::unexpected(fmt::format("nothing listens for {}; the configuration listens on {}",
                                       url->tls ? "https" : "http", what_listens(snapshot)));
  }
  std::unique_ptr<DryRun> run(new DryRun);
  run->listen_ = *listen;
  run->octets_ = request_text(request, *url);
  run->peer_text_ = peer->text();
  run->hop_ = {.peer = *peer,
               .peer_text = run->peer_text_,
               .trusted = listen->entry->policy->trusted_proxies.contains(*peer),
               .scheme = url->tls ? "https" : "http"};
  run->variables_.header = request.proxy;
  run->read_and_admit(snapshot);
  return run;
}

void DryRun::refuse(const Error& error) {
  admission_.verdict = Verdict::refuse;
  admission_.error = error;
  if (admission_.detail.empty()) admission_.detail = error.where;
}

void DryRun::read_and_admit(const proxy::Snapshot& snapshot) {
  codec::h1::RequestReader reader(listen_.entry->limits);
  codec::h1::Persistence persistence;
  auto octets = reader.read(octets_, request_, persistence);
  if (!octets) return refuse(octets.error());
  own_via_ = snapshot.via;
  proxy::AdmissionContext context{snapshot, *listen_.entry, hop_};
  proxy::admit(context, request_, variables_, arena_, admission_);
  if (const policy::Route* route = admission_.match.route) {
    const IpAddress& client = admission_.client.address;
    access_text_ = app::access_text(route->access, policy::decide(route->access, client, variables_, arena_), client,
                                    variables_.header);
  }
  if (forwarded()) map_forwarded(context);
}

void DryRun::map_forwarded(const proxy::AdmissionContext& context) {
  const policy::Upstream& upstream = *admission_.match.route->forward()->upstream;
  variables_.upstream = &upstream;
  for (const policy::Server& server : upstream.servers) {
    auto mapped = proxy::map_upstream_request(admission_, server, variables_, request_, arena_);
    if (!mapped) return refuse(mapped.error());
    asked_.push_back(
        {.server = &server, .url = url_of(server, mapped->target), .host = std::string(mapped->authority)});
  }
  proxy::edit_request_fields(context, admission_, variables_, request_, arena_);
}

std::uint16_t DryRun::status() const {
  if (refused()) return info(admission_.error.code).status;
  return forwarded() ? 0 : admission_.status;
}

std::string DryRun::body() {
  const auto* respond =
      admission_.match.route == nullptr ? nullptr : std::get_if<policy::RespondTarget>(&admission_.match.route->target);
  if (respond == nullptr) return {};
  return std::string(respond->body.expand(variables_, arena_, policy::Template::Use::text));
}

std::string DryRun::location_seen(std::string_view location, const policy::Server& server) {
  policy::ReverseContext context{.route = admission_.match.route,
                                 .server = &server,
                                 .public_scheme = admission_.client.scheme,
                                 .public_authority = admission_.client.authority};
  return std::string(policy::map_location(location, context, arena_));
}

}  // namespace sp::app
