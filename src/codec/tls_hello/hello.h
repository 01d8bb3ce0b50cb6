// What a TLS client says in the clear before anything is encrypted: by this a listener chooses where the connection
// goes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sp::codec::tls_hello {

// The first items of a list that the client made, in its order. What is beyond the room is left out: clients of today
// offer two protocols and two versions.
template <class T>
class FirstOf {
 public:
  static constexpr std::size_t room = 16;

  void add(T item) {
    if (size_ < room) items_[size_++] = item;
  }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::array<T, room> items_{};
  std::size_t size_ = 0;
};

// With Encrypted Client Hello this is the outer one: its server_name, the public name of whoever runs the server, is
// what counts, since nobody but that server can read the inner one. (Browsers send an extension that looks like it to
// all servers, so its presence says nothing.)
struct Hello {
  // host_name of RFC 6066 section 3 in its normal form (server_name.h). Empty: none was sent, or an address.
  std::string server_name;
  // RFC 7301. Views: who gave the hello says for how long.
  FirstOf<ByteView> protocols;
  // As in the record and in the hello of TLS 1.2: 0x0303. All that speak TLS 1.3 say this too.
  std::uint16_t legacy_version = 0;
  // supported_versions (RFC 8446 section 4.2.1) without the made-up ones of RFC 8701. Empty: legacy_version is meant.
  FirstOf<std::uint16_t> versions;
};

// Reads a ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2) without its header of type and length. Every
// length has to agree with what it is the length of, down to the extensions that are read: server_name, ALPN and
// supported_versions, in any order, each at most once. Other extensions are passed over, and what is no matter of ours
// (whether a cipher suite is known, say) is left to the server. The protocols are views into `content`.
//
// Error (Side::client): client_hello_malformed.
Result<Hello> parse_hello(ByteView content);

}  // namespace sp::codec::tls_hello
