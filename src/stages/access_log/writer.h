// The access log's writer: one thread that takes batches of lines from all workers and gives them to the sink.
//
// Workers never wait for it. The queue is bounded: what does not fit (a disk that is full, a pipe that nobody reads) is
// dropped, whole batches at a time, counted, and said in the operator's log: at once, then once a minute.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "config/model.h"
#include "stages/access_log/format.h"
#include "stages/access_log/operator_log.h"
#include "stages/access_log/sink.h"

namespace sp::access_log {

class LogWriter {
 public:
  struct Options {
    std::size_t queue_octets = 16u << 20;
    std::chrono::milliseconds report_every{60'000};  // how often losses are said
    std::chrono::milliseconds stop_within{2'000};    // how long the destructor lets a sink take what is left
    SinkPlaces places{};
  };
  // Starts the thread, with the sink `off`. Throws std::system_error when there is no thread or descriptor to be had
  // (start-up only). `log` outlives it.
  explicit LogWriter(OperatorLog& log) : LogWriter(log, Options{}) {}
  LogWriter(OperatorLog& log, Options options);
  // Writes what it has, for a bounded time. Whoever hands over must have ended.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // From now on lines go where `config` says. Opens it here and now; on an error everything stays as it was. The sink
  // stays open where its place does not change. From one thread (that of start and reload).
  Result<void> set_sink(const config::LogConfig& config);

  // ---- from any thread ----
  // Opens a file again by its name, for what is handed over from now on: for SIGUSR1 (not from a signal handler: it
  // locks).
  void reopen();
  // Whether lines are wanted at all, and how they are to look.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  Format format() const { return format_.load(std::memory_order_relaxed); }
  // Takes the text of `batch` and leaves it empty, with room from an earlier batch where there is one. Does not wait,
  // and does not write.
  void hand_over(std::string& batch);
  // Until everything that was handed over before has been written or dropped. False: not within that time.
  bool flush(std::chrono::milliseconds within);
  // Lines that were dropped so far.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  // Batches, and between them the sinks that take over (null: off) and the wish to open one again.
  struct Reopen {};
  using Item = std::variant<std::string, std::unique_ptr<Sink>, Reopen>;

  void run();
  bool told_to_stop();
  void use_sink(std::unique_ptr<Sink> sink);
  bool use_waiting_sink();
  void reopen_sink();
  void skip_torn_line();
  Sink::Outcome deliver();
  Sink::Outcome write_batch();
  bool next_batch();
  std::optional<Item> next_item();
  void batch_done();
  void drop_rest();
  void note_failure();
  void note_success();
  void report_losses(Clock::time_point now);
  int patience(Sink::Outcome outcome, Clock::time_point now) const;
  void wait(Sink::Outcome outcome);
  void ring();

  OperatorLog& log_;
  const Options options_;
  std::atomic<bool> wanted_{false};
  std::atomic<Format> format_{Format::json};
  std::atomic<std::uint64_t> dropped_{0};
  int bell_;  // an eventfd that wakes the thread

  std::mutex mutex_;  // over the queue and the orders; held for moments only
  std::condition_variable written_;
  std::deque<Item> queue_;
  std::vector<std::string> spare_;                // room for batches
  std::size_t queued_octets_ = 0;                 // with the batch that is being written
  std::uint64_t handed_over_ = 0, finished_ = 0;  // batches
  std::string access_ = "off";                    // where the sink is, as in the configuration
  bool stopping_ = false;

  // ---- the thread's own ----
  std::unique_ptr<Sink> sink_;  // null: off
  std::string batch_;
  std::string_view rest_;       // of batch_
  bool writing_ = false;        // batch_ is being written
  bool torn_ = false;           // the sink holds the beginning of a line whose end was dropped
  int fault_ = 0;               // of the sink's last write: an errno, 0 where it went well
  std::uint64_t reported_ = 0;  // of dropped_
  Clock::time_point next_report_{};
  Clock::time_point stop_at_ = Clock::time_point::max();
  std::thread thread_;
};

}  // namespace sp::access_log
