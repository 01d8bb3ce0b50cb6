// For the tests of this folder and its fuzz target: reading an answer whole or in pieces.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codec/icap/answer_reader.h"

namespace sp::codec::icap::rows {

inline std::string escaped(std::string_view octets) {
  std::string text;
  for (char c : octets) text += c >= 0x20 && c < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", c & 0xff);
  return text;
}

// "unchanged", "response <head> body, found X, close; 3 left", "incomplete", or what is wrong.
inline std::string describe(AnswerReader& reader, std::string_view left) {
  Answer& answer = reader.answer();
  std::string text = answer.kind == Answer::Kind::unchanged ? "unchanged"
                     : answer.kind == Answer::Kind::request ? "request"
                                                            : "response";
  if (!answer.http_head.empty()) text += " <" + escaped(answer.http_head) + ">";
  if (answer.has_body) text += " body";
  if (!answer.found.empty()) text += ", found " + escaped(answer.found);
  if (!answer.keep_alive) text += ", close";
  if (!left.empty()) text += fmt::format("; {} left", left.size());
  return text;
}

// The pieces have these sizes, the last of them again and again. More than is needed is not shown in the count of what
// is left: that is where it was decided.
inline std::string read(Shown::What what, std::string_view octets, const std::vector<std::size_t>& cuts) {
  AnswerReader reader(what);
  std::string have;
  for (std::size_t i = 0; !octets.empty(); ++i) {
    const std::size_t piece = std::min(octets.size(), cuts[std::min(i, cuts.size() - 1)]);
    have += octets.substr(0, piece);
    octets.remove_prefix(piece);
    ByteView in = have;
    auto done = reader.read(in);
    if (!done) return done.error().where;
    const std::string left(in);
    if (*done) return describe(reader, left + std::string(octets));
    have = left;
  }
  return "incomplete";
}

}  // namespace sp::codec::icap::rows
