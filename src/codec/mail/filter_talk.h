// The filters of the four protocols, and what they share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "codec/mail/answers.h"
#include "codec/mail/command.h"
#include "codec/mail/filter.h"
#include "codec/mail/line_reader.h"
#include "codec/mail/reply_reader.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {

// The filter of one protocol.
class ProtocolFilter {
 public:
  virtual ~ProtocolFilter() = default;
  virtual Result<Passage> from_client(ByteView& in) = 0;
  virtual Result<Passage> from_server(ByteView& in) = 0;
  virtual bool transparent() const = 0;
};

// `facts` need not outlive it.
std::unique_ptr<ProtocolFilter> smtp_filter(const FilterSettings& settings, const Facts& facts);
std::unique_ptr<ProtocolFilter> imap_filter(const FilterSettings& settings);
std::unique_ptr<ProtocolFilter> pop3_filter(const FilterSettings& settings);
std::unique_ptr<ProtocolFilter> sieve_filter(const FilterSettings& settings);

inline std::unexpected<Error> malformed_command(const char* where) {
  return fail(Error{.code = Code::mail_malformed, .side = Side::client, .where = where});
}

// A line of a client with its CRLF behind it.
inline ByteView with_end(ByteView line) { return {line.data(), line.size() + 2}; }

inline Passage passed(ByteView octets) { return {.pass = octets, .then = Passage::Then::go_on}; }
inline Passage waiting() { return {.then = Passage::Then::wait}; }

// Takes up to `left` octets that nobody looks at.
inline Passage pass_some(ByteView& in, std::uint64_t& left) {
  const ByteView octets = in.substr(0, left);
  in.remove_prefix(octets.size());
  left -= octets.size();
  return octets.empty() ? Passage{} : passed(octets);
}

struct FilterTalk {
  explicit FilterTalk(const FilterSettings& given)
      : settings(given),
        view{.client = given.client, .server = given.server, .in_clear = given.in_clear},
        server_lines(given.protocol, given.limits) {}

  Passage refuse(ByteView tag, Refusal refusal) {
    answer.clear();
    append_refusal(settings.protocol, tag, refusal, answer);
    return {.answer = answer, .then = Passage::Then::go_on};
  }
  // STARTTLS behind the join.
  Refusal no_starttls() const { return view.client == Leg::tls ? Refusal::tls_is_on : Refusal::no_starttls; }
  // Why no password may pass.
  Refusal no_passwords() const {
    return view.client == Leg::clear ? Refusal::client_in_clear : Refusal::server_in_clear;
  }

  // Of the mechanism of a log-in.
  static std::optional<Refusal> refusal_of(ByteView mechanism) {
    if (!is_mechanism(mechanism)) return Refusal::syntax;
    return same(mechanism, "EXTERNAL") ? std::optional(Refusal::mechanism) : std::nullopt;
  }

  FilterSettings settings;
  View view;
  LineReader client_lines{Side::client};
  ReplyReader server_lines;
  std::string answer;     // of the gate to the client
  std::string to_server;  // in the place of what the client said
  std::string to_client;  // in the place of what the server said
};

}  // namespace sp::codec::mail
