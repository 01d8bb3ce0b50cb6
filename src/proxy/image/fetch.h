// An image of another site, by the rules of a way out: asked for, followed through redirects, looked at.
#pragma once

#include "http/url.h"
#include "policy/site_table.h"
#include "proxy/exchange.h"
#include "proxy/image/store.h"

namespace sp::proxy {

// What is asked of the way out, in the words of its rules: `exchange.outbound` from here on. The client is the gate
// itself, whoever has asked: others are going to see the same image. Errors: those of head_for() and permit(),
// image_url_malformed.
Result<void> wish_for_image(Exchange& exchange, const policy::ImageTarget& target, const http::Url& url);

// Nothing about the client of `exchange` is told to anybody. What was done for it is noted there, for the log: where
// it was asked last, by which rule. Errors: image_*, destination_*, and those of forward().
runtime::Task<Result<ImagePtr>> fetch_image(Exchange& exchange, const policy::ImageTarget& target, http::Url url);

}  // namespace sp::proxy
