// The way of one exchange to its server and back, whatever is spoken there: a connection of HTTP/1 for as long as the
// exchange has it, or a stream of a connection of HTTP/2 that is shared.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "proxy/body.h"
#include "runtime/cancel.h"
#include "runtime/stream.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace sp::proxy {

struct Exchange;

class UpstreamConnection {
 public:
  virtual ~UpstreamConnection() = default;

  // The address that was connected to: "10.0.0.7:443".
  virtual std::string_view address_text() const = 0;
  // It has served other exchanges: it may have been closed already.
  virtual bool used_before() const = 0;
  // Nobody else gets it, since the server may end it for the request that it was made for.
  virtual bool alone() const { return false; }

  // While an exchange has it: ends every operation when the exchange is cancelled.
  virtual void lease(runtime::CancelToken& token) = 0;
  virtual void end_lease() = 0;

  // Sends the head, and with it as much of the content as is there. Starts the upload of the rest.
  virtual runtime::Task<Result<void>> send_request(Exchange& exchange) = 0;
  // Waits for the final response, passes interim ones on. It is `exchange.response` then.
  virtual runtime::Task<Result<void>> receive_response(Exchange& exchange) = 0;

  // ---- for the upload ----
  // `last`: no more content comes, and no trailers.
  virtual runtime::Task<Result<void>> send_content(Exchange& exchange, ByteView piece, bool last) = 0;
  // The end of the content, with trailers if there are any (else null).
  virtual runtime::Task<Result<void>> finish_content(Exchange& exchange, const http::Fields* trailers) = 0;
  // Where the rest of the content can go unseen; null: nowhere.
  virtual runtime::Stream* takes_plain_content() { return nullptr; }
  // What was sent is not all: it must not look whole. Every operation ends with `why`.
  virtual void cut(Code why) = 0;
  // The server may say, after it was sent, that it has not looked at the request: it can be sent again, whatever it is.
  virtual bool may_refuse() const { return false; }
  // No content is wanted, and none will come.
  virtual void give_up_content() = 0;

  // ---- at the end ----
  // Whether the server can have read anything of the request.
  virtual bool request_may_have_arrived() const = 0;
  // After a response that switches protocols: the connection itself, and what it needs to live.
  struct Detached {
    std::shared_ptr<void> context;
    std::unique_ptr<runtime::Stream> stream;
  };
  virtual Detached detach() = 0;
  // The exchange is done with it: takes itself out of `exchange.connection`, into its pool if it may be used again.
  virtual void leave(Exchange& exchange) = 0;

  runtime::Event may_send;  // a 100 came: the content is wanted
  bool answered = false;    // the response of this exchange has begun: nothing can be tried again
};

}  // namespace sp::proxy
