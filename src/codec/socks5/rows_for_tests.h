// For the tests of this folder and its fuzz target: both legs played to their end, the octets in pieces of any size.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/socks5/client_leg.h"
#include "codec/socks5/parent_leg.h"

namespace sp::codec::socks5::rows {

// Spaces are passed over.
inline std::string hex(std::string_view digits) {
  std::string octets;
  unsigned value = 1;
  for (char c : digits) {
    if (c == ' ') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (value < 0x100) continue;
    octets += static_cast<char>(value & 0xff);
    value = 1;
  }
  return octets;
}
inline std::string to_hex(std::string_view octets) {
  std::string text;
  for (char c : octets) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// A text behind its length.
inline std::string counted(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

// Where to cut: the sizes of the pieces, one after the other; the last is used again and again.
using Cuts = std::vector<std::size_t>;
inline const Cuts whole{1 << 30};
inline Cuts random_cuts(std::mt19937& random, std::size_t longest) {
  Cuts cuts(64);
  for (std::size_t& cut : cuts) cut = 1 + random() % longest;
  return cuts;
}

// Gives out octets in pieces, and keeps what was not taken of them, each time in a buffer of its own that ends where
// they end.
class Feed {
 public:
  Feed(std::string_view octets, Cuts cuts) : octets_(octets), cuts_(std::move(cuts)) {}

  // Lets another piece come. False: there is none.
  bool come() {
    if (end_ == octets_.size()) return false;
    end_ = std::min(octets_.size(), end_ + cuts_[std::min(next_++, cuts_.size() - 1)]);
    return true;
  }
  ByteView show() {
    buffer_ = std::make_unique<char[]>(end_ - begin_);
    std::copy_n(octets_.data() + begin_, end_ - begin_, buffer_.get());
    return {buffer_.get(), end_ - begin_};
  }
  void keep(ByteView left) { begin_ = end_ - left.size(); }
  std::size_t there() const { return end_ - begin_; }
  std::string left() const { return octets_.substr(begin_); }

 private:
  std::string octets_;
  Cuts cuts_;
  std::size_t next_ = 0, begin_ = 0, end_ = 0;
  std::unique_ptr<char[]> buffer_;
};

inline std::string code_of(const Error& error) { return '<' + std::string(name(error.code)) + '>'; }
inline std::string text_of(const Target& target) { return target.host() + ' ' + std::to_string(target.port); }

struct ClientPlay {
  std::string said;  // to the client, in hexadecimal digits
  std::string end;   // "<connect> host port", a code, "<wrong password>"; empty: more is awaited
  std::string user, password;
  Target target;              // its name is in `name`
  std::string name;           // of the target
  std::string left;           // what was not taken
  std::size_t most_kept = 0;  // octets that had to be kept without being taken
};

// A client that says `octets`, and has the password "secret" if it has the right one.
inline ClientPlay play_client(ClientLeg::Access access, std::string_view octets, const Cuts& cuts = whole,
                              std::string_view right = "secret") {
  using Then = ClientLeg::Step::Then;
  ClientLeg leg(access);
  Feed feed(octets, cuts);
  ClientPlay play;
  std::string said;
  for (;;) {
    ByteView in = feed.show();
    auto step = leg.next(in);
    feed.keep(in);
    if (!step) {
      said += leg.farewell();
      play.end = code_of(step.error());
      break;
    }
    said += step->send;
    if (step->then == Then::verify) {
      play.user = leg.credentials().user;
      play.password = leg.credentials().password;
      const bool good = play.password == right;
      *step = leg.verified(good ? ClientLeg::Verdict::right : ClientLeg::Verdict::wrong);
      said += step->send;
      if (!good) play.end = "<wrong password>";
      if (!good) break;
    }
    if (step->then == Then::connect) {
      play.target = leg.target();
      play.name = play.target.name;
      play.target.name = {};
      play.end = "<connect> " + text_of(leg.target());
      break;
    }
    if (step->then != Then::more) continue;
    play.most_kept = std::max(play.most_kept, feed.there());
    if (!feed.come()) break;
  }
  play.said = to_hex(said);
  play.left = feed.left();
  return play;
}

// What a client gets to read, and how it ends: all of it as one text, with what was not taken behind a '+'.
inline std::string client_story(ClientLeg::Access access, std::string_view octets, const Cuts& cuts = whole) {
  const ClientPlay play = play_client(access, octets, cuts);
  std::string story = play.said;
  if (!play.user.empty()) story += " " + play.user + ":" + play.password;
  if (!play.end.empty()) story += " " + play.end;
  const bool connects = play.end.starts_with("<connect>");
  return connects && !play.left.empty() ? story + " +" + play.left : story;
}

// What a parent gets to read that says `octets`, in hexadecimal digits; then "<joined>" with what is left of `octets`,
// a code, or nothing: more is awaited.
inline std::string parent_story(const ParentCredentials& credentials, const Target& target, std::string_view octets,
                                const Cuts& cuts = whole) {
  using Then = ParentLeg::Step::Then;
  ParentLeg leg;
  Feed feed(octets, cuts);
  auto step = leg.begin(credentials, target);
  std::string said;
  for (;;) {
    if (!step) return said + (said.empty() ? "" : " ") + code_of(step.error());
    if (!step->send.empty()) said += (said.empty() ? "" : " ") + to_hex(step->send);
    if (step->then == Then::joined) return said + " <joined>" + feed.left();
    if (step->then == Then::more && !feed.come()) return said;
    ByteView in = feed.show();
    step = leg.next(in);
    feed.keep(in);
  }
}

}  // namespace sp::codec::socks5::rows
