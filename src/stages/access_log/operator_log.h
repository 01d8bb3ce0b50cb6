// The operator's own log, on standard error: one line for each event that a person should know of.
//
//   2026-11-03T12:00:00.123Z error connection_refused: nothing listens at the server route="path /sympa"
//   server=http://10.0.0.7:80
//
// Thread-safe. A line is one write(2) of at most 4096 octets, so that lines of several processes do not mix in a pipe.
// A standard error that is not read blocks nobody: lines that do not fit are counted, and said with the next one that
// does. Of lines with one code, so many a second pass; the others are counted and said in one line when the second is
// over.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/code.h"
#include "stages/access_log/time_text.h"

namespace sp::access_log {

std::string_view name(Severity severity);
// Whether `descriptor` is the stream that JOURNAL_STREAM (sd_journal's "device:inode") names.
bool is_journal_stream(int descriptor, const char* journal_stream);

struct Pair {
  std::string_view key, value;  // pairs with an empty value are left out
};

class OperatorLog {
 public:
  struct Options {
    int descriptor = 2;                 // borrowed
    Severity minimum = Severity::info;  // what is less is not written
    bool journal_prefix = false;  // "<4>" before each line and no time: systemd's journal reads the one, has the other
    std::uint32_t lines_per_second = 20;  // of one code
    WallTime (*now)() = &std::chrono::system_clock::now;
  };
  // Standard error, with the prefix when the journal reads it.
  static Options standard();

  explicit OperatorLog(Options options) : options_(options) {}
  OperatorLog(const OperatorLog&) = delete;
  OperatorLog& operator=(const OperatorLog&) = delete;
  ~OperatorLog() { catch_up(Moment::end); }

  // `code` is what lines are counted by: a Code's name or another short word. `what` is a sentence, may be empty.
  void write(Severity severity, std::string_view code, std::string_view what, std::span<const Pair> pairs);
  void write(Severity severity, std::string_view code, std::string_view what, std::initializer_list<Pair> pairs = {}) {
    write(severity, code, what, std::span(pairs.begin(), pairs.size()));
  }

  // Lines as they are: an explanation that belongs to a line before it. Nothing is held back.
  void write_text(std::string_view text);

  // Some lines were held back, and catch_up() has something to say a second later.
  bool holding_back() const { return held_back_.load(std::memory_order_relaxed) != 0; }
  enum class Moment : std::uint8_t { now, end };
  // Says how many lines were held back in seconds that are over; at the end, in this one too.
  void catch_up(Moment moment = Moment::now);
  // Lines that standard error did not take.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  struct Counter {
    std::string code;
    Severity severity;
    std::int64_t second;
    std::uint32_t passed;
    std::uint32_t held_back;
  };
  Counter& counter_of(std::string_view code, Severity severity, WallTime now);
  void say_held_back(Counter& counter, WallTime now);
  void begin_line(Severity severity, WallTime now);
  void put_line();
  bool put(std::string_view lines) const;

  const Options options_;
  std::mutex mutex_;  // over all that follows
  std::string line_;
  TimeText time_;
  std::vector<Counter> counters_;  // one for each code that was seen: few, and bounded
  std::atomic<std::uint64_t> held_back_{0}, lost_{0};
  std::uint64_t lost_said_ = 0;
};

}  // namespace sp::access_log
