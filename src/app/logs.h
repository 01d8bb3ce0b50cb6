// The logs of the running program: the operator's on standard error, and the access log.
#pragma once

#include <memory>
#include <string_view>

#include "config/model.h"
#include "proxy/worker.h"

namespace sp::app {

class Logs {
 public:
  Logs();
  ~Logs();  // writes what is left
  // From now on as this configuration says; on an error (a file that cannot be opened) as before.
  Result<void> use(const config::LogConfig& config);
  // Opens the files again.
  void reopen();
  // What a worker reports to; made and used on its thread.
  std::unique_ptr<proxy::Observer> observer(runtime::Loop& loop);
  void event(Severity severity, std::string_view what, std::string_view detail);
  // Findings, for people. Like event(): a standard error that nobody reads blocks nobody.
  void text(std::string_view lines);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sp::app
