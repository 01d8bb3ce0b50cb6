// SOCKS5 (RFC 1928, RFC 1929) with a client, from its first octet to the reply: only CONNECT, without a password or
// with one. Sans-io: no sockets, no clock; deadlines and what to do about a target are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/socks5/reply.h"
#include "codec/socks5/target.h"

namespace sp::codec::socks5 {

// Views into what was given to next() when it said `verify`.
struct Credentials {
  std::string_view user;      // 1 to 255 octets
  std::string_view password;  // at most 255
};

class ClientLeg final {
 public:
  // No message has more octets than this one, that of RFC 1929: nobody has to keep more of what has come.
  static constexpr std::size_t longest_message = 3 + 255 + 255;

  enum class Access : std::uint8_t { open, password };
  enum class Verdict : std::uint8_t { right, wrong };
  struct Step {
    enum class Then : std::uint8_t {
      more,     // read more octets, then call again
      go_on,    // call again at once, also if no octets are left
      verify,   // credentials() are known: verified() is next
      connect,  // target() is known: send reply_octets() when it is connected to, or not
    };
    ByteView send;  // to be written before anything else; never goes away
    Then then = Then::more;
  };

  explicit ClientLeg(Access access) : access_(access) {}

  // Takes at most one message off the front of `in`, when it is there as a whole; what is behind the request is left
  // there: some clients begin to talk to their destination before they are told that it is reached. Not after
  // Then::connect, nor after an error.
  //
  // Errors (Side::client), each as early as it is certain, after which farewell() is sent and the connection closed:
  //   socks_version                  SOCKS4
  //   proxy_authentication_required  the client offers no password, and has to have one
  //   socks_unsupported              it offers none of our methods; a command or type of address that we do not have
  //   destination_malformed          a name that is empty or not visible ASCII; port 0
  //   socks_malformed                all else, control characters in user or password too: names are logged, and a NUL
  //                                  would end a password early for who hashes it
  Result<Step> next(ByteView& in);
  // What the client is told about its password. Wrong: then the connection is to be closed.
  Step verified(Verdict verdict);

  const Credentials& credentials() const { return credentials_; }
  // A view into what was given to next() when it said `connect`.
  const Target& target() const { return target_; }
  // After an error: what the client understands of it. May be empty.
  ByteView farewell() const { return farewell_; }

 private:
  enum class State : std::uint8_t { greeting, credentials, request, done };
  Result<Step> take_greeting(ByteView& in);
  Result<Step> take_credentials(ByteView& in);
  Result<Step> take_request(ByteView& in);
  std::unexpected<Error> refuse(ByteView farewell, Code code, const char* where);

  Access access_;
  State state_ = State::greeting;
  Credentials credentials_;
  Target target_;
  ByteView farewell_;
};

}  // namespace sp::codec::socks5
