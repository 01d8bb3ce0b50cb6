#include "proxy/relay/mail_session.h"

#include <algorithm>
#include <optional>

#include "codec/mail/answers.h"
#include "codec/mail/client_leg.h"
#include "codec/mail/server_leg.h"
#include "proxy/linger.h"
#include "proxy/proxy_header.h"
#include "proxy/relay/mail_filtering.h"
#include "proxy/secure_client.h"
#include "proxy/worker.h"
#include "proxy/write_all.h"
#include "runtime/cancel.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::Task;

namespace {

namespace mail = codec::mail;
using Then = mail::Step::Then;

struct MailSession {
  explicit MailSession(RelaySession& of) : relay(of) {}

  RelaySession& relay;
  mail::Protocol protocol{};
  mail::Facts facts;  // what clients are shown
  std::optional<mail::ServerLeg> server_leg;
  std::optional<mail::ClientLeg> client_leg;
  ServerStream server;
  Buffer from_server;
  runtime::TimePoint line_deadline;    // of the client
  std::optional<FirstExchange> first;  // with the server
  std::uint32_t sent = 0;              // commands, to it
  bool server_waits = false;           // for the next one

  Exchange& exchange() { return relay.exchange; }
  const config::TimeoutsConfig& timeouts() { return relay.exchange.timeouts(); }
  runtime::TimePoint within(runtime::Duration time) { return relay.worker.loop().now() + time; }
};

// RFC 5321 section 4.5.3.2.7, for the next command; IMAP's half an hour is for those who are logged in.
constexpr runtime::Duration command_patience{300'000};

Error at(Side side, Error error) {
  if (error.code == Code::shutting_down) return error;
  error.side = error.code == Code::client_closed ? Side::client : side;
  if (side == Side::client && error.code == Code::upstream_reset) error.code = Code::client_closed;
  if (error.code == Code::timeout) error.code = side == Side::client ? Code::head_timeout : Code::response_head_timeout;
  if (side == Side::upstream && error.code == Code::end_of_stream) error.code = Code::upstream_closed;
  if (side == Side::client && error.code == Code::end_of_stream) error.code = Code::client_closed;
  return error;
}

void interrupt(void* wait, Code why) { static_cast<runtime::Stream::Operation*>(wait)->interrupt(why); }

// Until reading is worth trying. Where nobody wants it any more the stream is none the worse: there are last words.
Task<Result<void>> await_octets(runtime::Stream& stream, runtime::TimePoint deadline, runtime::CancelToken& token) {
  if (token.cancelled()) co_return fail(token.why(), "mail");
  auto readable = stream.readable(deadline);
  runtime::CancelCallback on_cancel(&interrupt, static_cast<runtime::Stream::Operation*>(&readable));
  token.subscribe(on_cancel);
  auto ready = co_await readable;
  if (!ready) co_return fail(ready.error());
  co_return Result<void>{};
}

// Who waits holds no buffer.
Task<Result<void>> hear(runtime::Stream& stream, Buffer& into, runtime::TimePoint deadline,
                        runtime::CancelToken& token) {
  for (;;) {
    into.release_if_empty();
    SP_CHECK(co_await await_octets(stream, deadline, token));
    into.make_room(into.view().size() + 1);
    const runtime::IoResult got = stream.try_read(into.room());
    if (got.status == runtime::IoStatus::would_block) continue;
    if (got.status == runtime::IoStatus::failed) co_return fail(got.code, "mail");
    if (got.status == runtime::IoStatus::end) co_return fail(Code::end_of_stream, "mail");
    into.filled(got.bytes);
    co_return Result<void>{};
  }
}

Task<Result<void>> say(runtime::Stream& stream, ByteView text, runtime::Duration idle) {
  if (text.empty()) co_return Result<void>{};
  std::array<iovec, 1> pieces{piece_of(text)};
  co_return co_await write_all(stream, pieces, idle);
}

// ---- the server's leg

// The name by which the gate introduces itself (RFC 5321 section 4.1.3).
std::string own_name(const RelaySession& session) {
  const IpAddress& address = session.client->local.address;
  return (address.v4 ? "[" : "[IPv6:") + address.text() + "]";
}

mail::ServerSettings server_settings(MailSession& session) {
  RelaySession& relay = session.relay;
  mail::ServerSettings settings{.protocol = session.protocol,
                                .limits = mail::Limits::of(session.protocol),
                                .name = own_name(relay),
                                .identity = std::nullopt};
  const policy::ServerTls tls = session.exchange().server->tls;
  if (tls == policy::ServerTls::starttls) settings.tls = mail::ServerSettings::Tls::starttls;
  if (tls == policy::ServerTls::at_once) settings.tls = mail::ServerSettings::Tls::on;
  if (!relay.relay.xclient) return settings;
  const ClientConnection& client = *relay.client;
  mail::Identity& identity = settings.identity.emplace();
  identity.client = {.address = client.peer.address, .port = client.peer.port, .unix_path = {}};
  identity.destination = Endpoint{.address = client.local.address, .port = client.local.port, .unix_path = {}};
  identity.session = session.exchange().request_id().substr(0, 64);
  return settings;
}

Task<Result<void>> start_tls_with_server(MailSession& session) {
  Exchange& exchange = session.exchange();
  ConnectFailure failure;
  auto secured = co_await secure_server(*exchange.client.contexts, *exchange.upstream, *exchange.server,
                                        {.host = session.relay.server_name(), .proxy_header = {}}, session.server,
                                        session.within(session.timeouts().connect), exchange.scope.token(), failure);
  if (!secured) exchange.fail_with(secured.error(), failure.detail, failure.remedy);
  co_return secured;
}

// Of a server that takes the header for a command each answer would be taken for that to another one. Beyond what it
// says to a greeting of ours it may have other reasons.
Result<void> look_at_server(MailSession& session, std::size_t known) {
  if (!session.first || session.first->over()) return {};
  session.first->note_server(session.from_server.view().substr(known));
  const std::uint32_t most_sent = session.protocol == mail::Protocol::smtp ? 1 : 0;
  const FirstExchange::Verdict verdict = session.first->verdict();
  if (session.sent > most_sent || verdict.code != Code::proxy_not_expected) return {};
  session.exchange().fail_with({.code = verdict.code, .side = Side::upstream}, verdict.detail);
  return fail(session.exchange().failure.error);
}

// Who ends the session before the client had its turn may be mistaken about the header.
Error explained(MailSession& session, const Error& error) {
  switch (error.code) {
    case Code::upstream_closed:
    case Code::upstream_reset: session.first->note_end(false); break;
    case Code::mail_reply_malformed: break;
    default: return error;
  }
  const FirstExchange::Verdict verdict = session.first->verdict();
  if (verdict.code == Code::ok) return error;
  session.exchange().fail_with({.code = verdict.code, .side = Side::upstream}, verdict.detail);
  return session.exchange().failure.error;
}

// What it says is not what was wanted, and it goes on: it waits for another command.
bool has_answered(const Error& error) {
  return error.code == Code::mail_identity_refused || error.code == Code::starttls_refused ||
         error.code == Code::mail_server_refused;
}

// Until the leg says that the client can have its turn.
Task<Result<void>> speak_with_server(MailSession& session, mail::Step step) {
  mail::ServerLeg& leg = *session.server_leg;
  const runtime::TimePoint deadline = session.within(session.timeouts().response_head);
  for (;;) {
    auto said = co_await say(*session.server.stream, step.send, session.timeouts().response_head);
    if (!said) co_return fail(at(Side::upstream, said.error()));
    if (!step.send.empty()) ++session.sent;
    session.server_waits = step.then == Then::join;
    if (session.server_waits) co_return Result<void>{};
    if (step.then == Then::close)
      co_return fail({.code = Code::upstream_closed, .side = Side::upstream, .where = "mail"});
    if (step.then == Then::start_tls) {
      SP_CHECK(co_await start_tls_with_server(session));
      step = leg.tls_started();
      continue;
    }
    if (step.then == Then::more) {
      const std::size_t known = session.from_server.view().size();
      auto heard =
          co_await hear(*session.server.stream, session.from_server, deadline, session.exchange().scope.token());
      if (!heard) co_return fail(at(Side::upstream, heard.error()));
      SP_CHECK(look_at_server(session, known));
    }
    ByteView in = session.from_server.view();
    auto next = leg.next(in);
    session.from_server.keep(in);
    session.server_waits = !next && has_answered(next.error());
    if (!next) co_return fail(next.error());
    step = *next;
  }
}

Task<Result<void>> reach_and_speak(MailSession& session) {
  SP_TRY(session.server,
         co_await reach_server(session.relay, header_for(session.exchange(), session.exchange().upstream->send_proxy)));
  session.server_leg.emplace(server_settings(session));
  if (session.exchange().server->tls != policy::ServerTls::at_once)
    session.first.emplace(
        FirstExchange::Rules{.header_sent = session.exchange().upstream->send_proxy.on(), .server_speaks_first = true});
  auto spoken = co_await speak_with_server(session, {.send = {}, .then = Then::more});
  if (!spoken) co_return fail(session.first ? explained(session, spoken.error()) : spoken.error());
  session.facts = session.server_leg->facts();
  co_return Result<void>{};
}

void gate_ends(void* exchange, Code why) { static_cast<Exchange*>(exchange)->scope.cancel(why); }
Task<Result<void>> while_client_stays(MailSession& session, Task<Result<void>> work) {
  const runtime::HangupWatch watch{&Exchange::client_gone, &session.exchange()};
  runtime::Stream& client = *session.relay.client->stream;
  client.watch_hangup(&watch);
  runtime::CancelCallback on_end(&gate_ends, &session.exchange());  // who was not greeted yet is not waited for
  session.relay.worker.before_requests().subscribe(on_end);
  auto done = co_await std::move(work);
  client.watch_hangup(nullptr);
  co_return done;
}

// Connects to the server that was chosen, and learns what it is.
Task<Result<void>> meet_server(MailSession& session) { return while_client_stays(session, reach_and_speak(session)); }

// Tells the server what the client, which goes on in clear, has told the gate.
Task<Result<void>> introduce(MailSession& session) {
  return while_client_stays(session,
                            speak_with_server(session, session.server_leg->introduce(session.client_leg->hello())));
}

// ---- the client's leg

// What stays within this machine is as good as encrypted.
bool is_on_this_machine(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  const auto parts = http::split_authority(address);
  const auto ip = parts ? IpAddress::parse(parts->host) : std::nullopt;
  return ip && ip->is_loopback();
}

mail::Leg server_leg_of(MailSession& session) {
  if (!session.server_leg) return mail::Leg::tls;  // not known yet: nothing is shown that depends on it
  return is_on_this_machine(session.server.address) ? mail::Leg::tls : session.server_leg->leg();
}

mail::Passwords passwords_of(const MailSession& session) {
  const bool allowed = session.relay.relay.passwords_in_clear == config::InClear::allow;
  return allowed ? mail::Passwords::allow : mail::Passwords::refuse;
}

mail::ClientSettings client_settings(MailSession& session) {
  using Tls = mail::ClientSettings::Tls;
  const auto by_default =
      session.protocol == mail::Protocol::smtp ? config::StartTls::optional : config::StartTls::required;
  Tls tls = Tls::none;
  if (session.relay.client->tls() != nullptr) {
    tls = Tls::on;
  } else if (session.relay.client->listen->mail) {
    tls =
        session.relay.relay.starttls.value_or(by_default) == config::StartTls::required ? Tls::required : Tls::optional;
  }
  return {.protocol = session.protocol,
          .limits = mail::Limits::of(session.protocol),
          .tls = tls,
          .server = server_leg_of(session),
          .in_clear = passwords_of(session)};
}

// Who gets the session may depend on the name that the client asks for.
bool waits_for_name(const MailSession& session) {
  return session.relay.client->listen->mail && session.relay.relay.needs_hello();
}

Task<Result<void>> start_tls_with_client(MailSession& session) {
  const bool secured = co_await secure_client(session.relay.worker, *session.relay.client, {});
  if (!secured) co_return fail({.code = Code::client_tls_failed, .side = Side::client, .where = "STARTTLS"});
  if (!waits_for_name(session)) co_return Result<void>{};
  SP_CHECK(choose_target(session.relay, {}));
  co_return co_await meet_server(session);
}

// More of what the client says. A line that has begun ends in time: octets that come one by one could take for ever.
Task<Result<void>> hear_client(MailSession& session) {
  Buffer& received = session.relay.received;
  const bool begins = received.view().empty();
  if (begins) session.line_deadline = session.within(std::min(session.timeouts().tunnel_idle, command_patience));
  auto heard = co_await hear(*session.relay.client->stream, received, session.line_deadline,
                             session.relay.worker.before_requests());
  if (!heard) co_return fail(at(Side::client, heard.error()));
  if (begins_with_proxy_header(received.view())) co_return fail(strange_header(*session.relay.client));
  if (begins) session.line_deadline = session.within(session.timeouts().client_head);
  co_return Result<void>{};
}

// Until the client has its turn with the server. False: it has said goodbye.
Task<Result<bool>> speak_with_client(MailSession& session) {
  Buffer& received = session.relay.received;
  mail::Step step = session.client_leg->greet();
  for (;;) {
    auto said = co_await say(*session.relay.client->stream, step.send, session.timeouts().client_head);
    if (!said) co_return fail(at(Side::client, said.error()));
    if (step.then == Then::join) co_return true;
    if (step.then == Then::close) co_return false;
    if (step.then == Then::start_tls) {
      received.release();
      SP_CHECK(co_await start_tls_with_client(session));
      step = session.client_leg->tls_started();
      continue;
    }
    if (step.then == Then::more) {
      SP_CHECK(co_await hear_client(session));
    }
    ByteView in = received.view();
    SP_TRY(step, session.client_leg->next(in));
    received.keep(in);
  }
}

// ---- both

MailFilteringParts filtering_parts(MailSession& session) {
  const mail::FilterSettings settings{.protocol = session.protocol,
                                      .limits = mail::Limits::of(session.protocol),
                                      .client = session.client_leg->leg(),
                                      .server = server_leg_of(session),
                                      .in_clear = passwords_of(session),
                                      .hello = session.client_leg->hello().empty()
                                                   ? mail::FilterSettings::Hello::expected
                                                   : mail::FilterSettings::Hello::said};
  return {.filter = mail::Filter(settings, session.server_leg->facts()),
          .client = *session.relay.client->stream,
          .server = *session.server.stream,
          .from_client = session.relay.received,
          .from_server = session.from_server,
          .exchange = session.exchange()};
}

Task<Result<void>> serve(MailSession& session) {
  if (waits_for_name(session)) {
    session.facts = mail::facts_without_server(session.protocol, own_name(session.relay));
  } else {
    SP_CHECK(co_await meet_server(session));
  }
  session.client_leg.emplace(client_settings(session), session.facts);
  SP_TRY(const bool goes_on, co_await speak_with_client(session));
  if (goes_on && !session.server_leg) {  // in clear, and so without a name
    SP_CHECK(choose_target(session.relay, {}));
    SP_CHECK(co_await meet_server(session));
  }
  if (goes_on && !session.client_leg->hello().empty()) {
    SP_CHECK(co_await introduce(session));
  }
  if (goes_on) {
    session.server_waits = false;
    MailFilteringParts parts = filtering_parts(session);
    SP_TRY(const FilteringEnd end, co_await filter_mail(parts));
    co_await session.exchange().scope.join();
    if (end == FilteringEnd::transparent) {
      join(session.relay, std::move(session.server), std::string(session.from_server.view()));
      co_return Result<void>{};
    }
  }
  co_await session.exchange().scope.join();
  session_over(session.relay);
  co_return Result<void>{};
}

// So that the log of the server tells of no connection that was lost. What it answers is nobody's.
Task<void> leave_server(MailSession& session) {
  if (!session.server_waits || session.server.stream == nullptr) co_return;
  constexpr runtime::Duration patience{1000};
  [[maybe_unused]] const auto said = co_await say(*session.server.stream, mail::goodbye(session.protocol), patience);
  session.server.stream.reset();
}

// The last words, where there is somebody to hear them in the protocol that is spoken.
Task<void> say_farewell(MailSession& session, const Error& error) {
  runtime::Stream* client = session.relay.client->stream.get();
  if (client == nullptr || error.code == Code::client_closed || error.code == Code::client_tls_failed) co_return;
  const bool refused = error.code == Code::mail_server_refused && session.server_leg;
  std::string words = refused ? std::string(session.server_leg->refusal()) : std::string();
  if (words.empty()) words = mail::farewell(session.protocol, error);
  constexpr runtime::Duration patience{1000};
  auto said = co_await say(*client, words, patience);
  if (!said) co_return;
  auto finished = co_await client->finish(session.within(patience));
  if (!finished) co_return;
  co_await drop_input(*client, session.within(patience));
}

}  // namespace

Task<Result<void>> serve_mail(RelaySession& relay) {
  MailSession session(relay);
  Result<void> done;
  if (!waits_for_name(session) && relay.exchange.relay_target == nullptr) done = choose_target(relay, {});
  if (const auto protocol = mail_protocol(*relay.client->listen, relay.relay, relay.exchange.upstream))
    session.protocol = *protocol;
  if (done) done = co_await serve(session);
  co_await leave_server(session);
  if (!done) co_await say_farewell(session, done.error());
  co_return done;
}

}  // namespace sp::proxy
