#include "proxy/exchange_memo.h"

#include <algorithm>
#include <limits>

#include "proxy/worker.h"

namespace sp::proxy {
namespace {

std::string_view value_of(const http::Fields& fields, http::FieldId id) {
  const http::Field* field = fields.find(id);
  return field == nullptr ? std::string_view() : field->value;
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
  all[server_address] = exchange.server_address;
  all[id] = exchange.id;
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

ExchangeMemo::ExchangeMemo(Exchange& exchange)
    : contexts_(exchange.client.contexts),
      entry_(exchange.client.entry),
      listen_(exchange.client.listen),
      accepted_(exchange.client.accepted),
      // A stream of HTTP/2 has no TLS of its own: see tell().
      secured_(exchange.request.version == http::Version::http2 ? runtime::TimePoint{} : exchange.client.secured),
      requests_(exchange.client.requests),
      trusted_(exchange.client.trusted),
      peer_(exchange.client.peer),
      occupancy_(std::move(exchange.occupancy)),
      site_(exchange.admission.match.site),
      route_(exchange.admission.match.route),
      upstream_(exchange.upstream),
      server_(exchange.server),
      started_(exchange.times.started),
      head_(exchange.times.head),
      connecting_(exchange.times.connecting),
      connected_(exchange.times.connected),
      first_byte_(exchange.times.first_byte),
      retried_(exchange.retried),
      attempts_(exchange.attempts),
      status_(exchange.status),
      form_(exchange.request.form),
      version_(exchange.request.version),
      has_query_(exchange.request.has_query),
      reused_(exchange.reused_connection) {}

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
  client.entry = entry_;
  client.listen = listen_;
  client.accepted = accepted_;
  client.secured = secured_;
  client.requests = requests_;
  client.trusted = trusted_;
  client.peer = peer_;
  client.peer_text = peer_.address.text();
}

void ExchangeMemo::restore(Exchange& exchange) const {
  const Texts all = unpacked();
  http::RequestHead& request = exchange.request;
  exchange.admission.client.address_text =
      all[client_address].empty() ? exchange.client.peer_text : all[client_address];
  exchange.admission.match = {.code = Code::ok, .site = site_, .route = route_, .captures = {}};
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
  exchange.upstream = upstream_;
  exchange.server = server_;
  exchange.server_address = all[server_address];
  exchange.retried = retried_;
  exchange.attempts = attempts_;
  exchange.reused_connection = reused_;
  exchange.from_upstream = true;
  exchange.id = all[id];
  exchange.status = status_;
  exchange.times = {.started = started_,
                    .head = head_,
                    .connecting = connecting_,
                    .connected = connected_,
                    .first_byte = first_byte_,
                    .last_byte = exchange.worker.loop().precise_now()};
}

void ExchangeMemo::tell(Worker& worker, std::unique_ptr<runtime::Stream> stream, std::uint64_t request_octets,
                        std::uint64_t response_octets) const {
  Arena arena;
  runtime::CancelSource token;
  ClientConnection client;
  restore(client);
  client.stream = std::move(stream);
  Exchange exchange(worker, client, arena, token);
  restore(exchange);
  exchange.request_octets = request_octets;
  exchange.response_octets = response_octets;
  worker.observer().exchange_ended(exchange);
}

}  // namespace sp::proxy
