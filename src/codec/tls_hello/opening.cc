#include "codec/tls_hello/opening.h"

#include <algorithm>

#include "http/fields.h"

namespace sp::codec::tls_hello {
namespace {

using namespace std::string_view_literals;

struct Word {
  std::string_view text;
  Opening opening;
};
// Letters are compared without case: SMTP does, and the others are no worse for it.
constexpr Word words[] = {
    {"\x16\x03", Opening::handshake},
    {"\x14\x03", Opening::other_record},
    {"\x15\x03", Opening::other_record},
    {"\x17\x03", Opening::other_record},
    {"\x18\x03", Opening::other_record},
    {"GET ", Opening::http},
    {"HEAD ", Opening::http},
    {"POST ", Opening::http},
    {"PUT ", Opening::http},
    {"DELETE ", Opening::http},
    {"OPTIONS ", Opening::http},
    {"PATCH ", Opening::http},
    {"TRACE ", Opening::http},
    {"CONNECT ", Opening::http},
    {"PROPFIND ", Opening::http},
    {"PRI * HTTP/2", Opening::http},
    {"SSH-", Opening::ssh},
    {"EHLO ", Opening::smtp},
    {"HELO ", Opening::smtp},
    {"LHLO ", Opening::smtp},
    {"PROXY ", Opening::proxy_header},
    {"\r\n\r\n\0\r\nQUIT\n"sv, Opening::proxy_header},
};
// The same for what stands behind the two octets of length, of which the first bit is set, of an SSLv2 record: the type
// of the message and the version.
constexpr Word sslv2_words[] = {{"\x01\x00\x02"sv, Opening::sslv2_hello}, {"\x01\x03", Opening::sslv2_hello}};

template <std::size_t n>
Opening find(ByteView first, const Word (&among)[n]) {
  Opening found = Opening::other;
  for (const Word& word : among) {
    const std::size_t common = std::min(first.size(), word.text.size());
    if (!http::iequals(first.substr(0, common), word.text.substr(0, common))) continue;
    if (common == word.text.size()) return word.opening;
    found = Opening::undecided;
  }
  return found;
}

}  // namespace

Opening opening_of(ByteView first) {
  if (!first.empty() && (first[0] & 0x80) != 0)
    return find(first.substr(std::min<std::size_t>(2, first.size())), sslv2_words);
  return find(first, words);
}

const char* describe(Opening opening) {
  switch (opening) {
    case Opening::undecided: return "the client has not said enough to tell";
    case Opening::handshake: return "the client began a TLS handshake";
    case Opening::other_record: return "the first TLS record of the client is not of a handshake";
    case Opening::sslv2_hello: return "the client sent a hello of SSL 2";
    case Opening::http: return "the client sent an HTTP request";
    case Opening::ssh: return "the client speaks SSH";
    case Opening::smtp: return "the client speaks SMTP";
    case Opening::proxy_header: return "the client sent a PROXY protocol header";
    case Opening::other: break;
  }
  return "what the client sent is not TLS";
}

}  // namespace sp::codec::tls_hello
