// Verifies passwords on a thread of its own, so that those who only pass octets do not wait for a hash.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "proxy/outbound/users.h"
#include "runtime/loop.h"
#include "services/identity/remembered.h"

namespace sp::identity {

class Verifier {
 public:
  using Answer = proxy::Users::Answer;
  // May take long; called on the verifier's thread. Throws nothing but std::bad_alloc.
  using Check = std::function<bool(const std::string& user, const std::string& password)>;

  // At most `most_waiting` different passwords wait or are verified at a time; who comes then is told that the gate is
  // busy. Throws std::system_error where there is no thread to be had (start and reload only).
  Verifier(Check check, std::size_t most_waiting);
  // Waits for the hash that is being made. Nobody waits for an answer any more.
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // On the thread of a loop, to which it comes back. `digest` stands for user and password: those who ask the same at
  // the same time get one answer, and for a while those who ask later. Soon after `token` is cancelled: busy; nothing
  // of the loop is touched from then on. The texts outlive the task.
  runtime::Task<Answer> verify(Digest digest, std::string_view user, std::string_view password,
                               runtime::CancelToken& token);

 private:
  struct Waiter;
  struct Job;

  std::optional<Answer> ask(const Digest& digest, std::string_view user, std::string_view password,
                            const std::shared_ptr<Waiter>& waiter);
  void leave(const Waiter& waiter);
  void run();
  Answer judge(std::unique_lock<std::mutex>& lock, const Job& job);
  bool remembers(const Job& job, bool right);
  void answer(std::unique_lock<std::mutex>& lock, Job& job, Answer answer);

  const Check check_;
  const std::size_t most_waiting_;
  std::mutex mutex_;  // over all that follows; not held while a hash is made
  std::condition_variable asked_;
  std::list<Job> jobs_;  // the first is being verified, or will be next
  bool busy_ = false;    // the first is being verified
  bool ended_ = false;
  Remembered remembered_{16384};
  std::thread thread_;
};

}  // namespace sp::identity
