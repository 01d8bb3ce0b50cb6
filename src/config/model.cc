#include "config/model.h"

namespace sp::config {

TimeoutsConfig merged(TimeoutsConfig outer, const TimeoutsOverride& inner) {
  const auto take = [](auto& value, const auto& replacement) {
    if (replacement) value = *replacement;
  };
  take(outer.client_head, inner.client_head);
  take(outer.connect, inner.connect);
  take(outer.response_head, inner.response_head);
  take(outer.body_idle, inner.body_idle);
  take(outer.min_rate, inner.min_rate);
  take(outer.keep_alive, inner.keep_alive);
  take(outer.tunnel_idle, inner.tunnel_idle);
  take(outer.half_closed, inner.half_closed);
  return outer;
}

}  // namespace sp::config
