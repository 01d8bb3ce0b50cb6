// What one worker tells: every request to the access log, failures to the operator's log. Lives on the worker's thread.
#pragma once

#include <string>

#include "proxy/worker.h"
#include "runtime/loop.h"
#include "stages/access_log/operator_log.h"
#include "stages/access_log/writer.h"

namespace sp::access_log {

class LogObserver final : public proxy::Observer {
 public:
  // A batch is handed over when it is this large or this old.
  static constexpr std::size_t batch_octets = std::size_t{32} * 1024;
  static constexpr runtime::Duration batch_age{100};

  // All outlive it. Made before the worker; destroyed after it, on any thread, when the loop has ended.
  LogObserver(runtime::Loop& loop, LogWriter& writer, OperatorLog& log);
  ~LogObserver() override;
  LogObserver(const LogObserver&) = delete;
  LogObserver& operator=(const LogObserver&) = delete;

  void exchange_ended(const proxy::Exchange& exchange) override;
  bool wants_all() const override { return writer_.wanted(); }
  void connection_failed(const proxy::ClientConnection& client, Code code, std::string_view detail) override;
  void server_marked_down(const proxy::Exchange& exchange) override;
  void event(Severity severity, std::string_view what, std::string_view detail) override;

 private:
  static void batch_is_old(void* self);
  static void second_is_over(void* self);
  void hand_over();
  void say_failure(const Record& record);
  void watch_limit();

  runtime::Loop& loop_;
  LogWriter& writer_;
  OperatorLog& log_;
  std::string batch_;
  TimeText time_;
  runtime::Timer batch_timer_;
  runtime::Timer limit_timer_;  // armed while the operator's log holds lines back
};

}  // namespace sp::access_log
