#include "stages/access_log/writer.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "stages/access_log/escape.h"

namespace sp::access_log {
namespace {

constexpr std::size_t most_spare = 16;

std::uint64_t lines_in(std::string_view text) { return static_cast<std::uint64_t>(std::ranges::count(text, '\n')); }

std::string_view remedy_for(int fault) {
  switch (fault) {
    case ENOSPC:
    case EDQUOT: return "make room on its file system; lines are dropped until then";
    case EPIPE: return "whoever read standard output has gone; set log.access to a file or to journal";
    case ENOENT:
    case ECONNREFUSED: return "start the log daemon, or set log.access to a file";
    default: return "lines are dropped until it works again";
  }
}

Format format_of(config::LogFormat format) {
  switch (format) {
    case config::LogFormat::json: return Format::json;
    case config::LogFormat::common: return Format::common;
    case config::LogFormat::combined: return Format::combined;
  }
  return Format::json;
}

// Signals are for the thread that waits for them: threads that are made in here take none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

LogWriter::LogWriter(OperatorLog& log, Options options)
    : log_(log), options_(std::move(options)), bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  SignalsBlocked blocked;
  thread_ = std::thread(&LogWriter::run, this);
}

LogWriter::~LogWriter() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ring();
  thread_.join();
  close(bell_);
}

// ---- from other threads ----

Result<void> LogWriter::set_sink(const config::LogConfig& config) {
  bool same = false;
  {
    std::lock_guard lock(mutex_);
    same = access_ == config.access.value;
  }
  if (!same) {
    auto sink = open_sink(config.access.value, options_.places);
    if (!sink) return fail(sink.error());
    std::lock_guard lock(mutex_);
    access_ = config.access.value;
    queue_.emplace_back(*std::move(sink));
  }
  format_.store(format_of(config.format), std::memory_order_relaxed);
  wanted_.store(config.access.value != "off", std::memory_order_relaxed);
  ring();
  return {};
}

void LogWriter::reopen() {
  {
    std::lock_guard lock(mutex_);
    queue_.emplace_back(Reopen{});
  }
  ring();
}

void LogWriter::hand_over(std::string& batch) {
  if (batch.empty()) return;
  bool to_ring = false;
  {
    std::lock_guard lock(mutex_);
    if (queued_octets_ + batch.size() > options_.queue_octets) {
      dropped_.fetch_add(lines_in(batch), std::memory_order_relaxed);
      to_ring = true;  // so that it is said
    } else {
      to_ring = queue_.empty();
      queued_octets_ += batch.size();
      ++handed_over_;
      queue_.emplace_back(std::move(batch));
      batch = {};
      if (!spare_.empty()) {
        batch.swap(spare_.back());
        spare_.pop_back();
      }
    }
  }
  batch.clear();
  if (to_ring) ring();
}

bool LogWriter::flush(std::chrono::milliseconds within) {
  std::unique_lock lock(mutex_);
  const std::uint64_t until = handed_over_;
  return written_.wait_for(lock, within, [&] { return finished_ >= until; });
}

void LogWriter::ring() {
  std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(bell_, &one, sizeof one);  // full means that it rings already
}

// ---- the thread ----

void LogWriter::run() {
  pthread_setname_np(pthread_self(), "log");
  for (;;) {
    bool stopping = told_to_stop();  // before what is there is delivered: nothing comes after it
    Sink::Outcome outcome = deliver();
    Clock::time_point now = Clock::now();
    report_losses(now);
    if (stopping && (outcome == Sink::Outcome::done || now >= stop_at_)) break;
    wait(outcome);
  }
  while (writing_ || next_batch()) {
    drop_rest();
    batch_done();
  }
  next_report_ = {};
  report_losses(Clock::now());
}

bool LogWriter::told_to_stop() {
  std::uint64_t rings;
  [[maybe_unused]] auto got = ::read(bell_, &rings, sizeof rings);
  std::lock_guard lock(mutex_);
  if (!stopping_) return false;
  if (stop_at_ == Clock::time_point::max()) stop_at_ = Clock::now() + options_.stop_within;
  return true;
}

void LogWriter::use_sink(std::unique_ptr<Sink> sink) {
  skip_torn_line();
  sink_ = std::move(sink);
  torn_ = false;
  fault_ = 0;
}

// When a sink takes no more, the next one need not wait for it: the batches before it are its own then. False: there is
// none.
bool LogWriter::use_waiting_sink() {
  std::unique_ptr<Sink> next;
  {
    std::lock_guard lock(mutex_);
    auto found = std::ranges::find_if(
        queue_, [](const Item& item) { return std::holds_alternative<std::unique_ptr<Sink>>(item); });
    if (found == queue_.end()) return false;
    next = std::get<std::unique_ptr<Sink>>(std::move(*found));
    queue_.erase(found);
  }
  use_sink(std::move(next));
  return true;
}

