// Writes down what was seen, on a thread of its own: workers hand over what they have, and never wait for a disk.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/code.h"
#include "config/model.h"
#include "services/record/store.h"

namespace sp::record {

class Recorder {
 public:
  // On the recorder's thread.
  using Tell = std::function<void(Severity severity, std::string_view what, std::string_view detail)>;
  using WallClock = std::function<std::chrono::system_clock::time_point()>;
  struct Settings {
    std::size_t most_pending = 50'000;  // rows that wait to be written; what comes then is counted, and lost
    std::size_t most_rows = record::most_rows;
    std::chrono::milliseconds every{500};  // how often is written
    WallClock clock = [] { return std::chrono::system_clock::now(); };
  };

  explicit Recorder(Tell tell) : Recorder(std::move(tell), Settings()) {}
  Recorder(Tell tell, Settings settings);
  ~Recorder();  // writes what is left
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // From now on the entries of this configuration; what is on its way is written where it belongs. The thread begins
  // with the first that is recorded: throws std::system_error where there is none to be had.
  void adopt(const std::vector<config::OutboundConfig>& entries);
  // Whether any of them is recorded.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  // Takes all of it. On any thread.
  void hand_over(Sightings& batch);
  // Until everything that was handed over is written, or was tried to be.
  void settle();

 private:
  struct Kept {
    std::string entry;
    std::chrono::days keep{};
  };
  using Entries = std::map<std::string, std::vector<Kept>>;  // by path

  void run();
  void wait(std::unique_lock<std::mutex>& lock);
  void take(Sightings& batch);
  void work(std::unique_lock<std::mutex>& lock);
  void write_all(Sightings& batch, const Entries& entries);
  // What could not be written stays in `batch`.
  void write(const std::string& path, Sightings& batch);
  void tidy(const Entries& entries);
  Store* store_of(const std::string& path);
  void failed(const std::string& path, const std::string& why);
  void succeeded(const std::string& path);
  void tell_of_lost(std::uint64_t lost);

  const Tell tell_;
  const Settings settings_;
  std::atomic<bool> wanted_{false};

  std::mutex mutex_;  // over what follows
  std::condition_variable changed_, settled_;
  Entries entries_;
  Sightings pending_;
  std::uint64_t lost_ = 0;
  bool ended_ = false, hurry_ = false;
  std::uint64_t rounds_ = 0;

  // Of the thread.
  std::map<std::string, Store> stores_;
  std::map<std::string, std::string> failures_;  // by path, what was told
  std::chrono::system_clock::time_point tidied_{};
  std::size_t written_ = 0;  // rows since it was tidied

  std::thread thread_;
};

}  // namespace sp::record
