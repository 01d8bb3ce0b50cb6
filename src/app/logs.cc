#include "app/logs.h"

#include "stages/access_log/observer.h"
#include "stages/access_log/operator_log.h"
#include "stages/access_log/writer.h"

namespace sp::app {

struct Logs::Parts {
  access_log::OperatorLog log{access_log::OperatorLog::standard()};
  access_log::LogWriter writer{log};
};

Logs::Logs() : parts_(std::make_unique<Parts>()) {}
Logs::~Logs() = default;

Result<void> Logs::use(const config::LogConfig& config) { return parts_->writer.set_sink(config); }

void Logs::reopen() { parts_->writer.reopen(); }

std::unique_ptr<proxy::Observer> Logs::observer(runtime::Loop& loop) {
  return std::make_unique<access_log::LogObserver>(loop, parts_->writer, parts_->log);
}

void Logs::event(Severity severity, std::string_view what, std::string_view detail) {
  parts_->log.write(severity, what, detail);
}

void Logs::text(std::string_view lines) { parts_->log.write_text(lines); }

}  // namespace sp::app
