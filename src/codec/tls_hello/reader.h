// Reads the ClientHello at the front of a connection without decrypting anything, so that a listener can choose by
// server name and protocol, and then pass the octets on untouched. Sans-io: no sockets, no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/tls_hello/hello.h"

namespace sp::codec::tls_hello {

class Reader {
 public:
  // The message with its header of 4 octets. With post-quantum keys hellos have 2 KiB today; OpenSSL takes 128 KiB, but
  // this much is kept in memory for everybody who connects.
  static constexpr std::size_t max_message = 16384;
  // The smallest that OpenSSL makes have 512 octets, so that a longest message comes in 32 of them.
  static constexpr std::uint32_t max_records = 64;
  static constexpr std::size_t record_head = 5;
  // Nobody has to keep more than this: when there is as much, the answer is there.
  static constexpr std::size_t max_octets = max_message + max_records * record_head;

  // Looks at `in`, which is all that the client has sent so far, and takes nothing from it. Nothing: more octets are
  // needed; then call again with the same octets (they may have moved) and more behind them. It goes on where it
  // stopped, so that dripped octets cost linear time. What stands behind the hello is not looked at.
  //
  // The message may be cut into records anywhere (RFC 8446 section 5.1), as some clients do on purpose, but none may be
  // empty or hold octets behind the message, and their version is 3.0 to 3.4. The hello's views are into `in`; or,
  // where the message came in more than one record, into a copy that lives as long as this reader does.
  //
  // Errors (Side::client), after which nothing more can be read, each as early as its last octet is there:
  //   client_hello_missing    it does not begin with a record of a TLS handshake (`where` says what it looks like), or
  //                           the first message of the handshake is another
  //   client_hello_too_long   beyond max_message or max_records
  //   client_hello_malformed  everything else: see parse_hello()
  Result<std::optional<Hello>> read(ByteView in);

 private:
  static constexpr std::size_t message_head = 4;

  void note_message_head(ByteView content);
  std::size_t message_size() const;
  Result<void> judge(std::size_t record_length) const;
  ByteView message(ByteView in);

  // Of the records that are complete and were not the last:
  std::size_t at_ = 0;         // where in `in` the next one begins
  std::size_t collected_ = 0;  // octets of the message in them
  std::uint32_t records_ = 0;
  // The message's type and length, which may be cut too.
  std::array<std::uint8_t, message_head> head_{};
  std::size_t have_ = 0;
  std::string copy_;
};

}  // namespace sp::codec::tls_hello
