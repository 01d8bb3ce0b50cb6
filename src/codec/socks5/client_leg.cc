#include "codec/socks5/client_leg.h"

#include "base/assert.h"
#include "codec/characters.h"

namespace sp::codec::socks5 {
namespace {

using Then = ClientLeg::Step::Then;

constexpr char version = 5;
constexpr char password_version = 1;  // of RFC 1929
constexpr char method_none = 0;
constexpr char method_password = 2;
constexpr char command_connect = 1;

constexpr ByteView use_no_method{"\5\xff", 2};
constexpr ByteView wrong_password{"\1\1", 2};
// A reply of SOCKS4, which has a version of its own: "request rejected or failed".
constexpr ByteView socks4_rejected{"\0\x5b\0\0\0\0\0\0", 8};
constexpr ByteView failed{"\5\1\0\1\0\0\0\0\0\0", 10};
constexpr ByteView command_unsupported{"\5\7\0\1\0\0\0\0\0\0", 10};
constexpr ByteView address_type_unsupported{"\5\x8\0\1\0\0\0\0\0\0", 10};

std::size_t octet(ByteView in, std::size_t at) { return static_cast<unsigned char>(in[at]); }

ByteView take(ByteView& in, std::size_t size) {
  const ByteView taken = in.substr(0, size);
  in.remove_prefix(taken.size());
  return taken;
}

bool has_control_octet(ByteView text) {
  for (char c : text) {
    if (is_control(c) || c == '\t') return true;
  }
  return false;
}

}  // namespace

std::unexpected<Error> ClientLeg::refuse(ByteView farewell, Code code, const char* where) {
  state_ = State::done;
  farewell_ = farewell;
  return fail(Error{.code = code, .side = Side::client, .where = where});
}

Result<ClientLeg::Step> ClientLeg::next(ByteView& in) {
  switch (state_) {
    case State::greeting: return take_greeting(in);
    case State::credentials: return take_credentials(in);
    case State::request: return take_request(in);
    case State::done: break;
  }
  SP_ASSERT(state_ != State::done);
  return fail(Code::internal, "SOCKS5: no message is expected");
}

// VER, NMETHODS, METHODS: section 3.
Result<ClientLeg::Step> ClientLeg::take_greeting(ByteView& in) {
  if (in.empty()) return Step{};
  if (in[0] == 4) return refuse(socks4_rejected, Code::socks_version, "SOCKS4");
  if (in[0] != version) return refuse({}, Code::socks_malformed, "greeting: neither SOCKS5 nor SOCKS4");
  if (in.size() < 2) return Step{};
  const std::size_t count = octet(in, 1);
  if (in.size() < 2 + count) return Step{};
  const bool open = access_ == Access::open;
  const ByteView offered = take(in, 2 + count).substr(2);
  if (!offered.contains(open ? method_none : method_password)) {
    if (open) return refuse(use_no_method, Code::socks_unsupported, "greeting: no method that is offered here");
    return refuse(use_no_method, Code::proxy_authentication_required, "greeting: no password is offered");
  }
  state_ = open ? State::request : State::credentials;
  return Step{.send = open ? ByteView("\5\0", 2) : ByteView("\5\2", 2), .then = Then::go_on};
}

// VER, ULEN, UNAME, PLEN, PASSWD: RFC 1929, section 2. An empty password is taken, though the RFC has none: it is what
// curl sends for a user without one.
Result<ClientLeg::Step> ClientLeg::take_credentials(ByteView& in) {
  if (in.empty()) return Step{};
  if (in[0] != password_version) return refuse(wrong_password, Code::socks_malformed, "password: another version");
  if (in.size() < 2) return Step{};
  const std::size_t user = octet(in, 1);
  if (user == 0) return refuse(wrong_password, Code::socks_malformed, "password: no user");
  if (in.size() < 3 + user) return Step{};
  const std::size_t password = octet(in, 2 + user);
  if (in.size() < 3 + user + password) return Step{};
  const ByteView message = take(in, 3 + user + password);
  credentials_ = {.user = message.substr(2, user), .password = message.substr(3 + user)};
  if (has_control_octet(credentials_.user) || has_control_octet(credentials_.password))
    return refuse(wrong_password, Code::socks_malformed, "password: a control character");
  return Step{.then = Then::verify};
}

ClientLeg::Step ClientLeg::verified(Verdict verdict) {
  credentials_ = {};
  if (verdict == Verdict::wrong) {
    state_ = State::done;
    return {.send = wrong_password};
  }
  state_ = State::request;
  return {.send = ByteView("\1\0", 2), .then = Then::go_on};
}

// VER, CMD, RSV, target: section 4. The command is judged when all has come, so that nothing is unread when the client
// is told, which could keep the reply from it.
Result<ClientLeg::Step> ClientLeg::take_request(ByteView& in) {
  constexpr std::size_t target_at = 3;
  if (!in.empty() && in[0] != version) return refuse(failed, Code::socks_malformed, "request: another version");
  if (in.size() > 2 && in[2] != 0) return refuse(failed, Code::socks_malformed, "request: the reserved octet");
  if (in.size() <= target_at) return Step{};
  const auto size = target_octets(in.substr(target_at));
  if (!size) return refuse(address_type_unsupported, Code::socks_unsupported, "request: the type of the address");
  if (*size == 0 || in.size() < target_at + *size) return Step{};
  const ByteView message = take(in, target_at + *size);
  if (message[1] != command_connect)
    return refuse(command_unsupported, Code::socks_unsupported, "request: another command than CONNECT");
  const bool named = octet(message, target_at) == 3;
  target_ = read_target(message.substr(target_at));
  if (named && !is_plain_name(target_.name)) return refuse(failed, Code::destination_malformed, "request: the name");
  if (target_.port == 0) return refuse(failed, Code::destination_malformed, "request: port 0");
  state_ = State::done;
  return Step{.then = Then::connect};
}

}  // namespace sp::codec::socks5
