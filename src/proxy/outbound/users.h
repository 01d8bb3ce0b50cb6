// Who may use a way out, by name and password.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/cancel.h"
#include "runtime/task.h"

namespace sp::proxy {

class Users {
 public:
  enum class Answer : std::uint8_t { right, wrong, busy };
  virtual ~Users() = default;
  // What was asked before may be remembered; else it takes as long as the hash wants, and other work of this thread
  // goes on. Called on a worker's thread; the task ends there, with `busy` soon after `token` is cancelled. The texts
  // outlive it.
  virtual runtime::Task<Answer> verify(std::string_view user, std::string_view password,
                                       runtime::CancelToken& token) = 0;
};

}  // namespace sp::proxy
