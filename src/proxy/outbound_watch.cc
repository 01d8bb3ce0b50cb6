#include "proxy/outbound_watch.h"

#include <utility>

#include "proxy/outbound_use.h"
#include "proxy/worker.h"

namespace sp::proxy {

std::unique_ptr<OutboundWatch> OutboundWatch::of(Exchange& exchange) {
  if (exchange.outbound == nullptr) return nullptr;
  auto peek = exchange.worker.observer().wants_all() ? std::make_unique<HelloPeek>() : nullptr;
  if (peek == nullptr && exchange.outbound->share == nullptr) return nullptr;
  return std::unique_ptr<OutboundWatch>(new OutboundWatch(std::move(exchange.outbound->share), std::move(peek)));
}

void OutboundWatch::look_for_name(ByteView octets) {
  if (!peek_->note(octets)) return;
  tls_name_ = peek_->name();
  peek_.reset();
}

}  // namespace sp::proxy
