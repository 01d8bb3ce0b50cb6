#include "app/background_doctor.h"

#include <fmt/format.h>
#include <pthread.h>

#include <new>
#include <system_error>

#include "services/doctor/round.h"

namespace sp::app {
namespace {

// Of a round nobody has asked for, what cannot be examined is no failure of the gate: it serves as before.
void tell(Logs& logs, const doctor::Examination& one) {
  if (!one.diagnosis) return;
  const std::string_view remedy = one.diagnosis->remedy;
  logs.event(Severity::warning, name(one.diagnosis->code),
             fmt::format("doctor: {}{}{}", one.diagnosis->text, remedy.empty() ? "" : "; ", remedy));
}

void run(Logs& logs, doctor::Round& round) {
  pthread_setname_np(pthread_self(), "doctor");
  try {
    (void)round.run([&](const doctor::Examination& one) { tell(logs, one); });
  } catch (const std::bad_alloc&) {
    logs.event(Severity::warning, name(Code::out_of_memory), "the servers were not examined");
  }
}

}  // namespace

BackgroundDoctor::BackgroundDoctor(Logs& logs) : logs_(logs) {}
BackgroundDoctor::~BackgroundDoctor() { end(); }

void BackgroundDoctor::end() {
  if (!thread_.joinable()) return;
  round_->stop();
  thread_.join();
  round_.reset();
}

void BackgroundDoctor::begin(std::shared_ptr<const proxy::Snapshot> snapshot) {
  end();
  if (snapshot->config.runtime.doctor == config::OnOff::off) return;
  auto subjects = doctor::subjects_of(*snapshot, doctor::Which::told);
  if (subjects.empty()) return;
  try {
    round_ = std::make_unique<doctor::Round>(std::move(snapshot), std::move(subjects), doctor::Effort::if_wrong);
    thread_ = std::thread([this] { run(logs_, *round_); });
  } catch (const std::system_error&) {
    logs_.event(Severity::warning, name(Code::no_descriptors), "the servers were not examined");
  }
}

}  // namespace sp::app
