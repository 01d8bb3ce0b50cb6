// A record as one line of the access log. Pure; every line ends with the only newline that it holds.
//
// JSON: what is not known is left out. Keys in this order:
//   time client peer listen proxy method host target http status in out referer user_agent
//   tls{version cipher sni resumed} or sni, kind verdict user would_refuse scan tls_name tls_name_differs site route
//   place upstream server address attempts reused retried{code server} error{code side detail remedy} id
//   ms{tls head connect first_byte last_byte total}
// Of a connection that was passed on there is no method and no status; `sni` is what its TLS asked for, if that passed
// through. `proxy` is the header of the PROXY protocol that a connection began with. `kind` to `tls_name_differs` are
// of ways out. `peer` is there only where it is not the client; `in` and `out` are octets of content; `ms` are
// durations in milliseconds (see Phases). New keys may come at any place; readers go by the name.
#pragma once

#include <cstdint>
#include <string>

#include "stages/access_log/record.h"

namespace sp::access_log {

enum class Format : std::uint8_t {
  json,
  common,    // host ident user [time] "request" status octets
  combined,  // ... "referer" "user-agent"
};

// Appends one line. `time` is the caller's cache.
void append_line(std::string& out, Format format, const Record& record, TimeText& time);

}  // namespace sp::access_log