void LogWriter::reopen_sink() {
  if (sink_ == nullptr || sink_->reopen()) return;
  log_.write(Severity::error, "access_log_reopen_failed",
             "the access log cannot be opened again: the old file stays in use",
             {{"sink", sink_->name()}, {"detail", std::system_category().message(sink_->fault())}});
}

// The sink is about to be another one: the end of a line is of no use to it.
void LogWriter::skip_torn_line() {
  bool begun = writing_ && rest_.data() != batch_.data() && rest_.data()[-1] != '\n';
  if (!begun) return;
  rest_.remove_prefix(std::min(rest_.find('\n') + 1, rest_.size()));
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

// Writes until there is nothing left, or the sink takes no more for now.
Sink::Outcome LogWriter::deliver() {
  Sink::Outcome outcome = Sink::Outcome::done;
  for (;;) {
    if (outcome == Sink::Outcome::blocked && !use_waiting_sink()) return outcome;
    if (!writing_ && !next_batch()) return Sink::Outcome::done;
    outcome = write_batch();
    if (outcome == Sink::Outcome::blocked) continue;
    if (outcome == Sink::Outcome::failed) {
      note_failure();
      drop_rest();
    } else {
      note_success();
    }
    batch_done();
  }
}

Sink::Outcome LogWriter::write_batch() {
  if (sink_ == nullptr) return Sink::Outcome::done;
  if (torn_) {
    std::string_view newline = "\n";
    if (auto outcome = sink_->write(newline); outcome != Sink::Outcome::done) return outcome;
    torn_ = false;
  }
  return sink_->write(rest_);
}

std::optional<LogWriter::Item> LogWriter::next_item() {
  std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  Item item = std::move(queue_.front());
  queue_.pop_front();
  return item;
}

// Follows the orders on the way to it.
bool LogWriter::next_batch() {
  while (auto item = next_item()) {
    if (auto* batch = std::get_if<std::string>(&*item)) {
      batch_ = std::move(*batch);
      rest_ = batch_;
      writing_ = true;
      return true;
    }
    if (auto* sink = std::get_if<std::unique_ptr<Sink>>(&*item)) {
      use_sink(std::move(*sink));
    } else {
      reopen_sink();
    }
  }
  return false;
}

void LogWriter::batch_done() {
  {
    std::lock_guard lock(mutex_);
    queued_octets_ -= batch_.size();
    ++finished_;
    batch_.clear();
    rest_ = {};
    if (spare_.size() < most_spare) spare_.push_back(std::move(batch_));
  }
  writing_ = false;
  written_.notify_all();
}

void LogWriter::drop_rest() {
  if (rest_.data() != batch_.data()) torn_ = rest_.data()[-1] != '\n';
  dropped_.fetch_add(lines_in(rest_), std::memory_order_relaxed);
}

void LogWriter::note_failure() {
  int fault = sink_->fault();
  if (std::exchange(fault_, fault) == fault) return;  // said already
  log_.write(
      Severity::error, "access_log_failed", "the access log cannot be written",
      {{"sink", sink_->name()}, {"detail", std::system_category().message(fault)}, {"remedy", remedy_for(fault)}});
}

void LogWriter::note_success() {
  if (std::exchange(fault_, 0) == 0) return;
  log_.write(Severity::notice, "access_log_works_again", "the access log can be written again",
             {{"sink", sink_->name()}});
}

void LogWriter::report_losses(Clock::time_point now) {
  std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  if (dropped == reported_ || now < next_report_) return;
  std::string lines;
  append_number(lines, dropped - reported_);
  std::string detail =
      fault_ != 0 ? std::system_category().message(fault_) : "it takes lines more slowly than they come";
  log_.write(Severity::warning, "access_log_lines_dropped", "lines of the access log were dropped",
             {{"lines", lines}, {"sink", sink_ == nullptr ? "off" : sink_->name()}, {"detail", detail}});
  reported_ = dropped;
  next_report_ = now + options_.report_every;
}

// How long to wait for the bell or the sink, in milliseconds as poll() counts them.
int LogWriter::patience(Sink::Outcome outcome, Clock::time_point now) const {
  Clock::time_point until = stop_at_;
  if (dropped_.load(std::memory_order_relaxed) != reported_) until = std::min(until, next_report_);
  bool cannot_be_polled = outcome == Sink::Outcome::blocked && sink_->descriptor() < 0;
  if (cannot_be_polled) until = std::min(until, now + std::chrono::milliseconds(100));
  if (until == Clock::time_point::max()) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void LogWriter::wait(Sink::Outcome outcome) {
  std::array<pollfd, 2> entries{};
  entries[0] = {.fd = bell_, .events = POLLIN, .revents = 0};
  nfds_t count = 1;
  if (outcome == Sink::Outcome::blocked && sink_->descriptor() >= 0) {
    entries[count++] = {.fd = sink_->descriptor(), .events = POLLOUT, .revents = 0};
  }
  poll(entries.data(), count, patience(outcome, Clock::now()));
}

}  // namespace sp::access_log
