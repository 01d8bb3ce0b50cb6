#include "services/identity/verifier.h"

#include <openssl/crypto.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <vector>

#include "runtime/wait.h"

namespace sp::identity {

// Who waits. Shared with a message that may be on its way to the loop when nobody waits any more.
struct Verifier::Waiter {
  explicit Waiter(runtime::Loop& of) : loop(of) {}
  runtime::Loop& loop;
  runtime::Event done;
  Answer answer = Answer::busy;
};

struct Verifier::Job {
  Job(const Digest& of, std::string_view user_, std::string_view password_, runtime::TimePoint asked_at)
      : digest(of), user(user_), password(password_), asked(asked_at) {}
  ~Job() { OPENSSL_cleanse(password.data(), password.size()); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Digest digest;
  std::string user, password;
  runtime::TimePoint asked;
  std::vector<std::shared_ptr<Waiter>> waiters;
};

Verifier::Verifier(Check check, std::size_t most_waiting)
    : check_(std::move(check)), most_waiting_(most_waiting), thread_([this] { run(); }) {}

Verifier::~Verifier() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

// ---- on the threads of loops ----

runtime::Task<Verifier::Answer> Verifier::verify(Digest digest, std::string_view user, std::string_view password,
                                                 runtime::CancelToken& token) {
  const auto waiter = std::make_shared<Waiter>(runtime::Loop::current());
  const auto at_once = ask(digest, user, password, waiter);
  if (at_once) co_return *at_once;
  const auto waited = co_await waiter->done.wait(runtime::never, &token);
  if (waited) co_return waiter->answer;
  leave(*waiter);
  co_return Answer::busy;
}

std::optional<Verifier::Answer> Verifier::ask(const Digest& digest, std::string_view user, std::string_view password,
                                              const std::shared_ptr<Waiter>& waiter) {
  const runtime::TimePoint now = waiter->loop.now();
  const std::lock_guard lock(mutex_);
  if (const auto known = remembered_.find(digest, now)) return *known ? Answer::right : Answer::wrong;
  auto job = std::ranges::find(jobs_, digest, &Job::digest);
  if (job == jobs_.end()) {
    if (jobs_.size() >= most_waiting_) return Answer::busy;
    jobs_.emplace_back(digest, user, password, now);
    job = std::prev(jobs_.end());
    asked_.notify_one();
  }
  job->waiters.push_back(waiter);  // without memory for it, the job is done for nobody
  return std::nullopt;
}

// What nobody waits for any more is not begun. Answers are sent under the lock: after this, none is on its way into the
// loop.
void Verifier::leave(const Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
    if (std::erase_if(job->waiters, [&](const auto& each) { return each.get() == &waiter; }) == 0) continue;
    const bool is_under_way = busy_ && job == jobs_.begin();
    if (job->waiters.empty() && !is_under_way) jobs_.erase(job);
    return;
  }
}

// ---- the verifier's thread ----

void Verifier::run() {
  pthread_setname_np(pthread_self(), "passwords");
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
    if (ended_) return;
    Job& job = jobs_.front();
    busy_ = true;
    const Answer given = judge(lock, job);
    answer(lock, job, given);
    jobs_.pop_front();
    busy_ = false;
  }
}

// Without memory for a hash, or to remember it: busy.
Verifier::Answer Verifier::judge(std::unique_lock<std::mutex>& lock, const Job& job) {
  std::optional<bool> right;
  lock.unlock();
  try {
    right = check_(job.user, job.password);
  } catch (const std::bad_alloc&) {
    right = std::nullopt;
  }
  lock.lock();
  if (!right || !remembers(job, *right)) return Answer::busy;
  return *right ? Answer::right : Answer::wrong;
}

bool Verifier::remembers(const Job& job, bool right) {
  try {
    remembered_.note(job.digest, right, job.asked);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Nobody is left waiting for want of memory: it comes back, or he gives up.
void Verifier::answer(std::unique_lock<std::mutex>& lock, Job& job, Answer answer) {
  while (!job.waiters.empty()) {
    try {
      const std::shared_ptr<Waiter>& waiter = job.waiters.back();
      waiter->loop.send([waiter, answer] {
        waiter->answer = answer;
        waiter->done.set();
      });
      job.waiters.pop_back();
    } catch (const std::bad_alloc&) {
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      lock.lock();
    }
  }
}

}  // namespace sp::identity
