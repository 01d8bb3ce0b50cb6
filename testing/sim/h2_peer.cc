#include "testing/sim/h2_peer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

#include "testing/sim/lines.h"

namespace sp::testing {

using codec::h2::ErrorCode;
using runtime::Duration;
using runtime::Loop;
using runtime::Task;
using runtime::TimePoint;

TimePoint sim_patience() { return Loop::current().now() + std::chrono::minutes(10); }

// ---- a stream ----

SimH2Stream::SimH2Stream(SimH2Peer& peer) : peer_(peer) { peer_.streams_.push_back(this); }

SimH2Stream::~SimH2Stream() {
  std::erase(peer_.streams_, this);
  if (id() != 0) peer_.send_soon();  // a RST_STREAM
}

std::uint32_t SimH2Stream::number() const {
  std::uint32_t number = 0;
  const std::string_view text = request.path.empty() ? request.path : request.path.substr(1);
  std::ignore = std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

http::ResponseHead* SimH2Stream::response_head() {
  response.fields.clear();
  return &response;
}

void SimH2Stream::head_read(const Result<void>& fault, bool ended) {
  if (!fault) return;  // the codec resets it
  if (response.interim()) {
    ++interim;
    return;
  }
  has_head = true;
  whole = ended;
  came_.set();
  peer_.request_came_.set();
}

void SimH2Stream::content(ByteView octets) {
  content_ += octets;
  not_consumed_ += octets.size();
  came_.set();
}

void SimH2Stream::ended() {
  whole = true;
  came_.set();
}

void SimH2Stream::closed(ErrorCode why, bool) {
  error = why;
  is_over();
}

void SimH2Stream::is_over() {
  over = true;
  came_.set();
  sent_.set();
  peer_.request_came_.set();
}

codec::h2::Stream::Offer SimH2Stream::offer(std::size_t most) {
  Offer offer{.octets = std::min(most, to_send_.size())};
  offer.last = last_ && offer.octets == to_send_.size();
  if (offer.last && !trailers_to_send.empty()) offer.trailers = &trailers_to_send;
  said_all_ = said_all_ || offer.last;
  if (offer.last && offer.octets == 0) sent_.set();
  return offer;
}

void SimH2Stream::take(char* to, std::size_t octets) {
  std::copy_n(to_send_.data(), octets, to);
  to_send_.erase(0, octets);
  if (to_send_.empty()) sent_.set();
}

// ---- the connection ----

SimH2Peer::SimH2Peer(std::unique_ptr<runtime::Stream> stream, const codec::h2::Options& options, Dice& dice,
                     const Story& story)
    : codec(*this, options), stream_(std::move(stream)), dice_(dice), story_(story) {}

void SimH2Peer::start(runtime::Scope& scope) {
  scope.spawn(read());
  scope.spawn(write());
}

Task<void> SimH2Peer::read() {
  std::array<char, 4096> room;
  while (!over_) {
    if (reads_from_ > Loop::current().now()) co_await pause_until(reads_from_);
    if (over_) break;
    auto got = co_await stream_->read(room, sim_patience());
    if (!got || *got == 0) break;
    if (ending_) continue;  // closing with octets that nobody has read would take back what was said last
    for (ByteView rest{room.data(), *got}; !rest.empty() && !ending_;) {
      auto taken = codec.receive(rest, Loop::current().now());
      rest.remove_prefix(taken.value_or(rest.size()));
      ending_ = !taken || codec.finished();
    }
    send_soon();
  }
  end();
}

std::string SimH2Peer::produced() {
  room_.resize(codec::h2::Connection::least_room * 4);
  auto size = codec.produce(room_);
  return room_.substr(0, size.value_or(0)) + std::exchange(raw_, {});
}

Task<void> SimH2Peer::write() {
  while (!over_) {
    wanted_.clear();
    std::string octets = produced();
    if (octets.empty()) {
      flushed_.set();
      if (ending_) {
        std::ignore = co_await stream_->finish(sim_patience());
        co_return;
      }
      std::ignore = co_await wanted_.wait();
      continue;
    }
    bool sent = co_await send_octets(*stream_, std::move(octets), sim_patience());
    if (!sent) break;
  }
  end();
}

void SimH2Peer::end() {
  if (over_) return;
  over_ = true;
  stream_->abort(Code::cancelled);
  for (SimH2Stream* stream : streams_) stream->is_over();
  for (runtime::Event* each : {&wanted_, &flushed_, &settled_, &request_came_}) each->set();
}

void SimH2Peer::close() { end(); }

void SimH2Peer::reset() {
  if (!over_) stream_->reset_on_close();
  end();
}

Task<void> SimH2Peer::flush() {
  flushed_.clear();
  send_soon();
  if (!over_) std::ignore = co_await flushed_.wait(Loop::current().now() + std::chrono::seconds(5));
}

Task<void> SimH2Peer::finish() {
  co_await flush();
  if (!over_) std::ignore = co_await stream_->finish(sim_patience());
}

Task<void> SimH2Peer::settled() { std::ignore = co_await settled_.wait(sim_patience()); }

void SimH2Peer::send_raw(std::string frames) {
  raw_ += frames;
  send_soon();
}

void SimH2Peer::stop_reading_for(Duration time) { reads_from_ = Loop::current().now() + time; }

Task<void> SimH2Peer::pause(Duration time) { return pause_until(Loop::current().now() + time); }

Task<void> SimH2Peer::pause_until(TimePoint until) {
  while (Loop::current().now() < until && !over_ && !story_.over)
    std::ignore = co_await runtime::sleep_until(std::min(until, Loop::current().now() + std::chrono::seconds(1)));
}

codec::h2::Stream* SimH2Peer::stream_begins() {
  if (refuse_one_in_ != 0 && dice_.one_in(refuse_one_in_)) return nullptr;
  arrived_.push_back(std::make_unique<SimH2Stream>(*this));
  return arrived_.back().get();
}

bool SimH2Peer::ask(SimH2Stream& stream, const Question& question) {
  if (over_) return false;
  http::RequestHead head(stream.arena);
  head.method_text = question.method;
  head.method = http::method_of(question.method);
  head.upgrade = question.protocol;
  head.body = question.size;
  const bool ended = question.protocol.empty() && question.size.kind == http::BodySize::Kind::none;
  auto asked = codec.request(stream, head, "http", "a.test", "/" + std::to_string(question.number), ended);
  send_soon();
  return asked.has_value();
}

Task<std::unique_ptr<SimH2Stream>> SimH2Peer::next_request() {
  for (;;) {
    request_came_.clear();
    std::erase_if(arrived_, [](const auto& each) { return each->over && !each->has_head; });
    const auto ready = std::ranges::find_if(arrived_, [](const auto& each) { return each->has_head; });
    if (ready != arrived_.end()) {
      std::unique_ptr<SimH2Stream> stream = std::move(*ready);
      arrived_.erase(ready);
      co_return stream;
    }
    if (over_) co_return nullptr;
    std::ignore = co_await request_came_.wait();
  }
}

bool SimH2Peer::respond(SimH2Stream& stream, std::uint16_t status, http::BodySize size, bool ended) {
  if (stream.over || over_) return false;
  http::ResponseHead head(stream.arena);
  head.status = status;
  if (size.kind == http::BodySize::Kind::known) head.content_length = size.bytes;
  head.body = size;
  auto said = codec.respond(stream, head, ended);
  stream.said_all_ = ended && said;
  send_soon();
  return said.has_value();
}

void SimH2Peer::done_with(SimH2Stream& stream) {
  if (stream.said_all_) codec.forget(stream);
}

Task<bool> SimH2Peer::hear_head(SimH2Stream& stream) {
  while (!stream.has_head && !stream.over) {
    stream.came_.clear();
    std::ignore = co_await stream.came_.wait();
  }
  co_return stream.has_head;
}

Task<void> SimH2Peer::hear(SimH2Stream& stream) {
  for (;;) {
    stream.came_.clear();
    if (stream.not_consumed_ != 0) {
      if (dice_.one_in(6)) std::ignore = co_await runtime::sleep_for(Duration(dice_.below(500)));
      codec.consumed(stream, std::exchange(stream.not_consumed_, 0));
      send_soon();
    }
    if (stream.whole || stream.over) co_return;
    std::ignore = co_await stream.came_.wait();
  }
}

Task<bool> SimH2Peer::say(SimH2Stream& stream, std::string content, End end) {
  while (!stream.over && !(content.empty() && end == End::later)) {
    const std::size_t size = std::min(content.size(), 1 + dice_.below(3000));
    stream.to_send_ = content.substr(0, size);
    content.erase(0, size);
    stream.last_ = content.empty() && end == End::with_last;
    if (stream.last_ && dice_.one_in(4)) stream.last_ = stream.to_send_.empty();  // the end comes by itself
    stream.sent_.clear();
    codec.data_ready(stream);
    send_soon();
    std::ignore = co_await stream.sent_.wait();
    if (stream.said_all_) co_return true;
    if (dice_.one_in(3)) std::ignore = co_await runtime::sleep_for(Duration(dice_.below(500)));
  }
  co_return stream.said_all_ || !stream.over;
}

void SimH2Peer::reset(SimH2Stream& stream, ErrorCode error) {
  codec.reset(stream, error);
  send_soon();
}

}  // namespace sp::testing
