#include "proxy/outbound/share_steps.h"

#include "http/url.h"
#include "proxy/address_counts.h"
#include "proxy/outbound/steps.h"
#include "proxy/worker.h"

namespace sp::proxy {
namespace {

bool is_tunnel(const Exchange& exchange) {
  return exchange.relay || exchange.request.method == http::Method::connect || !exchange.request.upgrade.empty();
}

// Where nobody is asked who he is, he is where he comes from.
std::string_view user_of(Exchange& exchange) {
  const OutboundUse& use = *exchange.outbound;
  if (exchange.client.entry->users != nullptr) return use.user;
  return exchange.arena.copy(counted_as(exchange.client.peer.address).text());
}

// One form for what is the same destination.
std::string_view destination_of(Exchange& exchange) {
  const policy::DestinationHost& host = exchange.outbound->request.host;
  if (host.address) return exchange.arena.copy(host.address->text());
  return exchange.arena.copy(http::to_lower(host.name));
}

}  // namespace

Result<void> take_share(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  if (!use.entry.shared_out) return {};
  const runtime::Loop& loop = exchange.worker.loop();
  Shares::Both held;
  const auto refusal = exchange.worker.shares().enter({.entry = exchange.client.entry->name,
                                                       .user = user_of(exchange),
                                                       .destination = destination_of(exchange),
                                                       .per_user = use.entry.per_user,
                                                       .per_destination = use.entry.per_destination,
                                                       .tunnel = is_tunnel(exchange)},
                                                      {loop.now(), loop.wall_clock()}, held);
  if (refusal) {
    use.retry_after = refusal->retry_after;
    return refuse(exchange, refusal->code);
  }
  use.share = std::make_unique<ShareUse>(std::move(held), loop);
  if (exchange.body != nullptr && use.share->counts_octets())
    exchange.body = &use.counted_request.emplace(*exchange.body, *use.share);
  return {};
}

void count_response(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  if (use.share == nullptr || exchange.response.body == nullptr || !use.share->counts_octets()) return;
  exchange.response.body = &use.counted_response.emplace(*exchange.response.body, *use.share);
}

}  // namespace sp::proxy
