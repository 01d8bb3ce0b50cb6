// What passes between client and server once both legs are joined. See dialogue.h for what this is a part of, and for
// how long it is needed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/mail/dialogue.h"
#include "codec/mail/facts.h"

namespace sp::codec::mail {

struct FilterSettings {
  enum class Hello : std::uint8_t { expected, said };
  Protocol protocol = Protocol::smtp;
  Limits limits{};
  Leg client = Leg::tls;
  Leg server = Leg::clear;
  Passwords in_clear = Passwords::refuse;
  // SMTP: whether the server has had the client's EHLO (ServerLeg::introduce()). Until it has, nothing else passes.
  Hello hello = Hello::expected;
};

// What came of the octets of one side.
struct Passage {
  enum class Then : std::uint8_t {
    more,   // read more octets of this side, then call again
    go_on,  // call again at once, also if no octets are left
    wait,   // call again with the same octets once the other side has had a passage with something in it
  };
  // For the other side: a view into what was `in`, or into the filter, until the next call for the same side.
  ByteView pass;
  // Of from_client(): for the client itself, always whole answers, and never while one of the server is under way. Who
  // drives both sides at once writes it between two passages of the other.
  ByteView answer;
  Then then = Then::more;
};

class ProtocolFilter;

class Filter final {
 public:
  // `facts` need not outlive it.
  Filter(const FilterSettings& settings, const Facts& facts);
  ~Filter();

  // Takes octets off the front of `in`. What is left in `in` with Then::more is a line without its end, as long as
  // settings.limits say; the content of messages is never left there.
  //
  // Errors, after which neither side can go on, of from_client() (Side::client):
  //   mail_malformed      what servers could read differently: a line end that is not CRLF; a literal where it is not
  //                       awaited; no SASL response where one is due; a dot between line ends that are not all CRLF
  //   mail_line_too_long
  // and of from_server() (Side::upstream): mail_reply_malformed.
  Result<Passage> from_client(ByteView& in);
  Result<Passage> from_server(ByteView& in);

  // From now on every octet of both sides passes as it is: they need not be shown any more. What is left of those that
  // were is to be passed, too.
  bool transparent() const;

 private:
  // What is in store behind a passage that was returned.
  struct Direction {
    std::optional<Passage> next;
    std::optional<Error> error;
  };
  using Take = Result<Passage> (ProtocolFilter::*)(ByteView&);

  Result<Passage> gather(ByteView& in, Direction& direction, Take take);

  std::unique_ptr<ProtocolFilter> filter_;
  Direction client_, server_;
};

}  // namespace sp::codec::mail
