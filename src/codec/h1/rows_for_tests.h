// For the tests of this folder: heads as text that tables can hold, and reading them whole or in pieces.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "codec/h1/body_reader.h"
#include "codec/h1/request_reader.h"
#include "codec/h1/response_reader.h"

namespace sp::codec::h1::rows {

// A row of a table: what is sent, and what a reader must make of it: a description as below, or the name of a Code.
struct Row {
  std::string name;
  std::string bytes;
  std::string expected;
};

inline std::string describe(const http::Fields& fields) {
  std::string text;
  for (const http::Field& field : fields) {
    text += " | " + std::string(field.name) + ": " + std::string(field.value);
  }
  return text;
}

inline std::string describe(const Persistence& persistence) {
  std::string text;
  switch (persistence.framing.kind) {
    case Framing::Kind::none: text = " none"; break;
    case Framing::Kind::length: text = " " + std::to_string(persistence.framing.length); break;
    case Framing::Kind::chunked: text = " chunked"; break;
    case Framing::Kind::until_close: text = " until-close"; break;
  }
  return text + (persistence.keep_alive ? " keep" : " close");
}

// "GET /path?query @host 1.1 none keep +trailers upgrade=websocket | Name: value"
inline std::string describe(const http::RequestHead& head, const Persistence& persistence) {
  std::string text(head.method_text);
  text += ' ';
  if (!head.scheme.empty()) text += std::string(head.scheme) + "://";
  text += head.path;
  if (head.has_query) text += '?' + std::string(head.query);
  text += " @" + std::string(head.authority) + " " + std::string(http::text(head.version)) + describe(persistence);
  if (head.expects_continue) text += " +continue";
  if (head.accepts_trailers) text += " +trailers";
  if (!head.upgrade.empty()) text += " upgrade=" + std::string(head.upgrade);
  return text + describe(head.fields);
}

// "200 OK 1.1 5 keep declared=5 | Name: value"
inline std::string describe(const http::ResponseHead& head, const Persistence& persistence) {
  std::string text = std::to_string(head.status);
  if (!head.reason.empty()) text += " " + std::string(head.reason);
  text += " " + std::string(http::text(head.version)) + describe(persistence);
  if (head.content_length) text += " declared=" + std::to_string(*head.content_length);
  if (!head.upgrade.empty()) text += " upgrade=" + std::string(head.upgrade);
  return text + describe(head.fields);
}

// Where to cut: the sizes of the pieces, one after the other; the last is used again and again.
using Cuts = std::vector<std::size_t>;

inline Cuts random_cuts(std::mt19937& random, std::size_t longest) {
  Cuts cuts(64);
  for (std::size_t& cut : cuts) cut = 1 + random() % longest;
  return cuts;
}

// Calls `read` with ever more of `bytes`, each time in a buffer of its own that ends where they end, until it says a
// number or an error; then `describe_it`. The end is "incomplete" when nothing came of all of them, and "length N"
// where the head does not end with the bytes.
inline std::string in_pieces(std::string_view bytes, const Cuts& cuts,
                             const std::function<Result<std::size_t>(ByteView)>& read,
                             const std::function<std::string()>& describe_it) {
  std::size_t have = 0;
  for (std::size_t i = 0; have < bytes.size(); ++i) {
    have = std::min(bytes.size(), have + cuts[std::min(i, cuts.size() - 1)]);
    const auto buffer = std::make_unique<char[]>(have);
    // The size is given. NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)
    std::copy_n(bytes.data(), have, buffer.get());
    auto size = read(ByteView(buffer.get(), have));
    if (!size) return std::string(name(size.error().code));
    if (*size == 0) continue;
    std::string text = describe_it();
    if (*size != bytes.size()) text += " length " + std::to_string(*size);
    return text;
  }
  return "incomplete";
}

inline std::string read_request(std::string_view bytes, const Cuts& cuts, const Limits& limits = {}) {
  Arena arena;
  http::RequestHead head(arena);
  Persistence persistence;
  RequestReader reader(limits);
  return in_pieces(
      bytes, cuts, [&](ByteView in) { return reader.read(in, head, persistence); },
      [&] { return describe(head, persistence); });
}

inline std::string read_response(std::string_view bytes, http::Method asked, const Cuts& cuts,
                                 const Limits& limits = {}) {
  Arena arena;
  http::ResponseHead head(arena);
  Persistence persistence;
  ResponseReader reader(limits);
  return in_pieces(
      bytes, cuts, [&](ByteView in) { return reader.read(in, asked, head, persistence); },
      [&] { return describe(head, persistence); });
}

}  // namespace sp::codec::h1::rows
