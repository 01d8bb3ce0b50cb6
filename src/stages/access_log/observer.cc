#include "stages/access_log/observer.h"

#include <string>

#include "base/units.h"
#include "proxy/exchange.h"

namespace sp::access_log {
namespace {

// Where a request went, for a person: host and path. Without the query: that is the application's, and may hold
// secrets.
std::string request_of(const Record& record) {
  std::string text;
  if (record.method.empty()) return text;  // a head that was not understood
  return text.append(record.method).append(" ").append(record.authority).append(record.path);
}

}  // namespace

LogObserver::LogObserver(runtime::Loop& loop, LogWriter& writer, OperatorLog& log)
    : loop_(loop), writer_(writer), log_(log), batch_timer_(&batch_is_old, this), limit_timer_(&second_is_over, this) {}

LogObserver::~LogObserver() { hand_over(); }

void LogObserver::batch_is_old(void* self) { static_cast<LogObserver*>(self)->hand_over(); }

void LogObserver::second_is_over(void* self) {
  auto& observer = *static_cast<LogObserver*>(self);
  observer.log_.catch_up();
  observer.watch_limit();
}

void LogObserver::hand_over() {
  loop_.timers().disarm(batch_timer_);
  writer_.hand_over(batch_);
}

void LogObserver::exchange_ended(const proxy::Exchange& exchange) {
  bool failed = exchange.failure.failed() && info(exchange.failure.error.code).severity >= Severity::warning;
  bool wanted = writer_.wanted();
  if (!wanted && !failed) return;
  Record record = record_of(exchange, loop_.precise_now(), loop_.wall_clock());
  if (failed) say_failure(record);
  if (!wanted) return;
  append_line(batch_, writer_.format(), record, time_);
  if (batch_.size() >= batch_octets) {
    hand_over();
  } else if (!batch_timer_.armed()) {
    loop_.timers().arm(batch_timer_, loop_.now() + batch_age);
  }
}

void LogObserver::say_failure(const Record& record) {
  std::string route;
  if (!record.route_kind.empty()) route = record.route_kind;
  if (!record.route_pattern.empty()) route.append(" ").append(record.route_pattern);
  const std::string request = request_of(record);
  const CodeInfo& code = info(record.error.code);
  log_.write(code.severity, code.name, code.what,
             {{"request", request},
              {"client", record.client},
              {"listen", record.listen},
              {"site", record.site},
              {"route", route},
              {"place", record.place},
              {"upstream", record.upstream == record.server ? std::string_view() : record.upstream},
              {"server", record.server},
              {"address", record.server_address},
              {"detail", record.detail},
              {"remedy", record.remedy},
              {"id", record.id}});
  watch_limit();
}

void LogObserver::connection_failed(const proxy::ClientConnection& client, Code code, std::string_view detail) {
  const CodeInfo& row = info(code);
  log_.write(row.severity, row.name, row.what,
             {{"client", client.peer_text},
              {"listen", client.listen == nullptr ? std::string_view() : std::string_view(client.listen->text)},
              {"detail", detail},
              {"remedy", row.remedy}});
  watch_limit();
}

// Each worker finds out for itself, and says so for itself.
void LogObserver::server_marked_down(const proxy::Exchange& exchange) {
  const policy::Upstream& upstream = *exchange.upstream;
  const proxy::Failure& failure = exchange.failure;
  const CodeInfo& row = info(failure.error.code);
  const std::string what =
      "the server has failed too often: a worker asks it nothing for " + format_duration(upstream.fail_for);
  log_.write(Severity::warning, "server_marked_down", what,
             {{"upstream", upstream.name},
              {"server", exchange.server->name},
              {"error", row.name},
              {"detail", failure.detail.empty() ? row.what : failure.detail},
              {"remedy", failure.remedy.empty() ? row.remedy : failure.remedy}});
  watch_limit();
}

void LogObserver::event(Severity severity, std::string_view what, std::string_view detail) {
  log_.write(severity, what, {}, {{"detail", detail}});
  watch_limit();
}

// Lines that were held back are said when their second is over, even if nothing else happens.
void LogObserver::watch_limit() {
  if (log_.holding_back() && !limit_timer_.armed())
    loop_.timers().arm(limit_timer_, loop_.now() + std::chrono::seconds(1));
}

}  // namespace sp::access_log
