// The two legs of a mail session, joined with a filter in between.
#pragma once

#include "codec/mail/filter.h"
#include "proxy/buffer.h"
#include "proxy/exchange.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::proxy {

struct MailFilteringParts {
  codec::mail::Filter filter;
  runtime::Stream& client;
  runtime::Stream& server;
  Buffer& from_client;  // what was received and is to be filtered first; at the end: what is still to be passed on
  Buffer& from_server;
  Exchange& exchange;  // counts the octets, and says how long anything may take
};

enum class FilteringEnd : std::uint8_t {
  transparent,  // everything may pass from now on
  over,         // both sides have ended
};

// Passes on what the filter lets through, in both directions, each at the pace of who takes it. Errors: those of the
// filter, upstream_closed, client_closed, timeout and the like: then nothing more can be said to either side, but last
// words to the client.
runtime::Task<Result<FilteringEnd>> filter_mail(MailFilteringParts& parts);

}  // namespace sp::proxy
