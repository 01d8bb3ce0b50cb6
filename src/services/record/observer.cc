#include "services/record/observer.h"

#include <chrono>
#include <utility>

namespace sp::record {

RecordObserver::RecordObserver(std::unique_ptr<proxy::Observer> next, runtime::Loop& loop, Recorder& recorder)
    : next_(std::move(next)), loop_(loop), recorder_(recorder), batch_timer_(&batch_is_old, this) {}

RecordObserver::~RecordObserver() { hand_over(); }

void RecordObserver::batch_is_old(void* self) { static_cast<RecordObserver*>(self)->hand_over(); }

void RecordObserver::hand_over() {
  loop_.timers().disarm(batch_timer_);
  if (!batch_.empty()) recorder_.hand_over(batch_);
}

void RecordObserver::exchange_ended(const proxy::Exchange& exchange) {
  next_->exchange_ended(exchange);
  if (exchange.outbound == nullptr || !recorder_.wanted()) return;
  const auto now = std::chrono::floor<std::chrono::seconds>(loop_.wall_clock()).time_since_epoch();
  auto sighting = sighting_of(exchange, now.count());
  if (!sighting) return;
  batch_[std::move(sighting->key)].add(sighting->sum);
  if (batch_.size() >= batch_rows) {
    hand_over();
  } else if (!batch_timer_.armed()) {
    loop_.timers().arm(batch_timer_, loop_.now() + batch_age);
  }
}

}  // namespace sp::record
