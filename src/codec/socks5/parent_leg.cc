#include "codec/socks5/parent_leg.h"

#include "base/assert.h"

namespace sp::codec::socks5 {
namespace {

using Then = ParentLeg::Step::Then;

constexpr char version = 5;
constexpr std::size_t text_max = 255;  // of user and password

std::unexpected<Error> refused(Code code, const char* where) {
  return fail(Error{.code = code, .side = Side::upstream, .retry = Retry::safe, .where = where});
}

std::string password_message(const ParentCredentials& credentials) {
  std::string message{1, static_cast<char>(credentials.user.size())};
  message += credentials.user;
  message += static_cast<char>(credentials.password.size());
  return message += credentials.password;
}

// Section 6. Those that are not assigned are used by some for more detail, so that they are no nonsense.
std::unexpected<Error> failure(char reply) {
  switch (reply) {
    case 2: return refused(Code::parent_denied, "SOCKS5: not allowed by the parent's rules");
    case 3: return refused(Code::connection_unreachable, "SOCKS5: network unreachable, says the parent");
    case 4: return refused(Code::connection_unreachable, "SOCKS5: host unreachable, says the parent");
    case 5: return refused(Code::connection_refused, "SOCKS5: connection refused, says the parent");
    case 6: return refused(Code::connection_timeout, "SOCKS5: TTL expired, says the parent");
    case 7: return refused(Code::parent_refused, "SOCKS5: the parent does not know CONNECT");
    case 8: return refused(Code::parent_refused, "SOCKS5: the parent does not know this type of address");
    default: return refused(Code::connection_failed, "SOCKS5: general failure, says the parent");
  }
}

}  // namespace

Result<ParentLeg::Step> ParentLeg::begin(const ParentCredentials& credentials, const Target& target) {
  if (target.name.size() > name_max) return fail(Code::destination_malformed, "SOCKS5: the name is too long");
  if (credentials.user.size() > text_max || credentials.password.size() > text_max)
    return fail(Code::config_invalid, "SOCKS5: user or password is longer than 255 octets");
  request_.assign({version, 1, 0});
  append_target(target, request_);
  if (credentials.user.empty()) {
    greeting_.assign({version, 1, 0});
  } else {
    greeting_.assign({version, 2, 0, 2});
    password_ = password_message(credentials);
  }
  state_ = State::method;
  return Step{.send = greeting_};
}

Result<ParentLeg::Step> ParentLeg::next(ByteView& in) {
  switch (state_) {
    case State::method: return take_method(in);
    case State::password: return take_status(in);
    case State::reply: return take_reply(in);
    case State::done: break;
  }
  SP_ASSERT(state_ != State::done);
  return fail(Code::internal, "SOCKS5: no message is expected");
}

ParentLeg::Step ParentLeg::say_request() {
  state_ = State::reply;
  return {.send = request_, .then = Then::go_on};
}

Result<ParentLeg::Step> ParentLeg::take_method(ByteView& in) {
  if (!in.empty() && in[0] != version) return refused(Code::parent_malformed, "SOCKS5: no answer to the greeting");
  if (in.size() < 2) return Step{};
  const auto method = static_cast<unsigned char>(in[1]);
  in.remove_prefix(2);
  if (method == 0) return say_request();
  if (method == 2 && !password_.empty()) {
    state_ = State::password;
    return Step{.send = password_, .then = Then::go_on};
  }
  if (method == 0xff && password_.empty()) return refused(Code::parent_refused, "SOCKS5: the parent wants a password");
  if (method == 0xff) return refused(Code::parent_refused, "SOCKS5: the parent takes no password");
  return refused(Code::parent_malformed, "SOCKS5: a method that was not offered");
}

// The first octet is not looked at: it is 1, but there are servers that say 5.
Result<ParentLeg::Step> ParentLeg::take_status(ByteView& in) {
  if (in.size() < 2) return Step{};
  const char status = in[1];
  in.remove_prefix(2);
  if (status != 0) return refused(Code::parent_refused, "SOCKS5: the parent does not take user and password");
  return say_request();
}

// A failure is known by its second octet; what should follow it some do not send.
Result<ParentLeg::Step> ParentLeg::take_reply(ByteView& in) {
  constexpr std::size_t bound_at = 3;
  if (!in.empty() && in[0] != version) return refused(Code::parent_malformed, "SOCKS5: no reply to the request");
  if (in.size() < 2) return Step{};
  if (in[1] != 0) return failure(in[1]);
  if (in.size() <= bound_at) return Step{};
  const auto size = target_octets(in.substr(bound_at));
  if (!size) return refused(Code::parent_malformed, "SOCKS5: an unknown type of address in the reply");
  if (*size == 0 || in.size() < bound_at + *size) return Step{};
  in.remove_prefix(bound_at + *size);
  state_ = State::done;
  return Step{.then = Then::joined};
}

}  // namespace sp::codec::socks5
