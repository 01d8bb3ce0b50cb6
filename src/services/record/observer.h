// What one worker tells the record. It stands before another observer, which hears everything. Lives on the worker's
// thread.
#pragma once

#include <memory>

#include "proxy/worker.h"
#include "runtime/loop.h"
#include "services/record/recorder.h"

namespace sp::record {

class RecordObserver final : public proxy::Observer {
 public:
  // A batch is handed over when it has so many different rows, or is this old.
  static constexpr std::size_t batch_rows = 1024;
  static constexpr runtime::Duration batch_age{500};

  // The loop and the recorder outlive it. Made before the worker; destroyed after it, when the loop has ended.
  RecordObserver(std::unique_ptr<proxy::Observer> next, runtime::Loop& loop, Recorder& recorder);
  ~RecordObserver() override;
  RecordObserver(const RecordObserver&) = delete;
  RecordObserver& operator=(const RecordObserver&) = delete;

  void exchange_ended(const proxy::Exchange& exchange) override;
  bool wants_all() const override { return recorder_.wanted() || next_->wants_all(); }
  void connection_failed(const proxy::ClientConnection& client, Code code, std::string_view detail) override {
    next_->connection_failed(client, code, detail);
  }
  void server_marked_down(const proxy::Exchange& exchange) override { next_->server_marked_down(exchange); }
  void event(Severity severity, std::string_view what, std::string_view detail) override {
    next_->event(severity, what, detail);
  }

 private:
  static void batch_is_old(void* self);
  void hand_over();

  std::unique_ptr<proxy::Observer> next_;
  runtime::Loop& loop_;
  Recorder& recorder_;
  Sightings batch_;
  runtime::Timer batch_timer_;
};

}  // namespace sp::record
