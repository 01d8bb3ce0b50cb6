// What is looked at while a tunnel of a way out passes: the name in its TLS, for the log, and how much it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/slab.h"
#include "proxy/outbound/hello_peek.h"
#include "proxy/outbound/share_use.h"

namespace sp::proxy {

struct Exchange;

class OutboundWatch : public Lasting {
 public:
  // Null: there is nothing to look at. Takes over what the exchange has of its shares.
  static std::unique_ptr<OutboundWatch> of(Exchange& exchange);

  // Octets on their way. Anything but ok: whose share of the day is used up.
  Code note(bool by_client, ByteView octets) {
    if (by_client && looks_) look_for_name(octets);
    return spend(octets.size());
  }
  // Octets that pass unseen.
  Code spend(std::uint64_t octets) { return share_ == nullptr ? Code::ok : share_->spend(octets); }
  std::string_view tls_name() const { return tls_name_; }
  // Nothing is left to look at, or to keep.
  bool over() const { return !looks_ && share_ == nullptr && tls_name_.empty(); }

 private:
  OutboundWatch(std::unique_ptr<ShareUse> share, bool looks) : share_(std::move(share)), looks_(looks) {}
  void look_for_name(ByteView octets);

  std::unique_ptr<ShareUse> share_;  // null: without limits
  std::unique_ptr<HelloPeek> peek_;  // since the client has begun to speak
  bool looks_;                       // there is something to be learned still
  std::string tls_name_;
};

}  // namespace sp::proxy
