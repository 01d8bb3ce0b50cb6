#include "app/listeners.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace sp::app {

using runtime::BoundSocket;

namespace {

// On a machine without IPv6 "all addresses" are those of IPv4.
Result<BoundSocket> bind_one(Endpoint at) {
  auto socket = runtime::bind_listener(at);
  bool all = !at.is_unix() && at.address == IpAddress::any6();
  if (!socket && all && socket.error().code == Code::connection_unreachable) {
    at.address = IpAddress::any4();
    socket = runtime::bind_listener(at);
  }
  return socket;
}

// With SO_REUSEPORT a second gate on the same address would get a share of the connections, and nobody would notice: a
// socket without it is bound first, and closed again.
Result<void> nobody_else_listens(const Endpoint& at) {
  if (at.is_unix()) return {};
  auto probe = runtime::bind_listener(at, {.shared = false, .backlog = 1});
  if (!probe && probe.error().code == Code::address_in_use) return fail(probe.error());
  return {};
}

// A Unix socket has one queue: the workers share it.
Result<std::vector<BoundSocket>> bind_for_all(const Endpoint& at, std::size_t workers) {
  std::vector<BoundSocket> sockets;
  for (std::size_t i = 0; i < workers; ++i) {
    if (i > 0 && at.is_unix()) {
      sockets.emplace_back(fcntl(sockets[0].descriptor(), F_DUPFD_CLOEXEC, 0));
      continue;
    }
    SP_TRY_PLAIN(BoundSocket socket, bind_one(at));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

config::Finding could_not_bind(const config::Text& text, const Endpoint& at, const Error& error) {
  const CodeInfo& row = info(error.code);
  std::string why(row.what), remedy(row.remedy);
  if (at.is_unix() && error.code == Code::not_found) {
    why = "the folder of the socket does not exist";
    remedy = "make it, and give it to the user that the gate runs as";
  } else if (at.is_unix() && error.code == Code::permission_denied) {  // the remedy of the table is for ports
    remedy = "the user that the gate runs as must be allowed to write to the folder of the socket";
  }
  return {.severity = config::Finding::Severity::error,
          .place = text.place,
          .message = "cannot listen on " + text.value + ": " + why,
          .remedy = std::move(remedy)};
}

}  // namespace

bool Listeners::served(const Endpoint& endpoint) const { return std::ranges::find(served_, endpoint) != served_.end(); }

std::vector<std::vector<proxy::BoundListen>> Listeners::bind(const proxy::Snapshot& snapshot,
                                                             std::vector<config::Finding>& findings) {
  std::vector<std::vector<proxy::BoundListen>> out(workers_);
  for (const proxy::Entry& entry : snapshot.entries) {
    for (std::uint32_t i = 0; i < entry.listens.size(); ++i) {
      const Endpoint& endpoint = entry.listens[i].endpoint;
      if (served(endpoint)) continue;
      // A port that is ours already (on another address) is no stranger's.
      bool ours = std::ranges::any_of(served_, [&](const Endpoint& one) { return one.port == endpoint.port; });
      Result<void> free = ours ? Result<void>{} : nobody_else_listens(endpoint);
      auto sockets = free ? bind_for_all(endpoint, workers_) : Result<std::vector<BoundSocket>>(fail(free.error()));
      if (!sockets) {
        findings.push_back(could_not_bind(entry.config->listen[i], endpoint, sockets.error()));
        continue;
      }
      for (std::size_t w = 0; w < workers_; ++w) out[w].push_back({entry.number, i, std::move((*sockets)[w])});
    }
  }
  return out;
}

void Listeners::commit(const proxy::Snapshot& snapshot) {
  served_.clear();
  for (const proxy::Entry& entry : snapshot.entries) {
    for (const proxy::Listen& listen : entry.listens) served_.push_back(listen.endpoint);
  }
}

}  // namespace sp::app
