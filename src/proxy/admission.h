// What happens to a request before anything is connected: pure decisions, in one place, for the data path, `explain`
// and `sallyport test` alike.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "policy/access.h"
#include "policy/forwarded.h"
#include "policy/router.h"
#include "proxy/snapshot.h"

namespace sp::proxy {

enum class Verdict : std::uint8_t {
  refuse,    // with `code`
  answer,    // 200 by the gate itself (OPTIONS with Max-Forwards: 0)
  to_https,  // the http request belongs to https
  redirect,  // the route says so
  respond,   // the route says so
  image,     // the route fetches one
  forward,   // to the route's upstream
};

struct Admission {
  Verdict verdict = Verdict::refuse;
  Error error{.code = Code::ok};
  std::string_view detail;  // of a refusal: in the arena
  policy::ClientView client;
  std::string_view path;  // in normal form
  policy::RouteMatch match;
  std::string_view location;  // of to_https and redirect: in the arena
  std::uint16_t status = 0;   // of to_https, redirect and respond
};

// What is known of the connection when it is asked.
struct AdmissionContext {
  const Snapshot& snapshot;
  const Entry& entry;
  policy::Hop hop;
};

// Decides. `request.fields` is not changed. `variables` are those of this request; they may be asked for what is found
// here (route, captures), so the caller fills them from `out` as it goes: `out` is written in order.
void admit(const AdmissionContext& context, const http::RequestHead& request, const policy::Variables& variables,
           Arena& arena, Admission& out);

// The request as the upstream is to get it. The fields are edited once for each request (in place); target and Host
// depend on the server that is asked.
void edit_request_fields(const AdmissionContext& context, const Admission& admission,
                         const policy::Variables& variables, http::RequestHead& request, Arena& arena);
struct UpstreamRequest {
  std::string_view target;
  std::string_view authority;
};
Result<UpstreamRequest> map_upstream_request(const Admission& admission, const policy::Server& server,
                                             const policy::Variables& variables, const http::RequestHead& request,
                                             Arena& arena);

}  // namespace sp::proxy
