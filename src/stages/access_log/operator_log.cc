#include "stages/access_log/operator_log.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "stages/access_log/escape.h"

namespace sp::access_log {
namespace {

// What a pipe takes in one piece, and what it has room for when poll() says that it is writable: PIPE_BUF of pipe(7).
constexpr std::size_t line_octets = 4096;
// Codes are a closed set and a few words beside it: more than this is a mistake of the caller, and shares one count.
constexpr std::size_t most_codes = 256;

// The levels of syslog(3), which the journal reads as "<N>".
char level(Severity severity) {
  switch (severity) {
    case Severity::debug: return '7';
    case Severity::info: return '6';
    case Severity::notice: return '5';
    case Severity::warning: return '4';
    case Severity::error: return '3';
  }
  return '6';
}

std::int64_t second_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool writable(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&entry, 1, 0) == 1 && (entry.revents & POLLOUT) != 0;
}

// As many whole lines as go in one piece.
std::string_view first_lines(std::string_view text) {
  if (text.size() <= line_octets) return text;
  const std::size_t end = text.rfind('\n', line_octets - 1);
  return text.substr(0, end == std::string_view::npos ? line_octets : end + 1);
}

void append_pairs(std::string& line, std::span<const Pair> pairs) {
  for (const Pair& pair : pairs) {
    if (pair.value.empty()) continue;
    line += ' ';
    line += pair.key;
    line += '=';
    append_value(line, pair.value);
  }
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::debug: return "debug";
    case Severity::info: return "info";
    case Severity::notice: return "notice";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return {};
}

bool is_journal_stream(int descriptor, const char* journal_stream) {
  if (journal_stream == nullptr) return false;
  struct stat status{};
  if (fstat(descriptor, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == journal_stream;
}

OperatorLog::Options OperatorLog::standard() {
  Options options;
  options.journal_prefix = is_journal_stream(options.descriptor, std::getenv("JOURNAL_STREAM"));
  return options;
}

void OperatorLog::write(Severity severity, std::string_view code, std::string_view what, std::span<const Pair> pairs) {
  if (severity < options_.minimum) return;
  WallTime now = options_.now();
  std::lock_guard lock(mutex_);
  Counter& counter = counter_of(code, severity, now);
  // What the operator did (a start, a reload) is said each time: somebody may be waiting for the line.
  if (severity != Severity::notice && counter.passed >= options_.lines_per_second) {
    ++counter.held_back;
    held_back_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  ++counter.passed;
  begin_line(severity, now);
  append_json_text(line_, code, Limit::name);
  if (!what.empty()) {
    line_ += ": ";
    append_json_text(line_, what, Limit::text);
  }
  append_pairs(line_, pairs);
  put_line();
}

void OperatorLog::write_text(std::string_view text) {
  std::lock_guard lock(mutex_);
  while (!text.empty()) {
    const std::string_view lines = first_lines(text);
    if (!put(lines)) break;
    text.remove_prefix(lines.size());
  }
  lost_.fetch_add(static_cast<std::uint64_t>(std::ranges::count(text, '\n')), std::memory_order_relaxed);
}

// The count of this code in this second; of an earlier second it is said first.
OperatorLog::Counter& OperatorLog::counter_of(std::string_view code, Severity severity, WallTime now) {
  auto found = std::ranges::find(counters_, code, &Counter::code);
  if (found == counters_.end() && counters_.size() < most_codes) {
    found = counters_.insert(
        found, Counter{.code = std::string(code), .severity = severity, .second = 0, .passed = 0, .held_back = 0});
  } else if (found == counters_.end()) {
    found = std::prev(counters_.end());
  }
  if (found->second != second_of(now)) {
    say_held_back(*found, now);
    found->second = second_of(now);
    found->passed = 0;
  }
  return *found;
}

void OperatorLog::say_held_back(Counter& counter, WallTime now) {
  if (counter.held_back == 0) return;
  begin_line(counter.severity, now);
  append_json_text(line_, counter.code, Limit::name);
  line_ += ": ...and ";
  append_number(line_, counter.held_back);
  line_ += " more such lines within a second";
  put_line();
  held_back_.fetch_sub(counter.held_back, std::memory_order_relaxed);
  counter.held_back = 0;
}

void OperatorLog::catch_up(Moment moment) {
  WallTime now = options_.now();
  std::lock_guard lock(mutex_);
  for (Counter& counter : counters_) {
    if (moment == Moment::end || counter.second != second_of(now)) say_held_back(counter, now);
  }
}

void OperatorLog::begin_line(Severity severity, WallTime now) {
  line_.clear();
  if (options_.journal_prefix) {
    line_ += '<';
    line_ += level(severity);
    line_ += '>';
  } else {
    time_.append_iso(line_, now);
    line_ += ' ';
    line_ += name(severity);
    line_ += ' ';
  }
}

void OperatorLog::put_line() {
  std::uint64_t lost = lost_.load(std::memory_order_relaxed);
  if (lost != lost_said_) {
    line_ += " lines_lost_before=";
    append_number(line_, lost - lost_said_);
  }
  if (line_.size() >= line_octets) line_.replace(line_octets - 4, std::string::npos, "...");
  line_ += '\n';
  if (put(line_)) {
    lost_said_ = lost;
  } else {
    lost_.store(lost + 1, std::memory_order_relaxed);
  }
}

// False: it would have to wait.
bool OperatorLog::put(std::string_view lines) const {
  return writable(options_.descriptor) && ::write(options_.descriptor, lines.data(), lines.size()) > 0;
}

}  // namespace sp::access_log
