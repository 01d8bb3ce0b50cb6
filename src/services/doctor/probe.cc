#include "services/doctor/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/mail/server_leg.h"
#include "codec/proxy_protocol/reaction.h"
#include "codec/proxy_protocol/writer.h"
#include "proxy/connector.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "runtime/dial.h"
#include "runtime/socket_address.h"
#include "services/doctor/farewell.h"
#include "tls/stream.h"

namespace sp::doctor {

using codec::mail::ServerLeg;
using codec::mail::Step;
using runtime::Task;
using runtime::TimePoint;
namespace pp = codec::proxy_protocol;

namespace {

constexpr std::size_t most_heard = 16384;
// Who speaks first does so by then, where nothing says that he does at all.
constexpr runtime::Duration patience_with_strangers{1000};
// For a greeting behind a handshake, when nothing more is to be known.
constexpr runtime::Duration patience_with_greetings{2000};
// For the answer to a goodbye.
constexpr runtime::Duration patience_at_the_end{500};

constexpr std::string_view h2_preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);

std::string escaped(ByteView text) {
  constexpr std::size_t most = 160;
  std::string result;
  for (const char c : text.substr(0, most)) {
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      result += c;
    } else {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text.size() > most ? result + "..." : result;
}

// RFC 9051 section 6.2.3: LOGINDISABLED. RFC 5804 section 1.7: a SASL without mechanisms. In what it greets with, all
// of it is in upper case with the servers that are known to say so.
bool takes_no_log_in(pp::Speaks speaks, ByteView greeting) {
  if (speaks == pp::Speaks::imap) return greeting.substr(0, greeting.find('\n')).contains("LOGINDISABLED");
  return speaks == pp::Speaks::sieve && greeting.contains("\"SASL\" \"\"\r\n");
}

ByteView last_line(ByteView heard) {
  while (heard.ends_with('\n') || heard.ends_with('\r')) heard.remove_suffix(1);
  return heard.substr(heard.rfind('\n') + 1);
}

pp::Speaks expected(const Speech& speech) {
  static constexpr std::array speaks{pp::Speaks::smtp, pp::Speaks::imap, pp::Speaks::pop3, pp::Speaks::sieve};
  return speech.kind == Speech::Kind::mail ? speaks[static_cast<std::size_t>(speech.mail)] : pp::Speaks::unknown;
}

class Probe {
 public:
  Probe(const ProbeWorld& world, const Subject& subject, TimePoint deadline, runtime::CancelToken& token,
        Observation& seen)
      : world_(world), subject_(subject), deadline_(deadline), token_(token), seen_(seen) {}

  Task<void> run();

 private:
  Task<bool> connect();
  Task<bool> send_header();
  Task<bool> secure();
  Task<void> converse();
  Task<void> converse_as_session();
  Task<void> leave_secured();
  Task<void> hear_the_end(std::string_view last_word);
  std::string_view spoken_goodbye() const;
  Task<bool> hear(TimePoint until);
  Task<bool> say(std::string_view text);

  bool begins_with_header() const { return seen_.way.header != config::ProxyVersion::off; }
  bool as_configured() const { return seen_.way == Way{subject_.upstream->send_proxy.version, subject_.tls}; }
  // It is told who connects as sessions tell it: what was only tried is about the beginning alone.
  bool tells_identity() const { return subject_.xclient && as_configured(); }
  codec::mail::ServerSettings session_settings() const;
  void note_command(ByteView command);
  void judge_session(const Error& error);
  bool speaks_another(pp::Speaks speaks) const;
  void judge();
  void judge_unknown();
  void judge_silence();
  void note_certificate();
  void end_as(Outcome outcome) { seen_.outcome = token_.cancelled() ? Outcome::given_up : outcome; }

  const ProbeWorld& world_;
  const Subject& subject_;
  const TimePoint deadline_;
  runtime::CancelToken& token_;
  Observation& seen_;
  proxy::ServerStream server_;
  Endpoint endpoint_, own_;
  std::string heard_;  // in clear or under TLS, whatever came last
  // So much of it shows what the server makes of the beginning. Behind a command of ours answers are about that; but
  // where a header was sent, the first of them may be the one to it.
  std::size_t about_beginning_ = std::string::npos;
  bool identity_said_ = false;
  bool behind_starttls_ = false;
  bool ended_ = false;  // the server has closed the connection
};

Task<void> Probe::run() {
  const bool connected = co_await connect();
  if (!connected) co_return;
  const bool told = co_await send_header();
  if (!told) co_return;
  if (seen_.way.tls == Tls::starttls || (seen_.way.tls == Tls::none && tells_identity())) {
    co_await converse_as_session();
    co_return;
  }
  if (seen_.way.tls == Tls::at_once) {
    const bool secured = co_await secure();
    if (!secured) co_return;
    // All that was to be known is: who takes part in a handshake has read what was before it.
    end_as(Outcome::well);
    if (tells_identity()) {
      co_await converse_as_session();
    } else {
      co_await leave_secured();
    }
    co_return;
  }
  co_await converse();
}

Task<bool> Probe::connect() {
  runtime::DialReport report;
  const runtime::DialOptions options{.deadline = deadline_};
  const http::Url& url = subject_.server->url;
  std::array<Endpoint, 1> path{Endpoint{.address = {}, .port = 0, .unix_path = url.unix_path}};
  Result<runtime::Dialed> dialed = fail(Code::internal, "dial");
  if (url.is_unix()) {
    dialed = co_await runtime::dial(world_.network, path, options, token_, &report);
  } else {
    dialed = co_await runtime::dial(world_.network, world_.resolver, url.host, subject_.port, options, token_, &report);
  }
  if (!dialed) {
    seen_.code = dialed.error().code;
    seen_.detail = report.attempts.empty() ? url.host + ": " + report.text() : report.text();
    seen_.remedy = report.remedy().empty() ? info(seen_.code).remedy : report.remedy();
    end_as(Outcome::unreachable);
    co_return false;
  }
  server_.stream = std::move(dialed->stream);
  endpoint_ = dialed->endpoint;
  server_.address = seen_.address = endpoint_.text();
  co_return true;
}

Task<bool> Probe::send_header() {
  const auto gate = runtime::own_end(server_.stream->plain_descriptor());
  if (gate) own_ = *gate;
  if (gate && !gate->is_unix()) seen_.gate = gate->address.text();
  if (!begins_with_header()) co_return true;
  const std::string header = probe_header(subject_, seen_.way.header, gate.value_or(Endpoint{}), endpoint_);
  const bool sent = co_await say(header);
  if (!sent) end_as(Outcome::closed);
  co_return sent;
}

Task<bool> Probe::secure() {
  // What clients pass through is between them and the server, and what was only tried is not to be judged.
  const bool as_configured = subject_.server->tls != policy::ServerTls::none && !subject_.passes_tls;
  proxy::ConnectFailure failure;
  const proxy::ServerRequest request{.host = subject_.host, .proxy_header = {}};
  auto secured = co_await proxy::secure_server(as_configured ? world_.configured : world_.lenient, *subject_.upstream,
                                               *subject_.server, request, server_, deadline_, token_, failure);
  if (!secured) {
    seen_.code = secured.error().code;
    seen_.detail = failure.detail;
    seen_.remedy = failure.remedy.empty() ? std::string(info(seen_.code).remedy) : failure.remedy;
    const bool ours =
        seen_.code == Code::upstream_certificate_name || seen_.code == Code::upstream_certificate_expired ||
        seen_.code == Code::upstream_certificate_untrusted || seen_.code == Code::upstream_certificate_pin;
    const bool no_answer = seen_.code == Code::connection_timeout;
    end_as(ours ? Outcome::certificate : no_answer ? Outcome::silent : Outcome::tls_failed);
    co_return false;
  }
  note_certificate();
  co_return true;
}

void Probe::note_certificate() {
  const auto& stream = static_cast<const tls::TlsStream&>(*server_.stream);
  seen_.tls_version = stream.info().version;
  if (const auto certificate = stream.peer_certificate())
    seen_.certificate = fmt::format("{}, valid until {}", escaped(certificate->subject), certificate->not_after);
}

// ---- listening and talking

Task<bool> Probe::hear(TimePoint until) {
  std::array<char, 2048> room;
  if (token_.cancelled() || heard_.size() >= most_heard) co_return false;
  runtime::AbortOnCancel abort(*server_.stream, token_);
  auto got = co_await server_.stream->read(room, std::min(until, deadline_));
  if (got) heard_.append(room.data(), *got);
  ended_ = got ? *got == 0 : got.error().code != Code::timeout;
  co_return got && *got != 0;
}

Task<bool> Probe::say(std::string_view text) {
  runtime::AbortOnCancel abort(*server_.stream, token_);
  std::array<iovec, 1> pieces{proxy::piece_of(text)};
  auto written = co_await server_.stream->write(pieces, deadline_);
  co_return written && *written == text.size();
}

Task<void> Probe::converse() {
  const Speech::Kind kind = subject_.speech.kind;
  if (kind == Speech::Kind::http1) {
    const std::string request =
        fmt::format("HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: sallyport-doctor\r\nConnection: close\r\n\r\n",
                    subject_.host.empty() ? subject_.server->authority : subject_.host);
    const bool asked = co_await say(request);
    ended_ = !asked;
  }
  if (kind == Speech::Kind::http2) {
    const bool asked = co_await say(h2_preface);
    ended_ = !asked;
  }
  Farewell farewell;
  TimePoint until = kind == Speech::Kind::unknown ? world_.loop.now() + patience_with_strangers : deadline_;
  for (;;) {
    const bool more = co_await hear(until);
    if (!more) break;
    if (kind == Speech::Kind::http1 && heard_.starts_with("HTTP/") && heard_.find("\r\n\r\n") != std::string::npos)
      until = world_.loop.now() + patience_at_the_end;  // of a refusal the content may say more
    if (kind == Speech::Kind::http2 && heard_.size() >= 9) break;
    const std::string_view word = farewell.next(heard_);
    if (word.empty()) continue;
    const bool said = co_await say(word);
    if (!said || farewell.said()) until = world_.loop.now() + patience_at_the_end;
  }
  // Who greets and then takes his time hears a goodbye all the same.
  if (!farewell.said() && !ended_ && !token_.cancelled()) {
    [[maybe_unused]] const bool said = co_await say(goodbye(pp::what_server_said(heard_).speaks));
  }
  judge();
}

codec::mail::ServerSettings Probe::session_settings() const {
  using SessionTls = codec::mail::ServerSettings::Tls;
  const codec::mail::Protocol protocol = subject_.speech.mail;
  codec::mail::ServerSettings settings{.protocol = protocol,
                                       .limits = codec::mail::Limits::of(protocol),
                                       .tls = seen_.way.tls == Tls::starttls  ? SessionTls::starttls
                                              : seen_.way.tls == Tls::at_once ? SessionTls::on
                                                                              : SessionTls::none,
                                       .name = "sallyport.invalid",
                                       .identity = std::nullopt};
  if (!tells_identity()) return settings;
  // As with the header: the client is this gate itself.
  settings.identity.emplace();
  settings.identity->client = own_;
  settings.identity->destination = endpoint_;
  return settings;
}

// What sessions do until their client has its turn; where nothing is to be told to the server, to the point where TLS
// begins.
Task<void> Probe::converse_as_session() {
  ServerLeg leg(session_settings());
  std::size_t taken = 0;
  Step step;
  while (step.then != Step::Then::join) {
    if (!step.send.empty()) {
      note_command(step.send);
      const bool said = co_await say(step.send);
      if (!said) ended_ = true;
    }
    if (step.then == Step::Then::start_tls) {
      judge();
      const bool secured = co_await secure();
      if (!secured) co_return;
      end_as(Outcome::well);
      if (!tells_identity()) break;
      behind_starttls_ = true;
      heard_.clear();
      taken = 0;
      step = leg.tls_started();
      continue;
    }
    if (step.then == Step::Then::more) {
      const bool more = co_await hear(deadline_);
      if (!more) co_return judge();
    }
    ByteView in = ByteView(heard_).substr(taken);
    auto next = leg.next(in);
    taken = heard_.size() - in.size();
    if (!next) {
      judge_session(next.error());
      break;
    }
    step = *next;
  }
  if (step.then == Step::Then::join) {
    judge();
    seen_.identity = Identity::taken;
  }
  co_await hear_the_end(spoken_goodbye());
}

void Probe::note_command(ByteView command) {
  identity_said_ |= command.starts_with("XCLIENT ") || command.contains(" ID (");
  if (identity_said_ || !begins_with_header()) about_beginning_ = std::min(about_beginning_, heard_.size());
}

void Probe::judge_session(const Error& error) {
  judge();
  if (seen_.outcome != Outcome::well) return;
  if (error.code == Code::starttls_refused) return end_as(Outcome::no_starttls);
  if (error.code != Code::mail_identity_refused) return;
  seen_.identity = identity_said_ ? Identity::refused : Identity::not_offered;
  if (identity_said_) seen_.answer = escaped(last_line(heard_));
}

// A server of mail is told that it is over; what it has to say to that is nobody's.
Task<void> Probe::leave_secured() {
  if (token_.cancelled() || server_.stream == nullptr) co_return;
  if (subject_.speech.kind != Speech::Kind::mail) {
    [[maybe_unused]] const auto finished = co_await server_.stream->finish(deadline_);
    co_return;
  }
  if (seen_.way.tls == Tls::at_once) {
    heard_.clear();
    const TimePoint until = world_.loop.now() + patience_with_greetings;
    Farewell farewell;
    bool more = true;
    while (more && !farewell.said()) {
      more = co_await hear(until);
      const std::string_view word = more ? farewell.next(heard_) : std::string_view();
      if (!word.empty()) more = co_await say(word);
    }
    const pp::ServerSaid greeting = pp::what_server_said(heard_);
    seen_.answer = escaped(greeting.line);
    seen_.product = product_of(heard_);
    if (speaks_another(greeting.speaks)) end_as(Outcome::other_speech);
    co_await hear_the_end(farewell.said() ? std::string_view() : spoken_goodbye());
  } else {
    co_await hear_the_end(spoken_goodbye());
  }
}

// Of the protocol that is expected.
std::string_view Probe::spoken_goodbye() const { return goodbye(expected(subject_.speech)); }

Task<void> Probe::hear_the_end(std::string_view last_word) {
  bool more = !ended_;
  if (more && !last_word.empty()) more = co_await say(last_word);
  const TimePoint until = world_.loop.now() + patience_at_the_end;
  while (more) more = co_await hear(until);
}

// ---- what it means

bool Probe::speaks_another(pp::Speaks speaks) const {
  const bool mail = speaks == pp::Speaks::smtp || speaks == pp::Speaks::imap || speaks == pp::Speaks::pop3 ||
                    speaks == pp::Speaks::sieve;
  return mail && subject_.speech.kind == Speech::Kind::mail && speaks != expected(subject_.speech);
}

void Probe::judge() {
  if (behind_starttls_ && !heard_.empty()) return;  // nobody greets there
  const ByteView heard = ByteView(heard_).substr(0, about_beginning_);
  const pp::ServerSaid said = pp::what_server_said(heard);
  seen_.answer = escaped(said.line);
  if (seen_.product == Product::unknown) seen_.product = product_of(heard_);
  switch (said.reaction) {
    case pp::Reaction::greeted:
      end_as(speaks_another(said.speaks) ? Outcome::other_speech : Outcome::well);
      seen_.log_in_disabled = subject_.in_clear && as_configured() && takes_no_log_in(said.speaks, heard);
      return;
    case pp::Reaction::took_for_command:
      if (begins_with_header()) return end_as(Outcome::took_header);
      // It is HTTP all the same; what such a request is worth is for the server to say.
      return end_as(said.speaks == pp::Speaks::http ? Outcome::well : Outcome::refused);
    case pp::Reaction::refused: return end_as(Outcome::refused);
    case pp::Reaction::wants_tls:
      if (said.speaks == pp::Speaks::tls) seen_.answer = "an alert of TLS";
      return end_as(Outcome::wants_tls);
    case pp::Reaction::nothing: return judge_silence();
    case pp::Reaction::other: return judge_unknown();
  }
}

void Probe::judge_silence() {
  if (ended_) return end_as(Outcome::closed);
  end_as(subject_.speech.kind == Speech::Kind::unknown ? Outcome::quiet : Outcome::silent);
}

void Probe::judge_unknown() {
  constexpr char settings = 4;  // the type of the frame that a server of HTTP/2 begins with
  switch (subject_.speech.kind) {
    case Speech::Kind::unknown: return end_as(Outcome::quiet);
    case Speech::Kind::http2:
      if (heard_.size() >= 9 && heard_[3] == settings) return end_as(Outcome::well);
      break;
    default: break;
  }
  end_as(begins_with_header() ? Outcome::took_header : Outcome::refused);
}

}  // namespace

std::string probe_header(const Subject& subject, config::ProxyVersion version, const Endpoint& gate,
                         const Endpoint& server) {
  const Endpoint nobody{.address = IpAddress::loopback4(), .port = 0, .unix_path = {}};
  const bool known = !gate.is_unix() && !server.is_unix();
  pp::Header header;
  header.version = version == config::ProxyVersion::v1 ? pp::Version::v1 : pp::Version::v2;
  header.source = known ? gate : nobody;
  header.destination = known ? server : nobody;
  header.transport = pp::transport_between(header.source, header.destination);
  pp::Attributes attributes;
  if (subject.upstream->send_proxy.crc32c) attributes.checksum = pp::Checksum::crc32c;
  std::array<char, 256> room;
  auto size = pp::write_header(header, attributes, room);
  return size ? std::string(room.data(), *size) : std::string();
}

Task<void> probe(const ProbeWorld& world, const Subject& subject, Way way, TimePoint deadline,
                 runtime::CancelToken& token, Observation& seen) {
  seen.way = way;
  Probe one(world, subject, deadline, token, seen);
  co_await one.run();
}

}  // namespace sp::doctor
