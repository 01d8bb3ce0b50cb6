#include "proxy/worker.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <new>

#include "base/frame_pool.h"
#include "proxy/connection.h"
#include "proxy/h1/session.h"
#include "proxy/h2/session.h"
#include "proxy/h2/upstream.h"
#include "proxy/image/store.h"
#include "proxy/offered_protocols.h"
#include "proxy/outbound/inspection.h"
#include "tls/client_context.h"
#include "tls/out_buffer.h"
#include "tls/server_context.h"

namespace sp::proxy {

using runtime::Task;

WorkerContexts::WorkerContexts() = default;
WorkerContexts::~WorkerContexts() = default;

// One listener: it stays while the configuration changes around it.
struct Worker::Serving {
  std::uint32_t entry = 0;  // both in the worker's snapshot
  std::uint32_t listen = 0;
  Endpoint endpoint;
  std::unique_ptr<runtime::Listener> listener;
};

Worker::Worker(WorkerDeps deps)
    : deps_(std::move(deps)),
      random_(deps_.seed),
      images_(std::make_unique<ImageStore>()),
      parked_([this](std::unique_ptr<ClientConnection> client) {
        spawn([&] { return serve_requests(*this, std::move(client), scope_.token()); });
      }) {
  if (deps_.addresses == nullptr) deps_.addresses = std::make_shared<AddressCounts>();
  if (deps_.shares == nullptr) deps_.shares = std::make_shared<Shares>();
}
Worker::~Worker() = default;

namespace {

// The contexts of one snapshot: what cannot be made was found when the snapshot was (it made one too).
Result<std::shared_ptr<WorkerContexts>> make_contexts(std::shared_ptr<const Snapshot> of) {
  const Snapshot& snapshot = *of;
  auto contexts = std::make_shared<WorkerContexts>();
  for (const Entry& entry : snapshot.entries) {
    std::unique_ptr<tls::ServerContext> context;
    if (entry.tls != nullptr) {
      SP_TRY_PLAIN(context, tls::ServerContext::make(entry.tls, snapshot.certificates, snapshot.tickets,
                                                     entry.relays() ? std::span<const std::string_view>()
                                                                    : offered_protocols(entry.config->tls.http2)));
    }
    contexts->servers.push_back(std::move(context));
    std::unique_ptr<InspectionContexts> inspection;
    if (entry.inspection != nullptr) {
      SP_TRY_PLAIN(inspection, InspectionContexts::make(*entry.inspection));
    }
    contexts->inspections.push_back(std::move(inspection));
  }
  contexts->expect_upstreams(snapshot.upstream_tls.size());
  for (std::size_t i = 0; i < snapshot.upstream_tls.size(); ++i) {
    const auto& settings = snapshot.upstream_tls[i];
    std::unique_ptr<tls::ClientContext> context;
    if (settings != nullptr) {
      SP_TRY_PLAIN(context, tls::ClientContext::make(settings, offered_protocols(*snapshot.policy->upstreams[i])));
    }
    contexts->clients.push_back(std::move(context));
  }
  if (snapshot.web_tls != nullptr) {
    SP_TRY_PLAIN(contexts->web, tls::ClientContext::make(snapshot.web_tls, offered_protocols(config::OnOff::off)));
  }
  contexts->snapshot = std::move(of);
  return contexts;
}

ConnectionEnd end_of(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return {IpAddress::loopback4(), 0};
  return {endpoint.address, endpoint.port};
}

}  // namespace

// What needs memory comes first: when there is none, everything is as it was.
Result<void> Worker::adopt(std::shared_ptr<const Snapshot> snapshot, std::vector<BoundListen> sockets) {
  SP_TRY_PLAIN(std::shared_ptr<WorkerContexts> contexts, make_contexts(snapshot));
  std::vector<std::unique_ptr<Serving>> next = listen_on(*snapshot, std::move(sockets));
  next.reserve(next.size() + serving_.size());
  contexts_ = std::move(contexts);
  snapshot_ = std::move(snapshot);
  upstreams_.keep_only(snapshot_->policy->upstreams);
  drain_h2();
  // Listeners that stay are pointed at their new place; those whose address is gone are closed.
  for (const Entry& entry : snapshot_->entries) {
    for (std::uint32_t i = 0; i < entry.listens.size(); ++i) {
      auto found = std::ranges::find_if(
          serving_, [&](const auto& s) { return s != nullptr && s->endpoint == entry.listens[i].endpoint; });
      if (found == serving_.end()) continue;
      (*found)->entry = entry.number;
      (*found)->listen = i;
      next.push_back(std::move(*found));
    }
  }
  serving_ = std::move(next);
  return {};
}

// They accept in a later turn of the loop.
std::vector<std::unique_ptr<Worker::Serving>> Worker::listen_on(const Snapshot& snapshot,
                                                                std::vector<BoundListen> sockets) {
  std::vector<std::unique_ptr<Serving>> made;
  for (BoundListen& bound : sockets) {
    auto serving = std::make_unique<Serving>();
    serving->entry = bound.entry;
    serving->listen = bound.listen;
    serving->endpoint = snapshot.entries[bound.entry].listens[bound.listen].endpoint;
    Serving& stays = *serving;
    serving->listener = deps_.network.serve(std::move(bound.socket), [this, &stays](runtime::Accepted connection) {
      accepted(stays, std::move(connection));
    });
    made.push_back(std::move(serving));
  }
  return made;
}

Task<void> Worker::unless_memory_ends(Task<void> serving) {
  try {
    co_await std::move(serving);
  } catch (const std::bad_alloc&) {
    ++given_up_;
  }
}

void Worker::accepted(Serving& serving, runtime::Accepted connection) {
  tidy_soon();
  unless_memory_ends([&] { serve(serving, std::move(connection)); });
}

void Worker::serve(Serving& serving, runtime::Accepted connection) {
  auto made = std::make_unique<ClientConnection>();
  ClientConnection& client = *made;
  client.contexts = contexts_;
  client.entry = &snapshot_->entries[serving.entry];
  client.listen = &client.entry->listens[serving.listen];
  client.peer = end_of(connection.peer);
  client.local = end_of(connection.local);
  client.accepted = loop().precise_now();
  client.id = next_id();
  client.peer_text = client.peer.address.text();
  std::uint32_t most = client.entry->config->limits.connections;
  if (most != 0 && sessions() >= most) {
    deps_.observer.connection_failed(client, Code::too_many_connections, "limits.connections");
    return;
  }
  client.trusted = client.entry->policy->trusted_proxies.contains(client.peer.address);
  client.stream = std::move(connection.stream);
  spawn([&] { return serve_connection(*this, std::move(made), scope_.token()); });
}

bool Worker::admit(ClientConnection& client) {
  const config::LimitsConfig& limits = client.entry->config->limits;
  const AddressCounts::Allowed allowed{limits.connections_per_address, limits.rate_per_address};
  if (allowed.any()) return true;
  if (deps_.addresses->enter(client.peer.address, client.entry->name, allowed, loop().now(), client.counted))
    return true;
  observer().connection_failed(client, Code::too_many_from_address, "");
  return false;
}

void Worker::h2_begins(H2Session& session) {
  h2_sessions_.push_back(session);
  if (draining_) session.drain();
}

// Their clients are to open new connections for what comes next.
void Worker::drain_h2() {
  for (H2Session* session = h2_sessions_.front(); session != nullptr; session = h2_sessions_.next(*session)) {
    session->drain();
  }
}

void Worker::serve_upstream(std::shared_ptr<H2Upstream> connection) {
  ++h2_upstreams_;
  try {
    scope_.spawn(H2Upstream::run(std::move(connection)));
  } catch (const std::bad_alloc&) {
    --h2_upstreams_;
    throw;
  }
}

void Worker::tell_of_given_up() {
  unless_memory_ends([&] {
    observer().event(Severity::error, "out_of_memory", fmt::format("{} connections were given up", given_up_));
    given_up_ = 0;
  });
}

void Worker::tidy_soon() {
  quiet_intervals_ = 0;
  if (!tidying_.armed()) loop().timers().arm(tidying_, loop().now() + tidy_interval);
}

void Worker::idle(H1Session& session) {
  tidy_soon();
  idle_.push_back(session);
  if (++idle_count_ <= deps_.most_idle || idle_.front() == &session) return;
  H1Session& oldest = *idle_.front();
  busy(oldest);
  oldest.park();
}

// All of them: nothing is going on. False: there were none.
bool Worker::park_idle() {
  const bool any = !idle_.empty();
  while (H1Session* session = idle_.front()) {
    busy(*session);
    session->park();
  }
  return any;
}

void Worker::busy(H1Session& session) {
  if (!session.linked()) return;
  session.unlink();
  --idle_count_;
}

std::size_t Worker::idle_h2_sessions() {
  std::size_t count = 0;
  for (H2Session* each = h2_sessions_.front(); each != nullptr; each = h2_sessions_.next(*each)) {
    if (each->idle()) ++count;
  }
  return count;
}

// After a burst: what it needed goes back to the system.
void Worker::tidy(void* worker) {
  constexpr std::size_t worth_a_search = std::size_t{256} * 1024;
  std::size_t octets = trim_frames() + trim_blocks() + trim_arena_blocks() + tls::trim_out_buffers();
  auto& self = *static_cast<Worker*>(worker);
  self.deps_.addresses->tidy(self.loop().now());
  if (self.given_up_ != 0) self.tell_of_given_up();
  const bool busy =
      self.scope_.running() > self.idle_count_ + self.tunnels_.resting() + self.h2_upstreams_ + self.idle_h2_sessions();
  // What was needed in the last interval is found to be unneeded in the next one at the earliest.
  self.quiet_intervals_ = octets == 0 && !busy ? self.quiet_intervals_ + 1 : 0;
  // Large blocks were not counted: they are looked for when the burst is over.
  if (octets >= worth_a_search || self.quiet_intervals_ == 1) malloc_trim(0);
  if (self.quiet_intervals_ == 2 && self.park_idle()) self.quiet_intervals_ = 0;
  if (self.quiet_intervals_ < 2) self.loop().timers().arm(self.tidying_, self.loop().now() + tidy_interval);
}

void Worker::drain() {
  draining_ = true;
  serving_.clear();
  upstreams_.close_idle();
  destinations_.close_idle();
  scanners_.close_idle();
  before_requests_.cancel(Code::shutting_down);
  parked_.close_all();
  drain_h2();
  for (H1Session* session = idle_.front(); session != nullptr; session = idle_.next(*session)) session->close_idle();
}

void Worker::cut() {
  parked_.close_all();
  tunnels_.cut();
  scope_.cancel(Code::shutting_down);
}

std::string_view Worker::http_date() {
  auto now = std::chrono::system_clock::to_time_t(loop().wall_clock());
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    // Not strftime: its names would be those of the locale.
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::snprintf(date_.data(), date_.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                  months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                  parts.tm_sec);
  }
  return {date_.data(), 29};
}

}  // namespace sp::proxy
