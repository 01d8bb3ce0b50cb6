// The one form in which server names are compared.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sp::codec::tls_hello {

// host_name of RFC 6066 section 3 as a client sent it, in lower case and without a trailing dot (which does not belong
// there, but which some leave).
//
// Empty: what was sent is an address, in brackets or not, and section 3 knows no such names: the client gets what one
// without a name gets. So are names whose last part is a number ("192.0.2.1", "127.1", "0x7f.1"): no domain ends like
// this, and lenient readers take each of them for an IPv4 address.
//
// Error (Side::client): client_hello_malformed, for everything that is not parts of 1 to 63 letters, digits, '-' and
// '_' with dots between them, together at most 253: with NUL or '/' in it, a name is not the same for everybody who
// reads it. International names come as A-labels; '*' is none, so that nobody asks for the pattern itself.
Result<std::string> normal_server_name(ByteView sent);

}  // namespace sp::codec::tls_hello
