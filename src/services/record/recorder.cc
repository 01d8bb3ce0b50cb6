#include "services/record/recorder.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/units.h"

namespace sp::record {
namespace {

using std::chrono::system_clock;

constexpr auto tidy_every = std::chrono::hours(1);
// So many rows may have come since it was looked how many there are.
constexpr std::size_t rows_before_tidy = 20'000;

}  // namespace

Recorder::Recorder(Tell tell, Settings settings) : tell_(std::move(tell)), settings_(std::move(settings)) {}

Recorder::~Recorder() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// ---- on other threads ----

void Recorder::adopt(const std::vector<config::OutboundConfig>& entries) {
  Entries next;
  for (const config::OutboundConfig& entry : entries) {
    if (!entry.record) continue;
    next[entry.record->path.value].push_back(
        {entry.name, std::chrono::duration_cast<std::chrono::days>(entry.record->keep)});
  }
  if (!thread_.joinable() && next.empty()) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wanted_.store(!next.empty(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    entries_ = std::move(next);
    hurry_ = true;  // a file that cannot be written is told of at once
  }
  changed_.notify_one();
}

void Recorder::hand_over(Sightings& batch) {
  {
    const std::lock_guard lock(mutex_);
    take(batch);
  }
  batch.clear();
  changed_.notify_one();
}

// With the lock.
void Recorder::take(Sightings& batch) {
  for (auto& [key, sum] : batch) {
    const auto known = pending_.find(key);
    if (known != pending_.end()) {
      known->second.add(sum);
    } else if (pending_.size() < settings_.most_pending) {
      pending_.emplace(key, std::move(sum));
    } else {
      lost_ += sum.count;
    }
  }
}

void Recorder::settle() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  hurry_ = true;
  changed_.notify_one();
  const std::uint64_t until = rounds_ + 2;  // the round that may be under way has not seen all of it
  settled_.wait(lock, [&] {
    if (rounds_ < until && !hurry_) {
      hurry_ = true;
      changed_.notify_one();
    }
    return rounds_ >= until;
  });
}

// ---- the recorder's thread ----

void Recorder::run() {
  pthread_setname_np(pthread_self(), "record");
  std::unique_lock lock(mutex_);
  for (;;) {
    wait(lock);
    const bool last = ended_;
    hurry_ = false;
    try {
      work(lock);
    } catch (const std::bad_alloc&) {
      if (!lock.owns_lock()) lock.lock();
      ++lost_;  // at least
    }
    ++rounds_;
    settled_.notify_all();
    if (last) return;
  }
}

// Until there is something to write, and then for what comes with it.
void Recorder::wait(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return ended_ || hurry_ || !pending_.empty(); });
  changed_.wait_for(lock, settings_.every, [this] { return ended_ || hurry_; });
}

void Recorder::work(std::unique_lock<std::mutex>& lock) {
  Sightings batch = std::exchange(pending_, {});
  const Entries entries = entries_;
  const std::uint64_t lost = std::exchange(lost_, 0);
  lock.unlock();
  if (lost != 0) tell_of_lost(lost);
  write_all(batch, entries);
  if (settings_.clock() >= tidied_ + tidy_every || written_ >= rows_before_tidy) tidy(entries);
  lock.lock();
  // What could not be written waits with what has come meanwhile.
  std::swap(pending_, batch);
  take(batch);
}

void Recorder::write_all(Sightings& batch, const Entries& entries) {
  std::set<std::string> paths;
  for (const auto& [path, kept] : entries) paths.insert(path);
  for (const auto& [key, sum] : batch) paths.insert(key.path);
  for (const std::string& path : paths) write(path, batch);
  // Those of an earlier configuration.
  std::erase_if(stores_, [&](const auto& each) { return !entries.contains(each.first); });
}

void Recorder::write(const std::string& path, Sightings& batch) {
  Store* store = store_of(path);
  const auto is_of_path = [&](const auto& each) { return each.first.path == path; };
  if (store == nullptr || std::ranges::none_of(batch, is_of_path)) return;
  const auto written = store->add(batch, path);
  if (!written) {
    stores_.erase(path);  // opened again: the file may be another one by now
    return failed(path, written.error());
  }
  succeeded(path);
  written_ += std::erase_if(batch, is_of_path);
}

// Null: it was told why.
Store* Recorder::store_of(const std::string& path) {
  const auto known = stores_.find(path);
  if (known != stores_.end() && known->second.is_at(path)) return &known->second;
  stores_.erase(path);
  auto opened = Store::open(path);
  if (!opened) {
    failed(path, opened.error());
    return nullptr;
  }
  return &stores_.emplace(path, *std::move(opened)).first->second;
}

void Recorder::tidy(const Entries& entries) {
  const auto now = settings_.clock();
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch();
  for (const auto& [path, kept] : entries) {
    const auto store = stores_.find(path);
    if (store == stores_.end()) continue;
    for (const Kept& each : kept) {
      const auto forgotten =
          store->second.forget(each.entry, static_cast<std::int32_t>((today - each.keep).count()), settings_.most_rows);
      if (!forgotten) failed(path, forgotten.error());
    }
  }
  tidied_ = now;
  written_ = 0;
}

// Once for each cause, until it works again.
void Recorder::failed(const std::string& path, const std::string& why) {
  std::string& told = failures_[path];
  if (told == why) return;
  told = why;
  tell_(Severity::error, "record_failed",
        fmt::format("what is asked of the way out cannot be written to `{}`: {}; requests go on without it, and it is "
                    "tried again",
                    path, why));
}

void Recorder::succeeded(const std::string& path) {
  if (failures_.erase(path) == 0) return;
  tell_(Severity::notice, "record_works", fmt::format("`{}` is written to again", path));
}

void Recorder::tell_of_lost(std::uint64_t lost) {
  tell_(Severity::warning, "record_incomplete",
        fmt::format("{} not recorded: more than could be written", counted(lost, "request was", "requests were")));
}

}  // namespace sp::record
