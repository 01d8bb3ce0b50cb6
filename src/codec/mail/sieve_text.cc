#include "codec/mail/sieve_text.h"

#include <algorithm>
#include <cstddef>

#include "codec/mail/reply_reader.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

std::optional<SieveResponse::Word> word_of(ByteView word) {
  if (same(word, "OK")) return SieveResponse::Word::ok;
  if (same(word, "NO")) return SieveResponse::Word::no;
  if (same(word, "BYE")) return SieveResponse::Word::bye;
  return std::nullopt;
}

// Behind the response code in parentheses, if there is one.
ByteView behind_code(ByteView text) {
  if (!text.starts_with('(')) return text;
  const std::size_t end = text.find(") ");
  return end == ByteView::npos ? ByteView() : text.substr(end + 2);
}

std::string plain(ByteView text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += static_cast<unsigned char>(text[i]) < 0x20 ? ' ' : text[i];
  }
  return out;
}

}  // namespace

std::optional<SieveResponse> parse_sieve_response(ByteView line) {
  line = without_end(line);
  const auto word = word_of(first_word(line.substr(0, line.find('\r'))));
  if (!word) return std::nullopt;
  ByteView text = behind_code(behind_word(line));
  if (text.starts_with('{')) {
    text = text.substr(std::min(text.size(), text.find("\r\n")));
    text.remove_prefix(std::min<std::size_t>(text.size(), 2));
  } else if (text.starts_with('"')) {
    text = text.substr(1, text.rfind('"') - 1);
  }
  return SieveResponse{.word = *word, .text = plain(text)};
}

}  // namespace sp::codec::mail
