#include "runtime/dial.h"

#include <algorithm>
#include <new>

#include "runtime/scope.h"
#include "runtime/wait.h"

namespace sp::runtime {
namespace {

std::string_view outcome(Code code) {
  switch (code) {
    case Code::ok: return "connected";
    case Code::connection_refused: return "refused";
    case Code::connection_timeout: return "timed out";
    case Code::connection_unreachable: return "unreachable";
    case Code::connection_failed: return "failed";
    case Code::not_found: return "does not exist";
    case Code::permission_denied: return "refuses this user: permission denied";
    case Code::cancelled: return "given up";
    default: return name(code);
  }
}

// How much an error says to whoever must mend it; the largest is reported.
int weight(Code code) {
  switch (code) {
    case Code::no_descriptors:
    case Code::out_of_memory: return 5;
    case Code::permission_denied:
    case Code::not_found:
    case Code::connection_refused: return 4;
    case Code::connection_timeout: return 3;
    case Code::connection_unreachable: return 2;
    case Code::cancelled: return 0;
    default: return 1;
  }
}

std::unexpected<Error> failed(Code code) {
  const bool ours = code == Code::no_descriptors || code == Code::out_of_memory;
  return fail({.code = code, .side = ours ? Side::local : Side::upstream, .retry = Retry::safe, .where = "dial"});
}

// What the attempts write to, in the frame of dial().
struct Race {
  Network& network;
  TimePoint deadline;
  DialReport& report;
  std::unique_ptr<Stream> winner;
  std::size_t won_by = 0;
  Event ended;  // an attempt did
};

Task<void> attempt(Race& race, std::size_t index, Endpoint to, CancelToken& token) {
  Result<std::unique_ptr<Stream>> connected = fail(Code::out_of_memory, "connect");
  try {
    connected = co_await race.network.connect(to, race.deadline, token);
  } catch (const std::bad_alloc&) {  // nobody else would hear of it
  }
  Code code = connected ? Code::ok : connected.error().code;
  if (code == Code::timeout) code = Code::connection_timeout;
  if (connected && race.winner) code = Code::cancelled;  // second by a moment: closed at the end of this function
  if (connected && !race.winner) {
    race.winner = *std::move(connected);
    race.won_by = index;
  }
  race.report.attempts[index].code = code;
  race.ended.set();
}

Code most_telling(const DialReport& report) {
  const auto best = std::ranges::max_element(report.attempts, {}, [](const auto& a) { return weight(a.code); });
  if (best == report.attempts.end()) return Code::connection_failed;
  switch (best->code) {
    case Code::cancelled: return Code::connection_timeout;
    // Of Unix sockets the system says more than clients need to know: it is in the report.
    case Code::not_found: return Code::connection_refused;
    case Code::permission_denied: return Code::connection_failed;
    default: return best->code;
  }
}

}  // namespace

std::string DialReport::text() const {
  if (name_code != Code::ok) return *name_why != 0 ? name_why : std::string(info(name_code).what);
  std::string text;
  for (const Attempt& attempt : attempts) {
    if (!text.empty()) text += "; ";
    text += attempt.endpoint.text();
    text += ' ';
    text += outcome(attempt.code);
  }
  return text;
}

std::string_view DialReport::remedy() const {
  if (attempts.size() != 1 || !attempts.front().endpoint.is_unix()) return {};
  switch (attempts.front().code) {
    case Code::not_found: return "start the server, and check that `to` names its socket";
    case Code::connection_refused: return "nobody listens on the socket: start the server";
    case Code::permission_denied: return "the user that the gate runs as must be allowed to write to the socket";
    default: return {};
  }
}

Task<Result<Dialed>> dial(Network& network, std::span<const Endpoint> endpoints, DialOptions options,
                          CancelToken& token, DialReport* report) {
  DialReport unread;
  Race race{network, options.deadline, report != nullptr ? *report : unread, nullptr, 0, {}};
  race.report.attempts.clear();
  race.report.attempts.reserve(endpoints.size());  // attempts must not be left alone because memory ends
  Scope scope(token);
  bool on_time = true;
  for (std::size_t i = 0; i < endpoints.size() && !race.winner && !token.cancelled() && on_time; ++i) {
    race.ended.clear();
    race.report.attempts.push_back({endpoints[i], Code::cancelled});
    try {
      scope.spawn(attempt(race, i, endpoints[i], scope.token()));
    } catch (const std::bad_alloc&) {
      race.report.attempts[i].code = Code::out_of_memory;
      race.ended.set();
    }
    const bool last = i + 1 == endpoints.size();
    const TimePoint patience = Loop::current().now() + options.attempt_delay;
    // Until an attempt has ended, or it is the next one's turn.
    [[maybe_unused]] const auto waited =
        co_await race.ended.wait(last ? options.deadline : std::min(patience, options.deadline), &token);
    on_time = Loop::current().now() < options.deadline;
  }
  while (!race.winner && scope.running() > 0 && !token.cancelled()) {
    race.ended.clear();
    const auto waited = co_await race.ended.wait(never, &token);  // each attempt has the deadline itself
    if (!waited) break;
  }
  scope.cancel();
  co_await scope.join();
  if (race.winner) co_return Dialed{std::move(race.winner), endpoints[race.won_by]};
  if (token.cancelled()) co_return fail(token.why(), "dial");
  co_return failed(most_telling(race.report));
}

Task<Result<Dialed>> dial(Network& network, Resolver& resolver, std::string_view host, std::uint16_t port,
                          DialOptions options, CancelToken& token, DialReport* report) {
  if (report != nullptr) *report = {};
  auto addresses = co_await resolver.resolve(host, options.deadline, token);
  if (!addresses) {
    if (report != nullptr) report->name_code = addresses.error().code;
    if (report != nullptr) report->name_why = addresses.error().where;
    if (token.cancelled()) co_return fail(token.why(), "dial");
    co_return failed(addresses.error().code);
  }
  std::vector<Endpoint> endpoints;
  endpoints.reserve(addresses->size());
  for (const IpAddress& address : *addresses) {
    if (options.judge == nullptr || options.judge->permits(address)) endpoints.push_back({address, port, {}});
  }
  if (options.judge != nullptr && endpoints.empty())
    co_return fail({.code = Code::destination_address_refused, .side = Side::client, .where = "dial"});
  auto dialed = co_await dial(network, endpoints, options, token, report);
  co_return dialed;
}

}  // namespace sp::runtime
