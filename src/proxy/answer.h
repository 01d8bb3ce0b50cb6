// From a request to its response: admission, then what was decided. Whatever version the client speaks comes through
// here.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// `exchange.response`, ready to be written (fields mapped and edited). On an error: error_response() says it to the
// client.
runtime::Task<Result<void>> answer(Exchange& exchange);

// Before a request goes to a server: the bounds for its content. Errors: body_too_large.
Result<void> govern_content(Exchange& exchange);

// The page (or JSON, if that was asked for) of a failure, with Proxy-Status. Says what kind of failure it was, and
// nothing about servers, addresses or fields: that is for the log. info(error.code).status must not be 0.
Response error_response(Exchange& exchange, const Error& error);

}  // namespace sp::proxy
