// SOCKS5 (RFC 1928, RFC 1929) with a parent proxy, until it has connected to the target. Sans-io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/socks5/target.h"

namespace sp::codec::socks5 {

struct ParentCredentials {
  std::string user;  // empty: no password is offered
  std::string password;
};

class ParentLeg final {
 public:
  // What the parent says is never longer than this, so nobody has to keep more of what has come.
  static constexpr std::size_t longest_message = 3 + 2 + name_max + 2;

  struct Step {
    enum class Then : std::uint8_t {
      more,    // read more octets, then call again
      go_on,   // call again at once, also if no octets are left
      joined,  // what follows is the target's
    };
    ByteView send;  // to be written before anything else; a view into the leg
    Then then = Then::more;
  };

  // What is said first. Errors (Side::local): destination_malformed, config_invalid, where name, user or password do
  // not fit into a message.
  Result<Step> begin(const ParentCredentials& credentials, const Target& target);
  // Takes at most one message off the front of `in`, when it is there as a whole. Not after Then::joined, nor after an
  // error.
  //
  // Errors (Side::upstream, Retry::safe: the target has not been sent anything):
  //   connection_*      why the parent does not reach the target, as it says
  //   parent_denied     its rules do not allow the target
  //   parent_refused    it does not like the user, or does not know CONNECT
  //   parent_malformed  it does not speak SOCKS5
  Result<Step> next(ByteView& in);

 private:
  enum class State : std::uint8_t { method, password, reply, done };
  Result<Step> take_method(ByteView& in);
  Result<Step> take_status(ByteView& in);
  Result<Step> take_reply(ByteView& in);
  Step say_request();

  State state_ = State::done;
  std::string greeting_, password_, request_;
};

}  // namespace sp::codec::socks5
