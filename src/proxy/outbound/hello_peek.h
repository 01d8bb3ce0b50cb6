// The name that a client asks for in TLS, seen in passing: nothing is held back for it.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "codec/tls_hello/reader.h"

namespace sp::proxy {

class HelloPeek {
 public:
  // The next octets of the client. True: nothing more is to be learned. Throws std::bad_alloc.
  bool note(ByteView octets);
  // Empty: it speaks no TLS, asks for no name, or says more before it than is looked at.
  const std::string& name() const { return name_; }

  // So much of a hello that comes in pieces is kept.
  static constexpr std::size_t most_kept = std::size_t{8} * 1024;

 private:
  codec::tls_hello::Reader reader_;
  std::string seen_;  // what came before, if that did not tell
  std::string name_;
};

}  // namespace sp::proxy
