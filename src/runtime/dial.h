// A connection to a server that has several addresses: they race as RFC 8305 (Happy Eyeballs) section 5 says. The next
// one is tried when the one before it has failed, or has not answered for a while; the first that connects wins, the
// others are closed.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/network.h"

namespace sp::runtime {

// Whether an address may be connected to. It outlives the dial.
class AddressJudge {
 public:
  virtual ~AddressJudge() = default;
  virtual bool permits(const IpAddress& address) = 0;
};

struct DialOptions {
  TimePoint deadline = never;     // for names and connections together
  Duration attempt_delay{250};    // before the next address gets its chance beside the ones that are being tried
  AddressJudge* judge = nullptr;  // of the addresses that a name has; null: all will do
};

struct Dialed {
  std::unique_ptr<Stream> stream;
  Endpoint endpoint;
};

// What was tried, for the log and the error page.
struct DialReport {
  struct Attempt {
    Endpoint endpoint;
    Code code = Code::ok;  // ok: this one won
  };
  std::vector<Attempt> attempts;  // in the order in which they began
  Code name_code = Code::ok;      // why the name gave no address
  const char* name_why = "";      // and what exactly was said about it; a literal
  // "10.0.0.7:443 refused; [2001:db8::7]:443 timed out"
  std::string text() const;
  // What to do about a Unix socket; empty where that of the code will do.
  std::string_view remedy() const;
};

// Races the endpoints in this order. When all fail the error is the one that says most: that of this machine (no
// descriptors), then refused (so is a Unix socket that does not exist), timed out, unreachable, anything else.
// Side::upstream (Side::local for this machine's own), Retry::safe: nothing was sent. When `token` is cancelled: its
// code. `report` may be null. Nothing is left running at the end.
Task<Result<Dialed>> dial(Network& network, std::span<const Endpoint> endpoints, DialOptions options,
                          CancelToken& token, DialReport* report = nullptr);

// Looks the name up (numeric addresses too), then as above, with the addresses that the judge permits. dns_error,
// dns_timeout, dns_no_address; destination_address_refused where it permits none.
Task<Result<Dialed>> dial(Network& network, Resolver& resolver, std::string_view host, std::uint16_t port,
                          DialOptions options, CancelToken& token, DialReport* report = nullptr);

}  // namespace sp::runtime
