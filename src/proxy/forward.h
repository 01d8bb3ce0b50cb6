// The end of a request's way: a server is chosen, a connection found or made, the request sent, its response begun.
#pragma once

#include <coroutine>

#include "proxy/exchange.h"

namespace sp::proxy {

// Asks the route's upstream, and tries again where nothing can have been done twice: another server after a connection
// failed, another connection where a kept one was closed under us. The failure is noted in `exchange`. The fields of
// `exchange.response` are finished.
runtime::Task<Result<void>> forward(Exchange& exchange);

// At the end of an exchange, however it ended: the connection goes back to its pool if it may be used again, else it is
// closed. Waits for the upload to end, if there is one.
class [[nodiscard]] LeavingUpstream {
 public:
  explicit LeavingUpstream(Exchange& exchange) : exchange_(exchange) {}
  bool await_ready() {
    stop_upload();
    return exchange_.connection == nullptr || exchange_.scope.running() == 0;
  }
  void await_suspend(std::coroutine_handle<> waiter) { exchange_.scope.join().await_suspend(waiter); }
  void await_resume() { give_back_connection(); }

 private:
  void stop_upload();
  void give_back_connection();
  Exchange& exchange_;
};
inline LeavingUpstream leave_upstream(Exchange& exchange) { return LeavingUpstream(exchange); }

}  // namespace sp::proxy
