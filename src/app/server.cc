#include "app/server.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <system_error>

#include <fmt/format.h>

#include "app/background_doctor.h"
#include "app/background_health.h"
#include "app/listeners.h"
#include "app/log_place.h"
#include "app/logs.h"
#include "app/notify.h"
#include "app/worker_thread.h"
#include "base/units.h"
#include "proxy/compile_snapshot.h"
#include "services/identity/htpasswd_users.h"
#include "services/record/observer.h"
#include "tls/ticket_keys.h"

namespace sp::app {
namespace {

using std::chrono::steady_clock;

constexpr auto ticket_period = std::chrono::hours(1);

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

// As many descriptors as this process may have: a connection takes two.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// 0: not known, or without a limit.
std::size_t most_descriptors() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : 0;
}

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {-1};
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(static_cast<unsigned>(core), &set)) cores.push_back(core);
  }
  return cores.empty() ? std::vector<int>{-1} : cores;
}

// Of this process, so that a request which comes back here is seen, and one that passes another gate is not.
std::string via_name() { return fmt::format("sallyport-{:08x}", std::random_device{}()); }

class Server {
 public:
  explicit Server(const RunOptions& options)
      : options_(options), tickets_(std::make_shared<tls::TicketKeys>()), via_(via_name()) {}
  int run();

 private:
  std::shared_ptr<const proxy::Snapshot> load(config::Loaded& loaded);
  void start_workers(const config::RuntimeConfig& config);
  bool take_over(std::shared_ptr<const proxy::Snapshot> snapshot, config::Loaded& loaded);
  std::unique_ptr<proxy::Observer> observer(runtime::Loop& loop);
  void use_record(const proxy::Snapshot& snapshot);
  void serve();
  void reload();
  void drain();
  int next_signal(std::chrono::milliseconds patience) const;
  std::size_t sessions();

  const RunOptions& options_;
  std::shared_ptr<tls::TicketKeys> tickets_;
  std::string via_;
  std::uint64_t generation_ = 0;      // of the snapshot that is served: what was refused is not counted
  std::uint32_t workers_wanted_ = 0;  // runtime.workers at the start
  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::unique_ptr<Logs> logs_;
  std::unique_ptr<record::Recorder> recorder_;
  std::unique_ptr<BackgroundDoctor> doctor_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::unique_ptr<BackgroundHealth> health_;
  std::unique_ptr<Listeners> listeners_;
};

std::shared_ptr<const proxy::Snapshot> Server::load(config::Loaded& loaded) {
  if (!loaded.ok()) return nullptr;
  proxy::CompileDeps deps{.files = *options_.files,
                          .now = std::chrono::system_clock::now(),
                          .tickets = tickets_,
                          .via = via_,
                          .generation = generation_ + 1,
                          .load_users = &identity::load_users};
  return proxy::compile_snapshot(std::move(loaded.config), deps, loaded.findings);
}

int Server::run() {
  config::Loaded loaded = options_.load();
  auto snapshot = load(loaded);
  if (!loaded.findings.empty()) std::fputs(config::print(loaded.findings, loaded.sources).c_str(), stderr);
  if (snapshot == nullptr) return 3;
  logs_ = std::make_unique<Logs>();
  recorder_ =
      std::make_unique<record::Recorder>([this](Severity severity, std::string_view what, std::string_view detail) {
        logs_->event(severity, what, detail);
      });
  start_workers(snapshot->config.runtime);
  loaded.findings.clear();
  if (!take_over(std::move(snapshot), loaded)) {
    std::fputs(config::print(loaded.findings, loaded.sources).c_str(), stderr);
    return 1;
  }
  std::vector<std::string> addresses;
  for (const proxy::Entry& entry : snapshot_->entries) {
    for (const proxy::Listen& listen : entry.listens) addresses.push_back(listen.text);
  }
  logs_->event(Severity::notice, "ready", counted(workers_.size(), "worker"));
  notify_service_manager("READY=1");
  if (options_.on_ready) options_.on_ready(addresses);
  doctor_ = std::make_unique<BackgroundDoctor>(*logs_);
  doctor_->begin(snapshot_);
  health_ = std::make_unique<BackgroundHealth>(*logs_, workers_);
  health_->adopt(snapshot_);
  serve();
  doctor_.reset();
  drain();
  health_.reset();  // requests that are under way still choose servers while the gate drains
  workers_.clear();
  logs_->event(Severity::notice, "stopped", "");
  return 0;
}

void Server::start_workers(const config::RuntimeConfig& config) {
  std::vector<int> cores = allowed_cores();
  workers_wanted_ = config.workers;
  std::size_t count = config.workers == 0 ? cores.size() : config.workers;
  const auto addresses = std::make_shared<proxy::AddressCounts>();
  const auto shares = std::make_shared<proxy::Shares>();
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(
        std::make_unique<WorkerThread>(WorkerThread::Settings{.number = static_cast<int>(i),
                                                              .core = count <= cores.size() ? cores[i] : -1,
                                                              .descriptors = most_descriptors() / count,
                                                              .addresses = addresses,
                                                              .shares = shares},
                                       [this](runtime::Loop& loop) { return observer(loop); }));
  }
  listeners_ = std::make_unique<Listeners>(count);
}

