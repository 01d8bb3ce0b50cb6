// What was verified is not verified again for a while: a hash is slow on purpose, and a client sends its password with
// each request.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>

#include "runtime/timer_wheel.h"
#include "services/identity/keyed_digest.h"

namespace sp::identity {

// Bounded: what was noted first is forgotten first. What was wrong has its own bound, so that guessing pushes nobody
// out who has the password.
class Remembered {
 public:
  static constexpr runtime::Duration right_for{300'000}, wrong_for{10'000};

  // `most`: of what was right, and as many of what was wrong.
  explicit Remembered(std::size_t most) : right_(most), wrong_(most) {}
  std::optional<bool> find(const Digest& digest, runtime::TimePoint now) const;
  void note(const Digest& digest, bool right, runtime::TimePoint now);

 private:
  class Some {
   public:
    explicit Some(std::size_t most) : most_(most) {}
    bool has(const Digest& digest, runtime::TimePoint now) const;
    void add(const Digest& digest, runtime::TimePoint until);
    void remove(const Digest& digest);

   private:
    struct Known {
      Digest digest;
      runtime::TimePoint until;
    };
    std::size_t most_;
    std::list<Known> by_age_;  // the latest first
    std::unordered_map<Digest, std::list<Known>::iterator, DigestHash> by_digest_;
  };
  Some right_, wrong_;
};

}  // namespace sp::identity
