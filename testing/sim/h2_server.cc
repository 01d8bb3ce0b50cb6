#include <algorithm>
#include <tuple>

#include "codec/h2/frames_for_tests.h"
#include "testing/sim/actors.h"
#include "testing/sim/h2_peer.h"
#include "testing/sim/words.h"

namespace sp::testing {
namespace {

namespace frames = codec::h2::frames;
using codec::h2::ErrorCode;
using runtime::Duration;
using runtime::Task;

codec::h2::Options options_of(Dice& dice) {
  constexpr std::int32_t windows[] = {65'535, 65'535, 2000, 300};
  return {.role = codec::h2::Role::server,
          .most_streams = dice.one_in(2) ? 100u : 1u + static_cast<std::uint32_t>(dice.below(3)),
          .stream_window = windows[dice.below(std::size(windows))],
          .limits = {}};
}

class H2Server {
 public:
  H2Server(std::unique_ptr<runtime::Stream> stream, Manner manner, std::uint64_t seed, Story& story)
      : dice_(seed),
        story_(story),
        hostile_(manner == Manner::hostile),
        peer_(std::move(stream), options_of(dice_), dice_, story_) {}

  Task<void> run() {
    if (now_and_then(12)) co_return;
    if (now_and_then(8)) co_await peer_.pause(Duration(dice_.below(40'000)));
    if (now_and_then(3)) peer_.refuse_one_in(4);
    peer_.start(scope_);
    if (dice_.one_in(4)) scope_.spawn(end_some_time());
    if (now_and_then(3)) scope_.spawn(misbehave());
    for (;;) {
      auto stream = co_await peer_.next_request();
      if (stream == nullptr) break;
      scope_.spawn(serve(std::move(stream)));
    }
    co_await scope_.join();
  }

 private:
  bool now_and_then(std::size_t one_in) { return hostile_ && dice_.one_in(one_in); }

  // Of what goes to others, because a GOAWAY or a RST_STREAM says so, nothing is seen here.
  bool takes(SimH2Stream& stream) {
    if (stream.id() > last_wanted_) return false;
    if (now_and_then(12)) {
      peer_.reset(stream, ErrorCode::refused_stream);
      story_.count("refused by a server");
      return false;
    }
    last_seen_ = std::max(last_seen_, stream.id());
    judge_arrival(story_, Speaks::http2, stream.number(), stream.post());
    return true;
  }

  Task<void> serve(std::unique_ptr<SimH2Stream> stream) {
    if (dice_.one_in(3)) co_await peer_.pause(Duration(dice_.below(3000)));
    if (stream->over || !takes(*stream)) co_return;
    ++under_way_;
    if (!stream->request.upgrade.empty()) {
      co_await tunnel(*stream, stream->number());
    } else {
      co_await exchange(*stream, stream->number());
    }
    --under_way_;
    peer_.done_with(*stream);
    if (now_and_then(12)) {
      if (under_way_ != 0) story_.count("closed under requests");
      dice_.one_in(2) ? peer_.close() : peer_.reset();
    }
  }

  Task<void> exchange(SimH2Stream& stream, std::uint32_t number) {
    const bool early = dice_.one_in(8) && stream.post() && !story_.calm;
    if (!early) {
      co_await peer_.hear(stream);
      judge_request(story_, stream.post(), stream.heard(number));
      if (!stream.whole) co_return;
      judge_trailers(story_, story_.request_trailers.contains(number), !stream.received_trailers.empty(), number);
    } else if (!stream.whole) {
      story_.count("answered before everything came");
    }
    if (now_and_then(12)) co_return peer_.reset(stream, some_error());
    if (dice_.one_in(8)) std::ignore = peer_.respond(stream, 103, {}, false);
    if (dice_.one_in(4)) co_await peer_.pause(Duration(dice_.below(2000)));
    co_await answer(stream, number);
  }

  Task<void> answer(SimH2Stream& stream, std::uint32_t number) {
    std::string content = content_of(number, "server", 1 + dice_.below(dice_.one_in(32) ? 400'000 : 5000));
    const bool declared = dice_.one_in(2);
    if (!peer_.respond(stream, 200, declared ? http::BodySize::known(content.size()) : http::BodySize::unknown(),
                       false))
      co_return;
    if (dice_.one_in(6)) {
      stream.trailers_to_send.add("x-end", "1");
      story_.response_trailers.insert(number);
    }
    if (!now_and_then(8)) {
      std::ignore = co_await peer_.say(stream, std::move(content), SimH2Peer::End::with_last);
      co_return;
    }
    content.resize(dice_.below(content.size()));
    if (declared && dice_.one_in(2)) {
      story_.count("less content than declared");
      std::ignore = co_await peer_.say(stream, std::move(content), SimH2Peer::End::with_last);
    } else {
      bool said = co_await peer_.say(stream, std::move(content), SimH2Peer::End::later);
      if (said && !stream.over) peer_.reset(stream, some_error());
      story_.count("response cut by a reset");
    }
  }
  ErrorCode some_error() {
    constexpr ErrorCode errors[] = {ErrorCode::internal_error, ErrorCode::cancel, ErrorCode::no_error};
    return errors[dice_.below(std::size(errors))];
  }

  Task<void> tunnel(SimH2Stream& stream, std::uint32_t number) {
    if (dice_.one_in(6)) {
      story_.declined.insert(number);
      std::ignore = peer_.respond(stream, 403, {}, true);
      co_return;
    }
    if (!peer_.respond(stream, 200, http::BodySize::unknown(), false)) co_return;
    story_.declined.erase(number);  // perhaps of another server, from which no answer came
    stream.keep_two_ways();
    runtime::Scope talking;
    talking.spawn(talk(stream, number));
    co_await peer_.hear(stream);
    co_await talking.join();
    story_.note("server: tunnel ended with " + std::to_string(static_cast<int>(stream.error)) +
                (peer_.over() ? " connection over" : ""));
    judge_tunnel(story_, at_server, stream.heard(number));
  }
  Task<void> talk(SimH2Stream& stream, std::uint32_t number) {
    std::string content = content_of(number, "server", 1 + dice_.below(20'000));
    if (now_and_then(3)) {
      content.resize(dice_.below(content.size()));
      if (dice_.one_in(2)) {  // this must be seen, as a reset is
        bool sent = co_await peer_.say(stream, std::move(content), SimH2Peer::End::later);
        if (sent && !stream.over) peer_.reset(stream, ErrorCode::cancel);
        co_return;
      }
      story_.cut.insert(number);
    }
    std::ignore = co_await peer_.say(stream, std::move(content), SimH2Peer::End::with_last);
  }

  // Wants no more requests, as servers do that are restarted. What has come is served, but for what a last stream says.
  Task<void> end_some_time() {
    co_await peer_.pause(Duration(dice_.below(10'000)));
    if (peer_.over()) co_return;
    story_.count("goaway of a server");
    if (dice_.one_in(2) && !story_.calm) {  // what cannot be sent again is lost then
      last_wanted_ = last_seen_;
      peer_.send_raw(frames::goaway(static_cast<std::uint32_t>(last_seen_), 0));
      story_.count("goaway with a last stream");
      co_return;
    }
    peer_.codec.announce_end();
    peer_.send_soon();
    co_await peer_.pause(Duration(dice_.below(2000)));
    if (peer_.over()) co_return;
    peer_.codec.refuse_more();
    peer_.send_soon();
  }

  Task<void> misbehave() {
    co_await peer_.pause(Duration(dice_.below(8000)));
    if (peer_.over()) co_return;
    switch (dice_.below(5)) {
      case 0: peer_.send_raw("\x16\x03garbage, and more of it than the head of any frame is long\r\n\r\n"); break;
      case 1: peer_.stop_reading_for(Duration(dice_.below(90'000))); break;
      case 2: peer_.send_raw(frames::window_update(0, 0x7fff'ffff) + frames::window_update(0, 0x7fff'ffff)); break;
      case 3: peer_.close(); break;
      default: co_await peer_.finish(); break;
    }
    story_.count("misbehaviour of a server");
  }

  Dice dice_;
  Story& story_;
  bool hostile_;
  SimH2Peer peer_;
  runtime::Scope scope_;
  std::size_t under_way_ = 0;
  std::int32_t last_seen_ = 0, last_wanted_ = std::numeric_limits<std::int32_t>::max();
};

}  // namespace

Task<void> run_h2_server(std::unique_ptr<runtime::Stream> stream, Manner manner, std::uint64_t seed, Story& story) {
  H2Server server(std::move(stream), manner, seed, story);
  co_await server.run();
}

}  // namespace sp::testing