std::unique_ptr<proxy::Observer> Server::observer(runtime::Loop& loop) {
  return std::make_unique<record::RecordObserver>(logs_->observer(loop), loop, *recorder_);
}

// Requests go on without it.
void Server::use_record(const proxy::Snapshot& snapshot) {
  try {
    recorder_->adopt(snapshot.config.outbound);
  } catch (const std::system_error&) {
    logs_->event(Severity::error, "record_failed", "there is no thread for it: nothing is recorded");
  }
}

// All or nothing: a new address that cannot be bound leaves everything as it was, and so does a log that cannot be
// opened. The log is the first to change, since that it can be opened is known only then; a worker that refuses behind
// it is one for which there is no memory.
bool Server::take_over(std::shared_ptr<const proxy::Snapshot> snapshot, config::Loaded& loaded) {
  auto sockets = listeners_->bind(*snapshot, loaded.findings);
  const config::LogConfig& log = snapshot->config.log;
  if (!config::has_errors(loaded.findings)) {
    auto opened = logs_->use(log);
    if (!opened) loaded.findings.push_back(log_not_opened(log, *options_.files, opened.error()));
  }
  if (config::has_errors(loaded.findings)) return false;
  use_record(*snapshot);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto adopted = workers_[i]->adopt(snapshot, std::move(sockets[i]));
    if (adopted) continue;
    loaded.findings.push_back(
        {.place = {},
         .message = fmt::format("a worker could not take the configuration over: {}", info(adopted.error().code).what),
         .remedy = {}});
    return false;
  }
  listeners_->commit(*snapshot);
  generation_ = snapshot->generation;
  snapshot_ = std::move(snapshot);
  return true;
}

int Server::next_signal(std::chrono::milliseconds patience) const {
  sigset_t set = handled_signals();
  timespec time{.tv_sec = patience.count() / 1000, .tv_nsec = patience.count() % 1000 * 1'000'000};
  return sigtimedwait(&set, nullptr, &time);
}

void Server::serve() {
  auto rotate_at = steady_clock::now() + ticket_period;
  for (;;) {
    int signal = next_signal(std::chrono::seconds(10));
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) reload();
    if (signal == SIGUSR1) logs_->reopen();
    if (steady_clock::now() >= rotate_at) {
      tickets_->rotate();
      rotate_at = steady_clock::now() + ticket_period;
    }
  }
}

void Server::reload() {
  notify_service_manager("RELOADING=1");
  config::Loaded loaded = options_.load();
  auto snapshot = load(loaded);
  if (snapshot == nullptr) {
    logs_->event(Severity::error, "reload_refused", "the configuration is wrong: the old one goes on");
  } else if (!take_over(std::move(snapshot), loaded)) {
    logs_->event(Severity::error, "reload_refused", "the configuration cannot be taken over: the old one goes on");
  } else {
    logs_->event(Severity::notice, "reloaded", fmt::format("generation {}", generation_));
    doctor_->begin(snapshot_);
    health_->adopt(snapshot_);
    if (snapshot_->config.runtime.workers != workers_wanted_) {
      logs_->event(
          Severity::warning, "restart_needed",
          fmt::format("runtime.workers is read at the start only: {} go on", counted(workers_.size(), "worker")));
    }
  }
  if (!loaded.findings.empty()) logs_->text(config::print(loaded.findings, loaded.sources));
  notify_service_manager("READY=1");
}

std::size_t Server::sessions() {
  std::size_t total = 0;
  for (auto& worker : workers_) total += worker->sessions();
  return total;
}

void Server::drain() {
  notify_service_manager("STOPPING=1");
  auto until = steady_clock::now() + snapshot_->config.runtime.drain;
  for (auto& worker : workers_) worker->drain();
  logs_->event(Severity::notice, "draining", counted(sessions(), "connection"));
  while (sessions() != 0 && steady_clock::now() < until) {
    int signal = next_signal(std::chrono::milliseconds(20));
    if (signal == SIGTERM || signal == SIGINT) break;
  }
  if (std::size_t left = sessions(); left != 0) logs_->event(Severity::warning, "cut_off", counted(left, "connection"));
  for (auto& worker : workers_) worker->cut();
  // What was cut ends within a turn of its loop or two: this is the bound for what should not exist.
  auto end = steady_clock::now() + std::chrono::seconds(2);
  while (sessions() != 0 && steady_clock::now() < end) next_signal(std::chrono::milliseconds(5));
}

}  // namespace

int run_server(const RunOptions& options) {
  raise_descriptor_limit();
  sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // the workers inherit it: signals are the control thread's
  signal(SIGPIPE, SIG_IGN);
  Server server(options);
  return server.run();
}

}  // namespace sp::app
