// Routes with `image_proxy`: images of other sites, by URLs that an application has signed.
#pragma once

#include <expected>
#include <string>

#include "policy/signed_url.h"
#include "proxy/exchange.h"

namespace sp::proxy {

// `exchange.response` is the image. Errors: image_*, destination_*, those of forward(), and of shares.
runtime::Task<Result<void>> answer_image(Exchange& exchange);

// The URL as the application has signed it, of a request that came to such a route.
std::expected<std::string, policy::SignedUrlFault> signed_url_of(const Admission& admission,
                                                                 const http::RequestHead& request);

// What every answer of such a route says, so that nobody takes it for a page with rights of its own.
void add_image_defences(http::Fields& fields);

}  // namespace sp::proxy
