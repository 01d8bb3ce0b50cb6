// What is the same about responses of servers, whatever version of HTTP they speak.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// How many 1xx responses one request may get.
inline constexpr int most_interim = 32;
// And how much their fields may be in all: over HTTP/2 they are kept until the client has taken them.
inline constexpr std::uint64_t most_interim_octets = std::uint64_t{64} * 1024;

// Until when the response has to begin. Time counts only once the request has been sent.
runtime::TimePoint response_deadline(const Exchange& exchange);
// Whose fault it is that nothing came of asking a server: not the server's where the exchange was cancelled (its client
// is gone, or the gate ends), or where this machine lacks something.
Side side_of_failure(Code code);
// Why none came: `code` of the connection, or whatever ended the upload.
Error no_response(const Exchange& exchange, Code code);
// A 1xx: 100 lets the upload begin, all of them are told to a client that can hear them.
runtime::Task<Result<void>> pass_interim(Exchange& exchange, const http::ResponseHead& head);
// Answered without a word about the content, which waits to be wanted: it is not. A 100 of ours would now fall into the
// response.
void note_final_response(Exchange& exchange);

}  // namespace sp::proxy
