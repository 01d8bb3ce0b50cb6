#include "services/health/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "codec/mail/server_leg.h"
#include "codec/proxy_protocol/reaction.h"
#include "codec/proxy_protocol/writer.h"
#include "proxy/connector.h"
#include "proxy/write_all.h"
#include "runtime/abort_on_cancel.h"
#include "runtime/dial.h"
#include "runtime/socket_address.h"
#include "services/health/question.h"

namespace sp::health {

using codec::mail::Protocol;
using codec::mail::ServerLeg;
using codec::mail::Step;
using runtime::Task;
using runtime::TimePoint;
namespace pp = codec::proxy_protocol;

namespace {

// For who speaks first where it is not known that he does, and for the answer to a goodbye.
constexpr runtime::Duration patience{500};
constexpr std::size_t most_heard = 16'384;

std::string_view goodbye(pp::Speaks speaks) {
  switch (speaks) {
    case pp::Speaks::smtp:
    case pp::Speaks::pop3: return "QUIT\r\n";
    case pp::Speaks::imap: return "h1 LOGOUT\r\n";
    case pp::Speaks::sieve: return "LOGOUT\r\n";
    default: return {};
  }
}

pp::Speaks speech_of(Protocol protocol) {
  static constexpr std::array speaks{pp::Speaks::smtp, pp::Speaks::imap, pp::Speaks::pop3, pp::Speaks::sieve};
  return speaks[static_cast<std::size_t>(protocol)];
}

std::string statuses_text(const std::vector<config::StatusRange>& ranges) {
  std::string text;
  for (const config::StatusRange& range : ranges) {
    if (!text.empty()) text += ", ";
    text += std::to_string(range.first);
    if (range.last != range.first) text += "-" + std::to_string(range.last);
  }
  return text;
}

// The first line of what a server has said, as it can be shown.
std::string first_line(ByteView heard) {
  constexpr std::size_t most = 80;
  std::string text(heard.substr(0, std::min(heard.find_first_of("\r\n"), most)));
  std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

// Of this machine, not of the server.
bool is_our_own(Code code) {
  return code == Code::no_descriptors || code == Code::out_of_memory || code == Code::internal ||
         code == Code::cancelled || code == Code::shutting_down;
}

class Check {
 public:
  Check(const CheckWorld& world, proxy::WorkerContexts& contexts, const policy::Upstream& upstream,
        const policy::Server& server, runtime::CancelToken& token)
      : world_(world),
        contexts_(contexts),
        upstream_(upstream),
        server_(server),
        rule_(*upstream.health),
        token_(token),
        deadline_(world.loop.now() + rule_.timeout) {}

  Task<CheckResult> run() {
    co_await look();
    if (token_.cancelled()) result_ = {};
    co_return std::move(result_);
  }

 private:
  Task<void> look();
  Task<bool> connect();
  Task<bool> send_header();
  Task<bool> secure();
  Task<void> ask();
  Task<void> be_greeted(Protocol protocol);
  Task<void> listen();
  Task<void> leave(std::string_view last_word);
  Task<bool> hear(TimePoint until);
  Task<bool> say(std::string_view text);

  std::string_view host() const { return rule_.host.empty() ? std::string_view(server_.authority) : rule_.host; }
  void well() { result_ = {.outcome = Outcome::well, .why = {}}; }
  void failed(std::string why) { result_ = {.outcome = Outcome::failed, .why = std::move(why)}; }
  void failed(Code code, std::string why) {
    if (is_our_own(code)) return;
    failed(why.empty() ? std::string(info(code).what) : std::move(why));
  }
  void broke(Code code, std::string_view what);

  const CheckWorld& world_;
  proxy::WorkerContexts& contexts_;
  const policy::Upstream& upstream_;
  const policy::Server& server_;
  const policy::HealthCheck& rule_;
  runtime::CancelToken& token_;
  const TimePoint deadline_;
  CheckResult result_;
  proxy::ServerStream stream_;
  Endpoint endpoint_;
  std::string heard_;
  Code heard_last_ = Code::ok;  // why hear() heard nothing more; end_of_stream: the server has closed the connection
};

Task<void> Check::look() {
  const bool connected = co_await connect();
  if (!connected) co_return;
  const bool told = co_await send_header();
  if (!told) co_return;
  const bool secured = server_.tls != policy::ServerTls::at_once || co_await secure();
  if (!secured) co_return;
  if (const auto mail = proxy::mail_protocol(server_.url.scheme)) {
    co_await be_greeted(*mail);
  } else if (!server_.url.scheme.starts_with("http")) {
    co_await listen();
  } else if (!rule_.path.empty()) {
    co_await ask();
  } else {
    well();
    co_await leave({});
  }
}

// ---- the way to the server

Task<bool> Check::connect() {
  runtime::DialReport report;
  const runtime::DialOptions options{.deadline = deadline_};
  const http::Url& url = server_.url;
  std::array<Endpoint, 1> path{Endpoint{.address = {}, .port = 0, .unix_path = url.unix_path}};
  Result<runtime::Dialed> dialed = fail(Code::internal, "dial");
  if (url.is_unix()) {
    dialed = co_await runtime::dial(world_.network, path, options, token_, &report);
  } else {
    dialed = co_await runtime::dial(world_.network, world_.resolver, url.host, url.effective_port(), options, token_,
                                    &report);
  }
  if (!dialed) {
    failed(dialed.error().code, report.attempts.empty() ? url.host + ": " + report.text() : report.text());
    co_return false;
  }
  endpoint_ = dialed->endpoint;
  stream_ = {.stream = std::move(dialed->stream), .address = endpoint_.text(), .h2 = server_.http2};
  co_return true;
}

Task<bool> Check::send_header() {
  if (!upstream_.send_proxy.on()) co_return true;
  const auto gate = runtime::own_end(stream_.stream->plain_descriptor());
  const std::string header = check_header(upstream_.send_proxy.version, gate.value_or(Endpoint{}), endpoint_);
  const bool sent = co_await say(header);
  if (!sent) failed("it closes the connection before it has taken the header of the PROXY protocol");
  co_return sent;
}

Task<bool> Check::secure() {
  proxy::ConnectFailure failure;
  const proxy::ServerRequest request{.host = host(), .proxy_header = {}};
  auto secured =
      co_await proxy::secure_server(contexts_, upstream_, server_, request, stream_, deadline_, token_, failure);
  if (!secured) failed(secured.error().code, failure.detail);
  co_return secured.has_value();
}

// ---- what is spoken there

Task<void> Check::ask() {
  runtime::AbortOnCancel abort(*stream_.stream, token_);
  const Question question{.path = rule_.path, .host = host(), .scheme = server_.url.scheme};
  Result<std::uint16_t> status = fail(Code::internal, "status");
  if (stream_.h2) {
    status = co_await ask_http2(*stream_.stream, question, deadline_);
  } else {
    status = co_await ask_http1(*stream_.stream, question, deadline_);
  }
  if (!status) co_return broke(status.error().code, "an answer");
  const bool expected =
      std::ranges::any_of(rule_.expect, [&](const config::StatusRange& range) { return range.has(*status); });
  if (expected) co_return well();
  failed(fmt::format("it answers {} with {}, not {}", rule_.path, *status, statuses_text(rule_.expect)));
}

Task<void> Check::be_greeted(Protocol protocol) {
  ServerLeg leg({.protocol = protocol,
                 .limits = codec::mail::Limits::of(protocol),
                 .tls = codec::mail::ServerSettings::Tls::none,
                 .name = "sallyport.invalid",
                 .identity = std::nullopt});
  std::size_t taken = 0;
  for (;;) {
    const bool more = co_await hear(deadline_);
    if (!more) co_return broke(heard_last_, "a greeting");
    ByteView left = ByteView(heard_).substr(taken);
    auto step = leg.next(left);
    taken = heard_.size() - left.size();
    if (!step) {
      failed(fmt::format("it does not greet: {}", first_line(heard_)));
      break;
    }
    // Whatever comes behind a greeting is not wanted here.
    if (step->then == Step::Then::more && step->send.empty()) continue;
    well();
    break;
  }
  co_await leave(goodbye(speech_of(protocol)));
}

Task<void> Check::listen() {
  const bool spoke = co_await hear(std::min(deadline_, world_.loop.now() + patience));
  if (!spoke && heard_last_ != Code::timeout) co_return broke(heard_last_, "a word");
  well();
  co_await leave(goodbye(pp::what_server_said(heard_).speaks));
}

Task<void> Check::leave(std::string_view last_word) {
  bool more = true;
  const TimePoint until = std::min(deadline_, world_.loop.now() + patience);
  if (!last_word.empty()) {
    more = co_await say(last_word);
    while (more) more = co_await hear(until);
  }
  if (stream_.stream == nullptr || token_.cancelled()) co_return;
  runtime::AbortOnCancel abort(*stream_.stream, token_);
  [[maybe_unused]] const auto finished = co_await stream_.stream->finish(until);
}

void Check::broke(Code code, std::string_view what) {
  if (code == Code::timeout) return failed(fmt::format("not {} within {}", what, format_duration(rule_.timeout)));
  if (code == Code::end_of_stream) return failed(fmt::format("it closes the connection without {}", what));
  failed(code, {});
}

Task<bool> Check::hear(TimePoint until) {
  std::array<char, 2048> room;
  if (token_.cancelled() || heard_.size() >= most_heard) co_return false;
  runtime::AbortOnCancel abort(*stream_.stream, token_);
  auto got = co_await stream_.stream->read(room, until);
  heard_last_ = !got ? got.error().code : *got == 0 ? Code::end_of_stream : Code::ok;
  if (got) heard_.append(room.data(), *got);
  co_return heard_last_ == Code::ok;
}

Task<bool> Check::say(std::string_view text) {
  runtime::AbortOnCancel abort(*stream_.stream, token_);
  std::array<iovec, 1> pieces{proxy::piece_of(text)};
  auto written = co_await stream_.stream->write(pieces, deadline_);
  co_return written && *written == text.size();
}

}  // namespace

std::string check_header(config::ProxyVersion version, const Endpoint& gate, const Endpoint& server) {
  const bool known = !gate.is_unix() && gate.port != 0;
  pp::Header header;
  if (version == config::ProxyVersion::v2) {
    header.version = pp::Version::v2;
    header.command = pp::Command::local;
  } else {
    header.version = pp::Version::v1;
    header.source = gate;
    header.destination = server;
    if (!server.is_unix() && known) header.transport = pp::transport_between(gate, server);
  }
  std::array<char, 128> room;
  auto size = pp::write_header(header, {}, room);
  return size ? std::string(room.data(), *size) : std::string();
}

Task<CheckResult> check(const CheckWorld& world, proxy::WorkerContexts& contexts, const policy::Upstream& upstream,
                        const policy::Server& server, runtime::CancelToken& token) {
  Check one(world, contexts, upstream, server, token);
  CheckResult result = co_await one.run();
  co_return result;
}

}  // namespace sp::health
