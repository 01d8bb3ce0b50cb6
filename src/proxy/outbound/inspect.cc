// The opening of a tunnel, from what the client says first to the session of what is spoken in it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "codec/tls_hello/reader.h"
#include "codec/tls_hello/shape.h"
#include "policy/outbound.h"
#include "proxy/buffer.h"
#include "proxy/connection.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/remedy.h"
#include "proxy/outbound/tunnel_opening.h"
#include "proxy/worker.h"
#include "runtime/abort_on_cancel.h"

namespace sp::proxy {

using runtime::Task;
using Kind = policy::OutboundRequest::Kind;
using RuleVerdict = policy::OutboundDecision::Verdict;

namespace {

// A client that is there to be served sends its request at once, or keeps the connection for one. Who leaves so soon
// after it was shown a certificate did not like it: some libraries look at it only when the handshake is done.
constexpr runtime::Duration left_at_once{2000};

struct Opening {
  Opening(Worker& the_worker, std::unique_ptr<Tunnel> of, runtime::CancelToken& cut)
      : worker(the_worker),
        tunnel(std::move(of)),
        inside(std::move(tunnel->inside)),
        how(*inside->inspected),
        parent(cut),
        deadline(worker.loop().now() + inside->entry->policy->timeouts.client_head) {}

  Worker& worker;
  std::unique_ptr<Tunnel> tunnel;
  std::unique_ptr<ClientConnection> inside;
  InspectedTunnel& how;
  runtime::CancelToken& parent;
  runtime::TimePoint deadline;  // for the client to say what it wants
  Buffer received;
  std::string from_upstream;
  codec::tls_hello::Reader reader;
  codec::tls_hello::Hello hello;
  std::uint64_t shape = 0;     // of the hello
  std::string detail, remedy;  // of a failure
};

std::unexpected<Error> failed(Opening& opening, Code code, std::string detail) {
  opening.detail = std::move(detail);
  return fail({.code = code, .side = Side::client, .where = "inspect"});
}

Error of_client(Error error) {
  error.side = Side::client;
  if (error.code == Code::timeout) error.code = Code::head_timeout;
  return error;
}

// ---- what the client says first

// Wakes who waits for the client when the server says something, or ends.
struct ServerSpeaks final : runtime::IoWait {
  ServerSpeaks(runtime::Stream& of, runtime::Stream::Readable& waiting)
      : IoWait(&ServerSpeaks::woken, runtime::never), stream(of), client(waiting) {
    stream.arm(runtime::Direction::read, *this);
  }
  ~ServerSpeaks() {
    if (!spoke) stream.disarm(runtime::Direction::read);
  }
  static void woken(runtime::IoWait& self, Code) {
    auto& speaks = static_cast<ServerSpeaks&>(self);
    speaks.spoke = true;
    speaks.client.interrupt(Code::cancelled);
  }
  runtime::Stream& stream;
  runtime::Stream::Readable& client;
  bool spoke = false;
};

// Until the client has said something. False: its server was first.
Task<Result<bool>> client_begins(Opening& opening) {
  if (!opening.from_upstream.empty()) co_return false;
  if (!opening.received.empty()) co_return true;
  runtime::Stream* const server = opening.tunnel->upstream.get();
  if (server != nullptr && server->try_read({}).status != runtime::IoStatus::would_block) co_return false;
  runtime::AbortOnCancel abort(*opening.tunnel->client, opening.worker.before_requests());
  auto readable = opening.tunnel->client->readable(opening.deadline);
  std::optional<ServerSpeaks> speaks;
  if (server != nullptr) speaks.emplace(*server, readable);
  auto ready = co_await readable;
  if (!ready && speaks && speaks->spoke) co_return false;
  if (!ready) co_return fail(of_client(ready.error()));
  co_return true;
}

Task<Result<void>> hear_more(Opening& opening) {
  runtime::AbortOnCancel abort(*opening.tunnel->client, opening.worker.before_requests());
  opening.received.make_room(opening.received.view().size() + 1);
  auto got = co_await opening.tunnel->client->read(opening.received.room(), opening.deadline);
  if (!got) co_return fail(of_client(got.error()));
  if (*got == 0) co_return fail({.code = Code::client_closed, .side = Side::client, .where = "inspect"});
  opening.received.filled(*got);
  co_return Result<void>{};
}

Task<Result<TunnelSpeech>> first_speech(Opening& opening) {
  SP_TRY(const bool begins, co_await client_begins(opening));
  if (!begins) co_return TunnelSpeech::other;
  for (;;) {
    const TunnelSpeech speech = speech_of(opening.received.view(), opening.inside->entry->limits.request_line);
    if (speech != TunnelSpeech::unclear) co_return speech;
    SP_CHECK(co_await hear_more(opening));
  }
}

Task<Result<void>> read_hello(Opening& opening) {
  for (;;) {
    SP_TRY(auto read, opening.reader.read(opening.received.view()));
    if (read) {
      opening.hello = *std::move(read);
      opening.shape = codec::tls_hello::shape_of(opening.received.view());
      co_return Result<void>{};
    }
    SP_CHECK(co_await hear_more(opening));
  }
}

// ---- the rules

policy::OutboundRequest request_for(const Opening& opening, const policy::DestinationHost& host, Kind kind) {
  return {.kind = kind,
          .host = host,
          .port = opening.how.port,
          .user = opening.how.user,
          .client = opening.inside->peer.address,
          .method = {},
          .path = {}};
}

policy::OutboundDecision judge(const Opening& opening, std::string_view name, Kind kind) {
  const policy::OutboundRules& rules = opening.inside->entry->outbound->rules;
  const auto now = std::chrono::floor<std::chrono::seconds>(opening.worker.loop().wall_clock());
  const auto host = policy::read_host(name);
  if (!host) return {};
  const policy::OutboundRequest request = request_for(opening, *host, kind);
  policy::OutboundDecision decision = rules.decide(request, now);
  const bool open = decision.allowed() || decision.verdict == RuleVerdict::needs_addresses;
  if (!open) return decision;
  if (opening.how.address) return rules.judge_address(request, *opening.how.address, now);
  for (const IpAddress& address : opening.how.known) {
    decision = rules.judge_address(request, address, now);
    if (!decision.allowed()) return decision;
  }
  return decision;
}

std::string reason_for(const Opening& opening, std::string_view name, Kind kind,
                       const policy::OutboundDecision& decision) {
  const auto host = policy::read_host(name);
  if (!host) return "the name in its TLS is none";
  const auto now = std::chrono::floor<std::chrono::seconds>(opening.worker.loop().wall_clock());
  return opening.inside->entry->outbound->rules.reason(decision, request_for(opening, *host, kind), now);
}

std::string remedy_for(const Opening& opening, std::string_view name, Kind kind,
                       const policy::OutboundDecision& decision) {
  const auto host = policy::read_host(name);
  if (!host) return {};
  const auto now = std::chrono::floor<std::chrono::seconds>(opening.worker.loop().wall_clock());
  return opening.inside->entry->outbound->rules.remedy(decision, request_for(opening, *host, kind), now);
}

// Of what is not opened: rules have to allow the closed tunnel.
Result<void> permit_closed(Opening& opening) {
  for (const std::string_view name : {std::string_view(opening.how.host), std::string_view(opening.how.name)}) {
    const policy::OutboundDecision decision = judge(opening, name, Kind::tunnel);
    if (decision.allowed()) continue;
    opening.remedy = "what cannot be looked into passes by a rule without `methods` and `paths`";
    return failed(opening, Code::destination_refused,
                  "it cannot be looked into: " + reason_for(opening, name, Kind::tunnel, decision));
  }
  return {};
}

// A name in TLS that is not the one of the CONNECT has to be allowed as well: else whoever serves both would serve what
// no rule allows.
void judge_name(Opening& opening) {
  InspectedTunnel& how = opening.how;
  if (how.refused || how.name == how.host) return;
  const policy::OutboundDecision decision = judge(opening, how.name, Kind::tunnel_to_inspect);
  if (decision.allowed()) return;
  const bool special = decision.verdict == RuleVerdict::special_address;
  how.refused = {
      .error = {.code = special ? Code::destination_address_refused : Code::destination_refused, .side = Side::client},
      .detail = "the name in its TLS: " + reason_for(opening, how.name, Kind::tunnel_to_inspect, decision),
      .remedy = remedy_for(opening, how.name, Kind::tunnel_to_inspect, decision),
      .decision = decision};
}

// ---- as it is

Result<void> pass_on(Opening& opening) {
  if (opening.how.refused) return fail(opening.how.refused->error);
  auto permitted = permit_closed(opening);
  if (!permitted) return permitted;
  opening.worker.tunnels().begin(std::move(opening.tunnel), std::string(opening.received.view()),
                                 std::move(opening.from_upstream));
  return {};
}

// ---- opened

std::shared_ptr<Destination> destination_for(const InspectedTunnel& how) {
  policy::Server server;
  server.url.scheme = how.secure ? "https" : "http";
  server.url.host = how.name;
  server.url.port = how.port;
  server.authority = server.url.authority();
  server.name = server.url.origin();
  if (how.secure) server.tls = policy::ServerTls::at_once;
  policy::Upstream upstream;
  upstream.name = server.name;
  upstream.tls.sni = how.secure ? how.name : std::string();
  upstream.servers.push_back(std::move(server));
  return std::make_shared<Destination>(std::move(upstream));
}

// What is known of the tunnel is told when it begins: its requests have lines of their own.
void tell(Opening& opening, const Failure& failure) {
  const ExchangeMemo::Seen seen{.tls_name = opening.how.secure ? std::string_view(opening.how.name) : ""};
  opening.worker.unless_memory_ends([&] { opening.tunnel->memo->tell(opening.worker, nullptr, seen, failure); });
}

void tell_of_opening(Opening& opening) {
  const auto& refused = opening.how.refused;
  tell(opening, refused ? Failure{refused->error, refused->detail, refused->remedy} : Failure{});
}

std::string server_address(const InspectedTunnel& how) {
  if (!how.address) return how.authority();
  return Endpoint{.address = *how.address, .port = how.port}.text();
}

// From here on requests can come.
void hand_over(Opening& opening) {
  tell_of_opening(opening);
  opening.inside->counted = opening.tunnel->memo->take_count();
  opening.how.outer = std::move(opening.tunnel);
}

void open_clear(Opening& opening) {
  InspectedTunnel& how = opening.how;
  how.destination = destination_for(how);
  opening.inside->stream = std::move(opening.tunnel->client);
  if (opening.tunnel->upstream != nullptr)
    how.first = ServerStream{.stream = std::move(opening.tunnel->upstream), .address = server_address(how)};
  hand_over(opening);
}

bool offers(const Opening& opening, std::string_view protocol) {
  return std::ranges::find(opening.hello.protocols, protocol) != opening.hello.protocols.end();
}

// Who offers nothing is taken for a client of HTTP, as most are.
bool speaks_http(const Opening& opening) {
  return opening.hello.protocols.empty() || offers(opening, "h2") || offers(opening, "http/1.1") ||
         offers(opening, "http/1.0");
}

// One program: by its address and its user, by whom it asks for, and by what its hello looks like.
std::string client_key(const Opening& opening) {
  const InspectedTunnel& how = opening.how;
  return fmt::format("{} {} {} {:x}", opening.inside->peer_text, how.authority(), how.user, opening.shape);
}

// Who has refused our certificate, and may go on without.
bool is_pinned(Opening& opening) {
  const Inspection& inspection = opening.how.inspection;
  return inspection.policy.passes_pinned && !opening.how.refused &&
         inspection.pinned->knows(client_key(opening), opening.worker.loop().now()) && permit_closed(opening);
}

bool stays_closed(Opening& opening) {
  const auto name = policy::read_host(opening.how.name);
  if (!speaks_http(opening) || !name || !opening.how.inspection.opens(*name, opening.how.port)) return true;
  return is_pinned(opening);
}

// The real server comes first: what is wrong with it is what requests are answered with.
Task<void> verify_server(Opening& opening) {
  InspectedTunnel& how = opening.how;
  ServerStream stream{.stream = std::move(opening.tunnel->upstream), .address = server_address(how)};
  if (how.refused) co_return;
  const Versions versions = offers(opening, "h2") ? Versions::any : Versions::only_http1;
  const runtime::TimePoint deadline = opening.worker.loop().now() + opening.inside->entry->policy->timeouts.connect;
  ConnectFailure failure;
  auto secured = co_await secure_inspected(how, *opening.inside->contexts, versions, stream, deadline,
                                           opening.worker.before_requests(), failure);
  if (secured) {
    (void)stream.stream->try_read({});  // the last message of the handshake leaves, for which the server waits
    how.first = std::move(stream);
  } else {
    if (const auto fits = remedy_inside(secured.error().code); !fits.empty()) failure.remedy = fits;
    how.refused = {.error = secured.error(),
                   .detail = std::move(failure.detail),
                   .remedy = std::move(failure.remedy),
                   .decision = {}};
  }
}

Result<std::shared_ptr<const tls::Certificate>> certificate_for(Opening& opening) {
  InspectedTunnel& how = opening.how;
  tls::X509Ptr real;
  if (how.first) real = static_cast<tls::TlsStream&>(*how.first->stream).peer_leaf();
  return how.contexts.minter.mint({.name = how.name, .real = real.get()}, opening.worker.loop().wall_clock());
}

std::unexpected<Error> refused(Opening& opening, PinnedClients::Verdict verdict, std::string_view how_so) {
  std::string detail = fmt::format("{} for {}: {}", opening.inside->peer_text, opening.how.authority(), how_so);
  if (verdict == PinnedClients::Verdict::none) return failed(opening, Code::client_closed, std::move(detail));
  if (verdict == PinnedClients::Verdict::refuses_as_news) {
    opening.worker.unless_memory_ends([&] {
      opening.worker.observer().event(
          Severity::warning, "minted_certificate_refused",
          detail +
              "; make it trust the authority of `inspect` (`sallyport ca export --for RUNTIME` says how), or add "
              "the destination to `except`");
    });
  }
  return failed(opening, Code::minted_certificate_refused, std::move(detail));
}

Task<Result<std::unique_ptr<tls::TlsStream>>> secure_client_inside(Opening& opening) {
  auto certificate = certificate_for(opening);
  if (!certificate) co_return failed(opening, certificate.error().code, certificate.error().where);
  InspectionContexts& contexts = opening.how.contexts;
  // What the server speaks is what the client gets; a page can be told by either.
  const bool only_http1 = opening.how.first && !opening.how.first->h2;
  tls::ServerContext& context = only_http1 ? *contexts.http1_clients : *contexts.clients;
  auto stream = context.accept(std::move(opening.tunnel->client), opening.received.view(), *certificate);
  opening.received.release();
  runtime::AbortOnCancel abort(*stream, opening.worker.before_requests());
  const runtime::TimePoint deadline = opening.worker.loop().now() + opening.inside->entry->policy->timeouts.client_head;
  auto done = co_await stream->handshake(deadline);
  if (done) co_return stream;
  const tls::Diagnosis* diagnosis = stream->diagnosis();
  if (diagnosis == nullptr) co_return fail(of_client(done.error()));
  if (diagnosis->refusal != tls::Refusal::none) {
    const auto verdict = opening.how.inspection.pinned->refused(client_key(opening), opening.worker.loop().now());
    co_return refused(opening, verdict, diagnosis->text);
  }
  co_return failed(opening, diagnosis->code, diagnosis->text);
}

// Until the first request begins. Where none comes, who knows why says so.
Task<Result<void>> hear_first_request(Opening& opening) {
  runtime::Stream& stream = *opening.inside->stream;
  PinnedClients& pinned = *opening.how.inspection.pinned;
  const runtime::TimePoint shaken = opening.worker.loop().now();
  const runtime::TimePoint deadline = shaken + opening.inside->entry->policy->timeouts.client_head;
  runtime::AbortOnCancel abort(stream, opening.worker.before_requests());
  Code why = Code::client_closed;
  auto ready = co_await stream.readable(deadline);
  if (ready) {
    auto got = co_await stream.read(opening.received.room(), deadline);
    if (got && *got > 0) {
      opening.received.filled(*got);
      pinned.used(client_key(opening), opening.worker.loop().now());
      co_return Result<void>{};
    }
    if (!got) why = got.error().code;
    opening.received.release();
  } else {
    why = ready.error().code;
  }
  if (why == Code::timeout) co_return fail({.code = Code::head_timeout, .side = Side::client, .where = "inspect"});
  const bool stopped = why == Code::cancelled || why == Code::shutting_down;
  const runtime::TimePoint now = opening.worker.loop().now();
  if (!stopped && now - shaken < left_at_once) {
    const auto verdict = pinned.left(client_key(opening), now);
    co_return refused(opening, verdict, "it left as soon as it had seen the certificate");
  }
  co_return fail({.code = stopped ? why : Code::client_closed, .side = Side::client, .where = "inspect"});
}

Task<Result<void>> open_tls(Opening& opening) {
  InspectedTunnel& how = opening.how;
  how.secure = true;
  SP_CHECK(co_await read_hello(opening));
  if (!opening.hello.server_name.empty() && !http::iequals(opening.hello.server_name, how.host))
    how.name = opening.hello.server_name;
  if (stays_closed(opening)) co_return pass_on(opening);
  judge_name(opening);
  how.destination = destination_for(how);
  co_await verify_server(opening);
  SP_TRY(auto stream, co_await secure_client_inside(opening));
  opening.inside->stream = std::move(stream);
  opening.inside->secured = opening.worker.loop().precise_now();
  SP_CHECK(co_await hear_first_request(opening));
  hand_over(opening);
  co_return Result<void>{};
}

Task<Result<void>> open(Opening& opening) {
  SP_TRY(const TunnelSpeech speech, co_await first_speech(opening));
  if (speech == TunnelSpeech::tls) {
    SP_CHECK(co_await open_tls(opening));
    co_return Result<void>{};
  }
  const bool http = speech == TunnelSpeech::http1 || speech == TunnelSpeech::http2;
  if (!http || !opening.how.certain) co_return pass_on(opening);
  open_clear(opening);
  co_return Result<void>{};
}

void tell_of_end(Opening& opening, const Error& error) {
  const auto& refused = opening.how.refused;
  const bool known = opening.detail.empty() && refused.has_value();
  tell(opening, {.error = error,
                 .detail = known ? refused->detail : opening.detail,
                 .remedy = known ? refused->remedy : opening.remedy});
}

}  // namespace

Task<void> inspect(Worker& worker, std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream,
                   runtime::CancelToken& parent) {
  auto opening = std::make_unique<Opening>(worker, std::move(tunnel), parent);
  if (!from_client.empty()) opening->received.append(from_client);
  opening->from_upstream = std::move(from_upstream);
  auto opened = co_await open(*opening);
  if (!opened) co_return tell_of_end(*opening, opened.error());
  std::unique_ptr<ClientConnection> inside = std::move(opening->inside);
  Buffer received = std::move(opening->received);
  opening.reset();
  if (inside->stream == nullptr) co_return;  // it was passed on
  co_await serve_http(worker, std::move(inside), std::move(received), parent);
}

}  // namespace sp::proxy
