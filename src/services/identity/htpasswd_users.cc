#include "services/identity/htpasswd_users.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <mutex>
#include <system_error>

#include "runtime/loop.h"
#include "services/identity/verifier.h"

namespace sp::identity {
namespace {

using config::Finding;
using runtime::Task;

constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

// Of the threads that ask, each its own, as long as there are enough.
constexpr std::size_t most_slots = 16;
std::size_t slot_of_this_thread() {
  static std::atomic<std::size_t> next{0};
  static thread_local const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed) % most_slots;
  return slot;
}

class HtpasswdUsers final : public proxy::Users {
 public:
  explicit HtpasswdUsers(Hashes hashes)
      : hashes_(std::move(hashes)),
        all_(all_of(hashes_)),
        verifier_([this](const std::string& user, const std::string& password) { return check(user, password); },
                  most_waiting) {}

  Task<Answer> verify(std::string_view user, std::string_view password, runtime::CancelToken& token) override {
    const runtime::Loop& here = runtime::Loop::current();
    Slot& slot = slots_[slot_of_this_thread()];
    const Recalled recalled = recall(slot, user, password, here.now());
    if (recalled.right) co_return *recalled.right ? Answer::right : Answer::wrong;
    const Answer answer = co_await verifier_.verify(recalled.digest, user, password, token);
    if (answer != Answer::busy) note(slot, recalled.digest, answer == Answer::right, here.now());
    co_return answer;
  }

 private:
  // What a worker has asked before it knows without the others: on the data path no lock is waited for.
  struct alignas(64) Slot {
    explicit Slot(const DigestKey& key) : digests(key) {}
    std::mutex mutex;
    KeyedDigest digests;
    Remembered remembered{1024};
  };
  struct Recalled {
    Digest digest;
    std::optional<bool> right;
  };
  class Slots {
   public:
    explicit Slots(const DigestKey& key) {
      for (auto& slot : slots_) slot = std::make_unique<Slot>(key);
    }
    Slot& operator[](std::size_t number) { return *slots_[number]; }

   private:
    std::array<std::unique_ptr<Slot>, most_slots> slots_;
  };

  static Recalled recall(Slot& slot, std::string_view user, std::string_view password, runtime::TimePoint now) {
    const std::lock_guard lock(slot.mutex);
    const Digest digest = slot.digests.of(user, password);
    return {digest, slot.remembered.find(digest, now)};
  }
  static void note(Slot& slot, const Digest& digest, bool right, runtime::TimePoint now) {
    const std::lock_guard lock(slot.mutex);
    slot.remembered.note(digest, right, now);
  }

  static std::vector<const std::string*> all_of(const Hashes& hashes) {
    std::vector<const std::string*> all;
    all.reserve(hashes.size());
    for (const auto& [user, hash] : hashes) all.push_back(&hash);
    return all;
  }

  // On the verifier's thread. Nobody is to tell by the time it takes whether there is such a user: a stranger costs as
  // much as one of those who are known, always the same one for each name, and nobody can know which.
  bool check(const std::string& user, const std::string& password) {
    if (hashes_.empty()) return false;
    const auto known = hashes_.find(user);
    const std::size_t other = DigestHash{}(strangers_.of(user, {})) % all_.size();
    return matches(password, known != hashes_.end() ? known->second : *all_[other]) && known != hashes_.end();
  }

  const Hashes hashes_;
  const std::vector<const std::string*> all_;
  const DigestKey key_;
  KeyedDigest strangers_{key_};
  Slots slots_{key_};
  Verifier verifier_;  // its thread uses the others
};

void add_findings(const std::vector<LineProblem>& problems, const config::Text& file, std::vector<Finding>& findings) {
  for (const LineProblem& each : problems) {
    findings.push_back({.place = file.place,
                        .message = fmt::format("{}:{}: {}", file.value, each.line, each.problem.message),
                        .remedy = each.problem.remedy});
  }
}

}  // namespace

std::shared_ptr<proxy::Users> make_users(Hashes hashes) { return std::make_shared<HtpasswdUsers>(std::move(hashes)); }

std::shared_ptr<proxy::Users> load_users(const config::Text& file, const config::FileSystem& files,
                                         std::vector<Finding>& findings) {
  const auto text = files.read(file.value, largest_file);
  if (!text) {
    findings.push_back({.place = file.place,
                        .message = fmt::format("the file of users `{}` cannot be read", file.value),
                        .remedy = "look at its path, and whether the user that the gate runs as may read it"});
    return nullptr;
  }
  auto hashes = parse_htpasswd(*text);
  if (!hashes) {
    add_findings(hashes.error(), file, findings);
    return nullptr;
  }
  try {
    return make_users(*std::move(hashes));
  } catch (const std::system_error& error) {
    findings.push_back({.place = file.place,
                        .message = fmt::format("users cannot be verified: {}", error.what()),
                        .remedy = "let the gate have more threads"});
    return nullptr;
  }
}

}  // namespace sp::identity
