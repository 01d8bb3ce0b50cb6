// What a worker reports, kept for a test to look at.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "proxy/worker.h"

namespace sp::testing {

// One exchange, when it had ended.
struct Ended {
  Code code = Code::ok;
  Side side = Side::local;
  std::uint16_t status = 0;
  std::string detail, remedy;
  std::string client, authority, path, query, referer, user_agent;
  std::string route, server, grpc_status;
  std::uint32_t attempts = 0;
  Code retried = Code::ok;
  std::uint64_t request_octets = 0, response_octets = 0;
  bool from_upstream = false;
  std::size_t memory = 0;  // that its arena holds
};

class Observed final : public proxy::Observer {
 public:
  void exchange_ended(const proxy::Exchange& exchange) override;
  void connection_failed(const proxy::ClientConnection& client, Code code, std::string_view detail) override;
  void server_marked_down(const proxy::Exchange& exchange) override;
  void event(Severity severity, std::string_view what, std::string_view detail) override;

  std::vector<Ended> exchanges;
  // Hears of each of them, too.
  std::function<void(const proxy::Exchange&)> also;
  struct Failed {
    Code code;
    std::string detail;
  };
  std::vector<Failed> connections;
  std::vector<std::string> events;  // "server_marked_down http://10.0.0.1:8000 connection_refused"

  // The last exchange; an empty one if there was none.
  Ended last() const { return exchanges.empty() ? Ended{} : exchanges.back(); }

  // Every code that any gate has reported in this process, by the test ("Suite.name") in which it did.
  static const std::map<Code, std::set<std::string>>& codes_seen();
};

}  // namespace sp::testing
