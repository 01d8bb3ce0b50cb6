#include "codec/icap/answer_reader.h"

#include <algorithm>
#include <charconv>

#include "codec/characters.h"
#include "codec/has_control.h"
#include "http/fields.h"

namespace sp::codec::icap {
namespace {

std::unexpected<Error> bad(const char* where) {
  return fail({.code = Code::scanner_unavailable, .side = Side::upstream, .where = where});
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t";
  const auto first = text.find_first_not_of(blank);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// Digits alone.
bool read_number(std::string_view text, std::size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && has_class(text[0], class_digit) && error == std::errc{} && end == text.data() + text.size();
}

// One part of Encapsulated: "res-hdr=0".
struct Part {
  std::string_view name;
  std::size_t at = 0;
};
bool read_part(std::string_view text, Part& part) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  part.name = text.substr(0, equals);
  return read_number(text.substr(equals + 1), part.at);
}

}  // namespace

Result<bool> AnswerReader::read(ByteView& in) {
  if (!head_read_) {
    SP_TRY_PLAIN(head_read_, read_head(in));
    if (!head_read_) return false;
  }
  const std::size_t octets = std::min(in.size(), http_head_size_ - answer_.http_head.size());
  answer_.http_head.append(in.substr(0, octets));
  in.remove_prefix(octets);
  if (answer_.http_head.size() < http_head_size_) return false;
  if (http_head_size_ != 0 && !answer_.http_head.ends_with("\r\n\r\n")) return bad("the head in its answer has no end");
  return true;
}

Result<bool> AnswerReader::read_head(ByteView& in) {
  const auto end = in.substr(0, max_head).find("\r\n\r\n");
  if (end == ByteView::npos) {
    if (in.size() >= max_head) return bad("the head of its answer is too long");
    constexpr std::string_view begin = "ICAP/1.0 ";
    if (!begin.starts_with(in.substr(0, begin.size()))) return bad("what it answers is not ICAP");
    return false;
  }
  std::string_view head = in.substr(0, end + 2);
  in.remove_prefix(end + 4);
  for (bool first = true; !head.empty(); first = false) {
    const auto line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    head.remove_prefix(line_end + 2);
    auto read = first ? read_status(line) : read_field(line);
    if (!read) return fail(read.error());
  }
  auto ended = end_head();
  if (!ended) return fail(ended.error());
  return true;
}

// "ICAP/1.0 204 No Content"
Result<void> AnswerReader::read_status(std::string_view line) {
  if (!line.starts_with("ICAP/1.0 ")) return bad("what it answers is not ICAP");
  std::size_t status = 0;
  const std::string_view rest = line.substr(9);
  if (!read_number(rest.substr(0, 3), status) || (rest.size() > 3 && rest[3] != ' ')) return bad("its status is none");
  status_ = static_cast<std::uint16_t>(status);
  if (status == 404) return bad("it does not know this service (404)");
  if (status != 200 && status != 204) return bad("its status is neither 200 nor 204");
  return {};
}

Result<void> AnswerReader::read_field(std::string_view line) {
  if (++fields_ > max_fields) return bad("its answer has too many fields");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || has_control(line)) return bad("a field of its answer is none");
  const std::string_view name = line.substr(0, colon);
  if (!std::ranges::all_of(name, is_tchar)) return bad("a field of its answer is none");
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (http::iequals(name, "Encapsulated")) return read_encapsulated(value);
  if (http::iequals(name, "Connection") && http::iequals(value, "close")) answer_.keep_alive = false;
  const bool finding = http::iequals(name, "X-Infection-Found") || http::iequals(name, "X-Virus-ID") ||
                       http::iequals(name, "X-Violations-Found");
  if (finding && answer_.found.empty()) answer_.found = value.substr(0, max_found);
  return {};
}

// "null-body=0", or the head of a message and where it ends: "res-hdr=0, res-body=117". A body alone (RFC 3507 section
// 4.4.1 allows it) is none that could be given to anybody.
Result<void> AnswerReader::read_encapsulated(std::string_view list) {
  if (encapsulated_) return bad("its answer has Encapsulated twice");
  encapsulated_ = true;
  const auto comma = list.find(',');
  Part head, body;
  if (comma == std::string_view::npos) {
    if (read_part(list, body) && body.name == "null-body" && body.at == 0) return {};
    return bad("Encapsulated of its answer is not understood");
  }
  if (!read_part(trimmed(list.substr(0, comma)), head) || !read_part(trimmed(list.substr(comma + 1)), body))
    return bad("Encapsulated of its answer is not understood");
  const bool response = head.name == "res-hdr";
  if ((!response && head.name != "req-hdr") || head.at != 0 || body.at == 0)
    return bad("Encapsulated of its answer is not understood");
  if (!response && what_ == Shown::What::response) return bad("it answers to a response with a request");
  if (body.at > max_http_head) return bad("the head in its answer is too long");
  answer_.has_body = body.name == (response ? "res-body" : "req-body");
  if (!answer_.has_body && body.name != "null-body") return bad("Encapsulated of its answer is not understood");
  answer_.kind = response ? Answer::Kind::response : Answer::Kind::request;
  http_head_size_ = body.at;
  return {};
}

Result<void> AnswerReader::end_head() {
  const bool has_message = http_head_size_ != 0;
  if (status_ == 204 && has_message) return bad("its answer is 204, and has a message");
  if (status_ == 200 && !has_message) return bad("its answer is 200, and has no message");
  return {};
}

}  // namespace sp::codec::icap
