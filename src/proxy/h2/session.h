// One client connection that speaks HTTP/2, from its preface to its end: many exchanges at a time.
#pragma once

#include <memory>
#include <vector>

#include "base/intrusive_list.h"
#include "proxy/exchange.h"
#include "proxy/h2/connection.h"
#include "proxy/h2/request.h"
#include "runtime/scope.h"

namespace sp::proxy {

class H2Session final : public ListHook, private codec::h2::Connection::Owner {
 public:
  // Throws std::bad_alloc.
  H2Session(Worker& worker, ClientConnection& client, runtime::CancelToken& parent);
  ~H2Session() override;

  // `received`: octets of the connection that were read already. Until the connection is over.
  runtime::Task<void> run(ByteView received);
  // No request is under way.
  bool idle() const { return requests_ == 0; }
  // No more requests, after those that are under way (a new configuration, the end of the gate).
  void drain();

 private:
  codec::h2::Stream* stream_begins() override;
  runtime::Task<void> read();
  runtime::Task<void> end();
  runtime::TimePoint deadline() const;
  void start_requests();
  runtime::Task<void> serve(std::unique_ptr<H2Request> request);
  void request_over();
  static void aborted(void* self, Code why);
  static void time_to_refuse(void* self);

  Worker& worker_;
  ClientConnection& client_;
  runtime::Scope requests_scope_, writer_scope_;
  HeadRoom heads_;
  H2Connection connection_;
  // Whose head is complete, or wrong; and all that are not being served yet.
  std::vector<std::unique_ptr<H2Request>> beginning_;
  std::uint32_t requests_ = 0;  // from their first octet to the end of the work on them
  runtime::TimePoint idle_since_;
  Error failure_{.code = Code::ok};
  bool draining_ = false, refusing_ = false;
  runtime::Timer refuse_timer_{&H2Session::time_to_refuse, this};
  runtime::CancelCallback on_cancel_{&H2Session::aborted, this};
};

}  // namespace sp::proxy
