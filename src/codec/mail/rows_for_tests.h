// For the tests of this folder and its fuzz targets: both sides of a dialogue as texts, in pieces of any size.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/mail/answers.h"
#include "codec/mail/client_leg.h"
#include "codec/mail/filter.h"
#include "codec/mail/server_leg.h"

namespace sp::codec::mail::rows {

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
  explicit Feed(Cuts cuts) : cuts_(std::move(cuts)) {}

  void add(std::string_view octets) { rest_ += octets; }
  // Lets another piece come. False: there is none.
  bool come() {
    if (at_ == rest_.size()) return false;
    const std::size_t size = std::min(rest_.size() - at_, cuts_[std::min(next_++, cuts_.size() - 1)]);
    there_.append(rest_, at_, size);
    at_ += size;
    return true;
  }
  ByteView show() {
    buffer_ = std::make_unique<char[]>(there_.size());
    std::ranges::copy(there_, buffer_.get());
    return {buffer_.get(), there_.size()};
  }
  void keep(ByteView left) { there_ = std::string(left); }
  // All that nobody has taken.
  std::string left() const { return there_ + rest_.substr(at_); }

 private:
  Cuts cuts_;
  std::size_t next_ = 0;
  std::string rest_;
  std::size_t at_ = 0;  // how much of it has come
  std::string there_;
  std::unique_ptr<char[]> buffer_;
};

inline std::string code_of(const Error& error) { return "<" + std::string(name(error.code)) + ">"; }

// What a client gets to read that says `octets`: the text, then "<tls>", "<join>" with what is left of `octets` for the
// filter, "<close>", a code, or nothing: it may go on. Behind "<tls>" comes what is said then.
inline std::string play_client(ClientLeg& leg, std::string_view octets, const Cuts& cuts) {
  std::string said;
  const auto note = [&](const Step& step, const Feed& feed) {
    said += step.send;
    if (step.then == Step::Then::join) said += "<join>" + feed.left();
    if (step.then == Step::Then::close) said += "<close>";
  };
  Feed feed(cuts);
  feed.add(octets);
  const Step greeting = leg.greet();
  note(greeting, feed);
  if (greeting.then == Step::Then::join) return said;
  for (;;) {
    ByteView in = feed.show();
    const auto step = leg.next(in);
    if (!step) return said + code_of(step.error());
    feed.keep(in);
    if (step->then == Step::Then::start_tls) {
      // What is left has come later than STARTTLS: it goes into the handshake, and breaks it.
      if (!feed.left().empty()) return said + "<starttls_injection>";
      said += std::string(step->send) + "<tls>";
      note(leg.tls_started(), feed);
      return said;
    }
    note(*step, feed);
    if (step->then == Step::Then::join || step->then == Step::Then::close) return said;
    if (step->then == Step::Then::more && !feed.come()) return said;
  }
}
inline std::string play_client(const ClientSettings& settings, const Facts& facts, std::string_view octets,
                               const Cuts& cuts = whole) {
  ClientLeg leg(settings, facts);
  return play_client(leg, octets, cuts);
}

// What a server gets to read that says `answers`, one after the other: the first by itself, each other when it has been
// sent something or when TLS has begun; then "<join>" or a code, or nothing: more is awaited.
inline std::string play_server(ServerLeg& leg, const std::vector<std::string>& answers, const Cuts& cuts) {
  std::string said;
  Feed feed(cuts);
  auto answer = answers.begin();
  const auto speak = [&] {
    if (answer != answers.end()) feed.add(*answer++);
  };
  speak();
  for (;;) {
    ByteView in = feed.show();
    auto step = leg.next(in);
    if (!step) return said + code_of(step.error());
    feed.keep(in);
    said += step->send;
    if (step->then == Step::Then::start_tls) {
      if (!feed.left().empty()) return said + "<starttls_injection>";
      said += "<tls>";
      *step = leg.tls_started();
      said += step->send;
      speak();
    } else if (step->then == Step::Then::go_on) {
      speak();
    }
    if (step->then == Step::Then::join) return said + "<join>" + feed.left();
    if (step->then == Step::Then::more && !feed.come()) return said;
  }
}
inline std::string play_server(const ServerSettings& settings, const std::vector<std::string>& answers,
                               const Cuts& cuts = whole) {
  ServerLeg leg(settings);
  return play_server(leg, answers, cuts);
}

// One thing that is said while the filter is in between.
struct Said {
  enum class By : std::uint8_t { client, server };
  By by;
  std::string octets;
};
inline Said client(std::string_view octets) { return {Said::By::client, std::string(octets)}; }
inline Said server(std::string_view octets) { return {Said::By::server, std::string(octets)}; }

// Both sides of a filter, each with what has come for it.
class Between {
 public:
  Between(Filter& filter, const Cuts& cuts) : filter_(filter), client_(cuts), server_(cuts) {}

  // Lets both sides say these things one after the other, and the filter take all that it can in between.
  void play(const std::vector<Said>& things) {
    for (const Said& thing : things) {
      Feed& feed = thing.by == Said::By::client ? client_ : server_;
      feed.add(thing.octets);
      while (error_.empty() && feed.come()) take_all();
      take_all();
    }
  }

  std::string to_server, to_client;
  // Empty, or a code.
  const std::string& error() const { return error_; }
  // "CLIENT|SERVER", with "<transparent>" behind it or a code.
  std::string outcome() const {
    return to_server + "|" + to_client + (error_.empty() ? filter_.transparent() ? "<transparent>" : "" : error_);
  }
  // What the client has said and the filter has not taken.
  std::string held() const { return client_.left(); }

 private:
  // What one side has said may be what the other waits for.
  void take_all() {
    while (error_.empty() &&
           (take(client_, &Filter::from_client, to_server) || take(server_, &Filter::from_server, to_client))) {
    }
  }
  // Whether anything was taken, passed or answered.
  bool take(Feed& feed, Result<Passage> (Filter::*from)(ByteView&), std::string& other) {
    ByteView in = feed.show();
    const std::size_t before = in.size();
    const auto passage = (filter_.*from)(in);
    if (!passage) {
      error_ = code_of(passage.error());
      return false;
    }
    other += passage->pass;
    to_client += passage->answer;
    const bool taken = in.size() != before;
    feed.keep(in);
    return taken || passage->then == Passage::Then::go_on;
  }

  Filter& filter_;
  Feed client_, server_;
  std::string error_;
};

inline std::string play_filter(const FilterSettings& settings, const Facts& facts, const std::vector<Said>& things,
                               const Cuts& cuts = whole) {
  Filter filter(settings, facts);
  Between between(filter, cuts);
  between.play(things);
  return between.outcome();
}

// Calls `play` with the octets in one piece, one by one and cut at random, and says where the outcomes differ; else
// the outcome.
template <class Play>
std::string in_all_cuts(const Play& play) {
  std::string expected = play(whole);
  if (const std::string dripped = play(Cuts{1}); dripped != expected) {
    return fmt::format("{} BUT DRIPPED {}", expected, dripped);
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    const std::string cut = play(random_cuts(random, i < 10 ? 5 : 40));
    if (cut != expected) return fmt::format("{} BUT CUT {}", expected, cut);
  }
  return expected;
}

}  // namespace sp::codec::mail::rows
