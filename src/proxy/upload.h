// The content of a request on its way to the server. What is there with the head goes out with it; the rest is sent
// beside the waiting for the response, since a server may answer at any time.
#pragma once

#include <array>

#include "proxy/body.h"
#include "proxy/buffer.h"
#include "runtime/fair_share.h"
#include "runtime/task.h"

namespace sp::proxy {

struct Exchange;

class Upload {
 public:
  // For each attempt, before the head is sent.
  Result<void> prepare(Exchange& exchange);
  // What is there already, to be sent with the head, if the sender of the head can do so.
  std::array<ByteView, 2> first_parts() const { return {prefix_, kept_.view()}; }
  // They were. `all`: if there is nothing behind them, the request is complete.
  void first_parts_sent(bool all);
  // Sends the rest; ends when all is sent, when the server takes no more, or when the client failed (`failure` says
  // how, and the connection to the server is cut: an unfinished request must not look whole).
  runtime::Task<void> run(Exchange& exchange);

  bool complete() const { return complete_; }
  // It is being sent beside the exchange.
  bool active() const { return running_ && !over_; }
  // It holds everything back until a 100 comes, or for long enough.
  bool waits_to_be_wanted() const { return waits_; }
  // Nothing more will be sent: complete, or given up.
  bool over() const { return over_; }
  // Whether everything that was sent can be sent once more.
  bool replayable() const { return !lost_; }
  // Content was, or is being, taken beside the exchange.
  bool started() const { return running_; }

  // So much of what was taken is kept for sending it once more, as long as a kept connection may turn out to be closed.
  static constexpr std::size_t most_kept = Buffer::large;

  Error failure{.code = Code::ok};
  runtime::TimePoint ended{};  // when it was over

 private:
  runtime::Task<bool> wait_until_wanted(Exchange& exchange);
  runtime::Task<bool> ask_client(Exchange& exchange);
  runtime::Task<Result<void>> splice_rest(Exchange& exchange, runtime::Stream& to);
  runtime::Task<Result<void>> send_first_parts(Exchange& exchange);
  runtime::Task<void> send_rest(Exchange& exchange);
  bool nothing_follows() const;
  runtime::Task<bool> send_end(Exchange& exchange);
  void keep(const Exchange& exchange, ByteView piece);
  void keep_prefix(const Exchange& exchange);
  void give_up(Exchange& exchange, Error error);
  void not_sent(Exchange& exchange, const Error& error);
  void complete_now();
  void over_now();

  BodySource* source_ = nullptr;
  ByteView prefix_;  // taken with the head; the source's, until it is asked for more
  Buffer kept_;      // what was taken behind it, and then it, too
  runtime::FairShare share_;
  bool prefix_taken_ = false;
  bool first_sent_ = false;
  bool lost_ = false;  // some of what was sent is nowhere any more
  bool complete_ = false;
  bool over_ = false;
  bool running_ = false;
  bool waits_ = false;
  bool waited_ = false;  // for a 100, at the server before
};

}  // namespace sp::proxy
