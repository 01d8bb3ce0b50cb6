#include "codec/mail/filter.h"

#include <utility>

#include "codec/mail/filter_talk.h"

namespace sp::codec::mail {
namespace {

std::unique_ptr<ProtocolFilter> filter_of(const FilterSettings& settings, const Facts& facts) {
  switch (settings.protocol) {
    case Protocol::smtp: return smtp_filter(settings, facts);
    case Protocol::imap: return imap_filter(settings);
    case Protocol::pop3: return pop3_filter(settings);
    case Protocol::sieve: break;
  }
  return sieve_filter(settings);
}

}  // namespace

Filter::Filter(const FilterSettings& settings, const Facts& facts) : filter_(filter_of(settings, facts)) {}

Filter::~Filter() = default;

// What is in store has to pass before what comes behind it.
bool Filter::transparent() const { return filter_->transparent() && !client_.next && !server_.next; }

Result<Passage> Filter::from_client(ByteView& in) { return gather(in, client_, &ProtocolFilter::from_client); }

Result<Passage> Filter::from_server(ByteView& in) { return gather(in, server_, &ProtocolFilter::from_server); }

// The filters take one line after the other; lines that pass as they are pass together. What comes behind them and is
// no view into `in` waits for the next call.
Result<Passage> Filter::gather(ByteView& in, Direction& direction, Take take) {
  if (direction.next) return *std::exchange(direction.next, std::nullopt);
  if (direction.error) return fail(*direction.error);
  const ByteView begin = in;
  for (;;) {
    const ByteView before = in;
    const ByteView together = begin.substr(0, begin.size() - before.size());
    if (filter_->transparent()) {
      in.remove_prefix(in.size());
      return begin.empty() ? Passage{} : passed(begin);
    }
    const auto passage = (filter_.get()->*take)(in);
    if (passage && !passage->pass.empty() && passage->pass.data() == before.data()) continue;
    if (together.empty()) return passage;
    if (!passage) {
      direction.error = passage.error();
    } else if (!passage->pass.empty() || !passage->answer.empty()) {
      direction.next = *passage;
    }
    return passed(together);
  }
}

}  // namespace sp::codec::mail
