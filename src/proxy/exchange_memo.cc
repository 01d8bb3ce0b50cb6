#include "proxy/exchange_memo.h"

#include <algorithm>
#include <limits>

#include "proxy/outbound/use.h"
#include "proxy/worker.h"

namespace sp::proxy {
namespace {

std::string_view value_of(const http::Fields& fields, http::FieldId id) {
  const http::Field* field = fields.find(id);
  return field == nullptr ? std::string_view() : field->value;
}

std::unique_ptr<std::string> copy_of(const std::unique_ptr<std::string>& text) {
  return text == nullptr ? nullptr : std::make_unique<std::string>(*text);
}

// No log writes more than the beginning of a text that is so long.
std::string_view bounded(std::string_view text) { return text.substr(0, std::numeric_limits<std::uint16_t>::max()); }

}  // namespace

ExchangeMemo::Texts ExchangeMemo::texts_of(const Exchange& exchange) {
  const http::RequestHead& request = exchange.request;
  Texts all;
  if (exchange.admission.client.address_text != exchange.client.peer_text)  // else it is made again
    all[client_address] = exchange.admission.client.address_text;
  all[method] = request.method_text;
  all[scheme] = request.scheme;
  all[authority] = request.authority;
  all[path] = request.path;
  all[query] = request.query;
  all[referer] = value_of(request.fields, http::FieldId::referer);
  all[user_agent] = value_of(request.fields, http::FieldId::user_agent);
  if (exchange.server == nullptr || exchange.outbound != nullptr ||
      exchange.server_address != exchange.server->authority)  // as well
    all[server_address] = exchange.server_address;
  all[server_name] = exchange.server_name;
  all[id] = exchange.id;
  if (exchange.outbound != nullptr) {
    all[user] = exchange.outbound->user;
    all[tls_name] = exchange.outbound->tls_name;
  }
  std::ranges::transform(all, all.begin(), bounded);
  return all;
}

std::unique_ptr<ExchangeMemo> ExchangeMemo::of(Exchange& exchange) {
  const Texts kept = texts_of(exchange);
  std::size_t size = sizeof(ExchangeMemo);
  for (std::string_view text : kept) size += text.size();
  std::unique_ptr<ExchangeMemo> memo(::new (allocate_lasting(size)) ExchangeMemo(exchange));
  memo->keep(kept);
  return memo;
}

void ExchangeMemo::operator delete(ExchangeMemo* memo, std::destroying_delete_t) {
  const std::size_t size = memo->octets();
  memo->~ExchangeMemo();
  free_lasting(memo, size);
}

ExchangeMemo::Moment::Moment(runtime::TimePoint when, runtime::TimePoint start) {
  using std::chrono::microseconds;
  if (when == runtime::TimePoint{}) return;
  const auto after = std::chrono::duration_cast<microseconds>(when - start);
  constexpr microseconds most = std::chrono::minutes(30);
  microseconds_ = static_cast<std::int32_t>(std::clamp(after, -most, most).count());
}

runtime::TimePoint ExchangeMemo::Moment::from(runtime::TimePoint start) const {
  return microseconds_ == unset ? runtime::TimePoint{} : start + std::chrono::microseconds(microseconds_);
}

const policy::Upstream* ExchangeMemo::upstream() const {
  if (relay_target_ != nullptr) return relay_target_->upstream;
  if (parent_ >= 0) {
    const policy::Parent& parent = *contexts_->snapshot->entries[entry_].outbound->parent;
    return parent.proxy(static_cast<std::size_t>(parent_)).upstream;
  }
  return route_ == nullptr || route_->forward() == nullptr ? nullptr : route_->forward()->upstream;
}

namespace {

constexpr std::uint16_t no_server = std::numeric_limits<std::uint16_t>::max();

// -1: none. A parent of a way out lives as long as the snapshot.
std::int8_t parent_of(const Exchange& exchange) {
  if (exchange.outbound == nullptr || exchange.server == nullptr) return -1;
  const policy::ParentProxy* proxy = exchange.outbound->way.proxy;
  if (proxy == nullptr || exchange.server->name != proxy->name) return -1;
  return static_cast<std::int8_t>(exchange.outbound->entry.parent->number_of(*proxy));
}

// A destination of a way out has none: it may be forgotten before the memo is.
std::uint16_t number_of(const policy::Server* server, const Exchange& exchange) {
  if (parent_of(exchange) >= 0 && server == exchange.server) return 0;
  if (server == nullptr || exchange.outbound != nullptr) return no_server;
  return static_cast<std::uint16_t>(server - exchange.upstream->servers.data());
}

// -1: no rule of a way out.
std::int32_t rule_of(const Exchange& exchange) {
  const bool known = exchange.outbound != nullptr && exchange.outbound->decision.rule;
  return known ? static_cast<std::int32_t>(*exchange.outbound->decision.rule) : -1;
}

policy::OutboundRequest::Kind kind_of(const Exchange& exchange) {
  return exchange.outbound == nullptr ? policy::OutboundRequest::Kind::plain : exchange.outbound->request.kind;
}

const policy::Server* server_of(std::uint16_t number, const policy::Upstream* upstream) {
  return number == no_server ? nullptr : &upstream->servers[number];
}

}  // namespace

ExchangeMemo::ExchangeMemo(Exchange& exchange)
    : contexts_(exchange.client.contexts),
      // Of a stream of HTTP/2 it stays with the connection, which goes on with its other streams.
      counted_(exchange.request.version == http::Version::http2 ? AddressCounts::Held()
                                                                : std::move(exchange.client.counted)),
      // It is the member's. NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
      proxy_header_(copy_of(exchange.client.proxy_header)),
      requests_(exchange.client.requests),
      entry_(exchange.client.entry->number),
      listen_(static_cast<std::uint16_t>(exchange.client.listen - exchange.client.entry->listens.data())),
      trusted_(exchange.client.trusted),
      peer_(exchange.client.peer),
      // A destination of the way out is no server that others are kept from: it may be forgotten meanwhile.
      occupancy_(exchange.outbound != nullptr ? Occupancy() : std::move(exchange.occupancy)),
      route_(exchange.admission.match.route),
      relay_target_(exchange.relay_target),
      started_(exchange.times.started),
      accepted_(exchange.client.accepted, started_),
      // As well, and has no TLS of its own: see tell().
      secured_(exchange.request.version == http::Version::http2 ? runtime::TimePoint{} : exchange.client.secured,
               started_),
      head_(exchange.times.head, started_),
      connecting_(exchange.times.connecting, started_),
      connected_(exchange.times.connected, started_),
      first_byte_(exchange.times.first_byte, started_),
      attempts_(exchange.attempts),
      retried_(exchange.retried.code),
      retried_server_(number_of(exchange.retried.server, exchange)),
      server_(number_of(exchange.server, exchange)),
      rule_(rule_of(exchange)),
      parent_(parent_of(exchange)),
      kind_(kind_of(exchange)),
      judged_(exchange.outbound != nullptr && exchange.outbound->judged),
      would_refuse_(exchange.outbound != nullptr && exchange.outbound->would_refuse),
      status_(exchange.status),
      form_(exchange.request.form),
      version_(exchange.request.version),
      has_query_(exchange.request.has_query),
      reused_(exchange.reused_connection),
      relay_(exchange.relay) {}

void ExchangeMemo::keep(const Texts& kept) {
  char* at = reinterpret_cast<char*>(this + 1);
  for (std::size_t i = 0; i < texts; ++i) {
    sizes_[i] = static_cast<std::uint16_t>(kept[i].size());
    at = std::ranges::copy(kept[i], at).out;
  }
}

ExchangeMemo::Texts ExchangeMemo::unpacked() const {
  Texts all;
  const char* at = reinterpret_cast<const char*>(this + 1);
  for (std::size_t i = 0; i < texts; ++i) {
    all[i] = {at, sizes_[i]};
    at += sizes_[i];
  }
  return all;
}

std::size_t ExchangeMemo::octets() const {
  std::size_t all = sizeof(ExchangeMemo);
  for (std::uint16_t size : sizes_) all += size;
  return all;
}

void ExchangeMemo::restore(ClientConnection& client) const {
  client.contexts = contexts_;
  client.entry = &contexts_->snapshot->entries[entry_];
  client.listen = &client.entry->listens[listen_];
  client.accepted = accepted_.from(started_);
  client.secured = secured_.from(started_);
  client.requests = requests_;
  client.trusted = trusted_;
  client.peer = peer_;
  client.proxy_header = copy_of(proxy_header_);
  client.peer_text = peer_.address.text();
}

void ExchangeMemo::restore(Exchange& exchange) const {
  const Texts all = unpacked();
  http::RequestHead& request = exchange.request;
  exchange.admission.client.address_text =
      all[client_address].empty() ? exchange.client.peer_text : all[client_address];
  exchange.admission.match = {
      .code = Code::ok, .site = route_ == nullptr ? nullptr : route_->site, .route = route_, .captures = {}};
  request.method_text = all[method];
  request.form = form_;
  request.scheme = all[scheme];
  request.authority = all[authority];
  request.path = all[path];
  request.query = all[query];
  request.has_query = has_query_;
  request.version = version_;
  if (!all[referer].empty()) request.fields.add(http::FieldId::referer, all[referer]);
  if (!all[user_agent].empty()) request.fields.add(http::FieldId::user_agent, all[user_agent]);
  if (exchange.client.entry->outbound != nullptr) {
    exchange.outbound = std::make_unique<OutboundUse>(*exchange.client.entry->outbound);
    exchange.outbound->user = all[user];
    exchange.outbound->tls_name = all[tls_name];
    if (rule_ >= 0) exchange.outbound->decision.rule = static_cast<std::uint32_t>(rule_);
    exchange.outbound->request.kind = kind_;
    exchange.outbound->judged = judged_;
    exchange.outbound->would_refuse = would_refuse_;
    if (parent_ >= 0)
      exchange.outbound->way.proxy = &exchange.outbound->entry.parent->proxy(static_cast<std::size_t>(parent_));
  }
  exchange.upstream = upstream();
  exchange.server = server_of(server_, exchange.upstream);
  exchange.server_address = all[server_address];
  if (exchange.server_address.empty() && exchange.server != nullptr)
    exchange.server_address = exchange.server->authority;
  exchange.server_name = all[server_name];
  exchange.relay_target = relay_target_;
  exchange.relay = relay_;
  exchange.retried = {retried_, server_of(retried_server_, exchange.upstream)};
  exchange.attempts = attempts_;
  exchange.reused_connection = reused_;
  exchange.from_upstream = true;
  exchange.id = all[id];
  exchange.status = status_;
  exchange.times = {.started = started_,
                    .head = head_.from(started_),
                    .connecting = connecting_.from(started_),
                    .connected = connected_.from(started_),
                    .first_byte = first_byte_.from(started_),
                    .last_byte = exchange.worker.loop().precise_now()};
}

void ExchangeMemo::tell(Worker& worker, std::unique_ptr<runtime::Stream> stream, const Seen& seen,
                        const Failure& failure) const {
  if (!failure.failed() && !worker.observer().wants_all()) return;
  Arena arena;
  runtime::CancelSource token;
  ClientConnection client;
  restore(client);
  client.stream = std::move(stream);
  Exchange exchange(worker, client, arena, token);
  restore(exchange);
  exchange.request_octets = seen.request_octets;
  exchange.response_octets = seen.response_octets;
  if (exchange.outbound != nullptr && !seen.tls_name.empty()) exchange.outbound->tls_name = seen.tls_name;
  if (failure.failed()) exchange.fail_with(failure.error, failure.detail);
  worker.observer().exchange_ended(exchange);
}

}  // namespace sp::proxy
