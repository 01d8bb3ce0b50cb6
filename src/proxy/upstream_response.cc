#include "proxy/upstream_response.h"

#include <algorithm>

#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

namespace sp::proxy {

runtime::TimePoint response_deadline(const Exchange& exchange) {
  runtime::TimePoint from = exchange.upload.over() ? exchange.upload.ended : exchange.worker.loop().now();
  return from + exchange.timeouts().response_head;
}

Error no_response(const Exchange& exchange, Code code) {
  if (exchange.upload.failure.code != Code::ok) return exchange.upload.failure;  // it cut the connection: that is why
  if (code == Code::client_closed || code == Code::cancelled || code == Code::shutting_down) {
    return {.code = code, .side = Side::client, .where = "waiting for the response"};
  }
  return {.code = code, .side = Side::upstream, .where = "waiting for the response"};
}

runtime::Task<Result<void>> pass_interim(Exchange& exchange, const http::ResponseHead& head) {
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
