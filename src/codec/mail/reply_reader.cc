#include "codec/mail/reply_reader.h"

#include <algorithm>

#include "codec/characters.h"
#include "codec/mail/command.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

// Takes a string of ManageSieve off the front of `text`, in either form, and appends it in quotes.
bool take_string(ByteView& text, std::string& out) {
  if (text.starts_with('"')) {
    std::size_t end = 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size()) return false;
    out += text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    return true;
  }
  const auto literal = scan_arguments(text.substr(0, text.find("\r\n"))).literal;
  if (!text.starts_with('{') || !literal) return false;
  text.remove_prefix(text.find("\r\n") + 2);
  if (text.size() < literal->octets) return false;
  const ByteView value = text.substr(0, literal->octets);
  if (value.find_first_of(ByteView("\r\n\0\"\\", 5)) != ByteView::npos) return false;
  out.append("\"").append(value).append("\"");
  text.remove_prefix(value.size());
  return true;
}

}  // namespace

std::unexpected<Error> malformed_reply(const char* where) {
  return fail(Error{.code = Code::mail_reply_malformed, .side = Side::upstream, .where = where});
}

// Whether all of it is there.
bool ReplyReader::take_literal(ByteView& in) {
  const ByteView octets = in.substr(0, literal_left_);
  text_ += octets;
  in.remove_prefix(octets.size());
  literal_left_ -= octets.size();
  return literal_left_ == 0;
}

Result<bool> ReplyReader::ends_here(ByteView line) {
  const bool may_announce =
      protocol_ == Protocol::sieve || (protocol_ == Protocol::imap && (!text_.empty() || begins(line, "* ID ")));
  if (!may_announce) return true;
  const Arguments arguments = scan_arguments(line);
  if (!arguments.well_formed) return malformed_reply("a string without an end, or half a literal");
  if (!arguments.literal) return true;
  text_.append(line).append("\r\n");
  if (text_.size() + arguments.literal->octets >= limit_) return malformed_reply("a literal longer than the limit");
  literal_left_ = arguments.literal->octets;
  return false;
}

Result<std::optional<ByteView>> ReplyReader::take(ByteView& in) {
  if (whole_) text_.clear();
  whole_ = false;
  for (;;) {
    if (literal_left_ != 0 && !take_literal(in)) return std::nullopt;
    SP_TRY_PLAIN(const std::optional<ByteView> line, lines_.take(in, limit_ - text_.size()));
    if (!line) return std::nullopt;
    SP_TRY_PLAIN(const bool ends, ends_here(*line));
    if (!ends) continue;
    if (text_.empty()) return ByteView(line->data(), line->size() + 2);
    text_.append(*line).append("\r\n");
    whole_ = true;
    return text_;
  }
}

std::optional<SmtpReplyLine> parse_smtp_reply(ByteView line) {
  line = without_end(line);
  if (line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), is_digit)) return std::nullopt;
  if (line[0] < '2' || line[0] > '5') return std::nullopt;
  SmtpReplyLine reply;
  for (char c : line.substr(0, 3)) reply.code = reply.code * 10 + static_cast<unsigned>(c - '0');
  if (line.size() == 3) return reply;
  if (line[3] != ' ' && line[3] != '-') return std::nullopt;
  reply.last = line[3] == ' ';
  reply.text = line.substr(4);
  return reply;
}

std::optional<std::string> quoted_capability(ByteView line) {
  std::string out;
  for (line = without_end(line); take_string(line, out); line.remove_prefix(1), out += ' ') {
    if (line.empty()) return out;
    if (line.front() != ' ') break;
  }
  return std::nullopt;
}

}  // namespace sp::codec::mail
