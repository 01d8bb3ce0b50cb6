#include "codec/tls_hello/reader.h"

#include "codec/tls_hello/octets.h"
#include "codec/tls_hello/opening.h"

namespace sp::codec::tls_hello {
namespace {

// A record, as much of its content as has come.
struct Record {
  std::size_t length;
  ByteView content;
};

auto refused(Code code, const char* where) { return fail(Error{.code = code, .side = Side::client, .where = where}); }

// RFC 8446 section 5.1: type, version, length. Nothing: more octets are needed. Each octet is judged as it comes, so
// that a reader of single octets finds what a reader of all of them does.
Result<std::optional<Record>> record_at_front(ByteView in) {
  constexpr char handshake = 22;
  constexpr std::size_t longest = 16384;
  if ((in.size() > 0 && in[0] != handshake) || (in.size() > 1 && in[1] != 3)) {
    return refused(Code::client_hello_malformed, "ClientHello: another record within it");
  }
  if (in.size() > 2 && static_cast<unsigned char>(in[2]) > 4) {
    return refused(Code::client_hello_malformed, "ClientHello: version of its record");
  }
  if (in.size() < Reader::record_head) return std::nullopt;
  const std::size_t length = Octets(in.substr(3)).number(2);
  if (length == 0 || length > longest)
    return refused(Code::client_hello_malformed, "ClientHello: length of its record");
  return Record{.length = length, .content = in.substr(Reader::record_head, length)};
}

}  // namespace

void Reader::note_message_head(ByteView content) {
  while (have_ < message_head && have_ - collected_ < content.size()) {
    head_[have_] = static_cast<std::uint8_t>(content[have_ - collected_]);
    ++have_;
  }
}

std::size_t Reader::message_size() const {
  return message_head + (std::size_t{head_[1]} << 16 | std::size_t{head_[2]} << 8 | head_[3]);
}

// What the message's head, as much of it as has come, and the record in which it goes on say.
Result<void> Reader::judge(std::size_t record_length) const {
  constexpr std::uint8_t client_hello = 1;
  if (have_ > 0 && head_[0] != client_hello) {
    return refused(Code::client_hello_missing, "the first message of the TLS handshake is no ClientHello");
  }
  if (have_ < message_head) return {};
  if (message_size() > max_message) return refused(Code::client_hello_too_long, "ClientHello: length");
  if (collected_ + record_length > message_size()) {
    return refused(Code::client_hello_malformed, "ClientHello: more octets behind it in its record");
  }
  return {};
}

// `in` holds all of it.
ByteView Reader::message(ByteView in) {
  if (records_ == 0) return in.substr(record_head, message_size());
  Octets records(in);
  while (copy_.size() < message_size()) {
    records.take(3);
    copy_ += records.vector(2);
  }
  return copy_;
}

Result<std::optional<Hello>> Reader::read(ByteView in) {
  if (records_ == 0) {
    const Opening opening = opening_of(in);
    if (opening == Opening::undecided) return std::nullopt;
    if (opening != Opening::handshake) return refused(Code::client_hello_missing, describe(opening));
  }
  for (;;) {
    SP_TRY_PLAIN(const std::optional<Record> record, record_at_front(in.substr(at_)));
    if (!record) return std::nullopt;
    note_message_head(record->content);
    if (auto good = judge(record->length); !good) return fail(good.error());
    if (record->content.size() < record->length) return std::nullopt;
    if (have_ == message_head && collected_ + record->length == message_size()) break;
    if (++records_ == max_records) return refused(Code::client_hello_too_long, "ClientHello: in too many records");
    collected_ += record->length;
    at_ += record_head + record->length;
  }
  SP_TRY_PLAIN(Hello hello, parse_hello(message(in).substr(message_head)));
  return hello;
}

}  // namespace sp::codec::tls_hello
