#include "proxy/outbound/watch.h"

#include <utility>

#include "proxy/outbound/use.h"
#include "proxy/worker.h"

namespace sp::proxy {

std::unique_ptr<OutboundWatch> OutboundWatch::of(Exchange& exchange) {
  if (exchange.outbound == nullptr) return nullptr;
  const bool looks = exchange.worker.observer().wants_all();
  if (!looks && exchange.outbound->share == nullptr) return nullptr;
  return std::unique_ptr<OutboundWatch>(new OutboundWatch(std::move(exchange.outbound->share), looks));
}

void OutboundWatch::look_for_name(ByteView octets) {
  if (peek_ == nullptr) peek_ = std::make_unique<HelloPeek>();
  if (!peek_->note(octets)) return;
  looks_ = false;
  tls_name_ = peek_->name();
  peek_.reset();
}

}  // namespace sp::proxy
