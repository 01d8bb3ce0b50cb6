#include "proxy/upstream_response.h"

#include <algorithm>

#include "proxy/upstream_connection.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"

namespace sp::proxy {

runtime::TimePoint response_deadline(const Exchange& exchange) {
  runtime::TimePoint from = exchange.upload.over() ? exchange.upload.ended : exchange.worker.loop().now();
  return from + exchange.timeouts().response_head;
}

Side side_of_failure(Code code) {
  switch (code) {
    case Code::client_closed:
    case Code::client_too_slow:
    case Code::bad_host:
    case Code::cancelled:
    case Code::shutting_down: return Side::client;
    case Code::no_descriptors:
    case Code::out_of_memory:
    case Code::internal: return Side::local;
    default: return Side::upstream;
  }
}

Error no_response(const Exchange& exchange, Code code) {
  if (exchange.upload.failure.code != Code::ok) return exchange.upload.failure;  // it cut the connection: that is why
  return {.code = code, .side = side_of_failure(code), .where = "waiting for the response"};
}

runtime::Task<Result<void>> pass_interim(Exchange& exchange, const http::ResponseHead& head) {
  exchange.interim_octets += head_octets(head.fields);
  if (exchange.interim_octets > most_interim_octets)
    co_return fail({.code = Code::too_many_interim, .side = Side::upstream, .where = "1xx"});
  if (head.status == 100) exchange.connection->may_send.set();
  if (head.status == 100 && !exchange.request.expects_continue) co_return Result<void>{};
  if (exchange.request.version == http::Version::http10 || exchange.interim == nullptr) co_return Result<void>{};
  auto sent = co_await exchange.interim->send_interim(head);
  co_return sent;
}

void note_final_response(Exchange& exchange) {
  exchange.times.first_byte = std::max(exchange.worker.loop().now(), exchange.times.connected);
  if (!exchange.upload.waits_to_be_wanted() || exchange.connection->may_send.is_set()) return;
  exchange.connection->give_up_content();  // it may wait for the content nevertheless
  exchange.upload_token.cancel();
}

}  // namespace sp::proxy
