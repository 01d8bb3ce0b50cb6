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
  return {.role = codec::h2::Role::client, .stream_window = windows[dice.below(std::size(windows))], .limits = {}};
}

class H2Client {
 public:
  H2Client(std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, Manner manner, std::uint64_t seed,
           Story& story)
      : dice_(seed),
        story_(story),
        peer_(std::move(stream), options_of(dice_), dice_, story_),
        number_(first_number),
        hostile_(manner == Manner::hostile) {}

  Task<void> run() {
    peer_.start(scope_);
    if (dice_.one_in(2)) co_await peer_.settled();
    for (std::size_t rounds = 1 + dice_.below(3); rounds > 0 && wanted(); --rounds) {
      co_await ask_many();
      co_await peer_.pause(Duration(100 * dice_.below(20)));
    }
    if (!peer_.over()) co_await leave();
    co_await scope_.join();
  }

 private:
  bool wanted() { return !peer_.over() && peer_.codec.has_room_for_stream(); }

  Task<void> ask_many() {
    runtime::Scope requests;
    for (std::size_t together = 1 + dice_.below(6); together > 0 && wanted(); --together) {
      requests.spawn(ask(number_++));
      if (dice_.one_in(3)) co_await peer_.pause(Duration(dice_.below(200)));
    }
    if (hostile_ && dice_.one_in(3)) {
      co_await peer_.pause(Duration(dice_.below(1000)));
      if (!peer_.over()) requests.spawn(misbehave());
    }
    co_await requests.join();
  }

  Task<void> ask(std::uint32_t number) {
    if (dice_.one_in(8) && peer_.codec.knows_extended_connect()) {
      co_await tunnel(number);
      co_return;
    }
    SimH2Stream stream(peer_);
    std::string content;
    SimH2Peer::Question question{.number = number};
    if (dice_.one_in(3)) {
      content = content_of(number, "client", 1 + dice_.below(dice_.one_in(8) ? 100'000 : 3000));
      question.method = "POST";
      question.size = dice_.one_in(2) ? http::BodySize::known(content.size()) : http::BodySize::unknown();
      if (dice_.one_in(4)) {
        stream.trailers_to_send.add("x-end", "1");
        story_.request_trailers.insert(number);
      }
    }
    if (!peer_.ask(stream, question)) co_return;
    runtime::Scope beside;
    if (!content.empty()) beside.spawn(send(stream, std::move(content)));
    if (hostile_ && dice_.one_in(5)) beside.spawn(take_back(stream));
    co_await hear(stream, number);
    co_await beside.join();
  }
  Task<void> send(SimH2Stream& stream, std::string content) {
    if (dice_.one_in(3)) co_await peer_.pause(Duration(dice_.below(500)));
    std::ignore = co_await peer_.say(stream, std::move(content), SimH2Peer::End::with_last);
  }
  Task<void> take_back(SimH2Stream& stream) {
    co_await peer_.pause(Duration(dice_.below(1500)));
    if (stream.over || peer_.over()) co_return;
    peer_.reset(stream, ErrorCode::cancel);
    story_.count("request taken back");
  }

  Task<void> hear(SimH2Stream& stream, std::uint32_t number) {
    bool answered = co_await peer_.hear_head(stream);
    if (stream.interim != 0) story_.count("interim response over h2");
    if (!answered) co_return lost(stream, number);
    co_await peer_.hear(stream);
    std::ignore = judge_response(story_, Speaks::http2, stream.response.status, stream.heard(number));
    if (stream.whole && stream.response.status == 200) {
      judge_trailers(story_, story_.response_trailers.contains(number), !stream.received_trailers.empty(), number);
    }
  }
  // What is refused was not looked at.
  void lost(const SimH2Stream& stream, std::uint32_t number) {
    if (!stream.over || stream.error != ErrorCode::refused_stream) {
      story_.note("h2 client: " + std::to_string(number) + " ended with " +
                  std::to_string(static_cast<int>(stream.error)) + (peer_.over() ? ", connection over" : ""));
      return judge_silence(story_, number);
    }
    story_.count("refused");
    story_.refused.insert(number);
  }

  Task<void> tunnel(std::uint32_t number) {
    SimH2Stream stream(peer_);
    if (!peer_.ask(stream, {.number = number, .method = "CONNECT", .protocol = "websocket"})) co_return;
    bool answered = co_await peer_.hear_head(stream);
    if (!answered) co_return lost(stream, number);
    if (stream.response.status != 200) {
      co_await peer_.hear(stream);
      std::ignore = judge_response(story_, Speaks::http2, stream.response.status, stream.heard(number));
      co_return;
    }
    if (story_.declined.contains(number)) co_return story_.fault("a tunnel that was declined looks made:", number);
    story_.tunnels.insert(number);
    runtime::Scope talking;
    talking.spawn(talk(stream, number));
    co_await peer_.hear(stream);
    co_await talking.join();
    story_.note("tunnel ended with " + std::to_string(static_cast<int>(stream.error)) +
                (peer_.over() ? " connection over" : ""));
    judge_tunnel(story_, at_client, stream.heard(number));
  }
  Task<void> talk(SimH2Stream& stream, std::uint32_t number) {
    std::string content = content_of(number, "client", 1 + dice_.below(20'000));
    if (hostile_ && dice_.one_in(3)) {
      content.resize(dice_.below(content.size()));
      if (dice_.one_in(2)) {  // this must be seen, as a reset is
        bool sent = co_await peer_.say(stream, std::move(content), SimH2Peer::End::later);
        if (sent && !stream.over) peer_.reset(stream, ErrorCode::cancel);
        if (sent) story_.count("tunnel reset over h2");
        co_return;
      }
      story_.cut.insert(number);
    }
    std::ignore = co_await peer_.say(stream, std::move(content), SimH2Peer::End::with_last);
  }

  Task<void> misbehave() {
    const std::size_t how = dice_.below(9);
    switch (how) {
      case 0: peer_.send_raw("\x16\x03garbage, and more of it than the head of any frame is long\r\n\r\n"); break;
      case 1: peer_.send_raw(frames::window_update(0, 0x7fff'ffff) + frames::window_update(0, 0x7fff'ffff)); break;
      case 2: co_await exceed_window(number_++); break;
      case 3: peer_.stop_reading_for(Duration(dice_.below(90'000))); break;
      case 4: peer_.send_raw(frames::goaway(0, 0)); break;
      case 5: peer_.close(); break;
      case 6: peer_.reset(); break;
      case 7: peer_.send_raw(frames::repeated(frames::ping(), 500)); break;
      default: co_await peer_.finish(); break;
    }
    constexpr std::string_view names[] = {"garbage",         "window too large",   "flow-control breach",
                                          "stopped reading", "goaway of a client", "closed by a client",
                                          "reset",           "flood of questions", "half close"};
    story_.count(names[how]);
  }
  // Sends more than the gate has room for, whatever its window is.
  Task<void> exceed_window(std::uint32_t number) {
    SimH2Stream stream(peer_);
    if (!peer_.ask(stream, {.number = number, .method = "POST", .size = http::BodySize::unknown()})) co_return;
    co_await peer_.flush();
    if (stream.over) co_return;
    constexpr std::size_t frame = 16'384;
    const std::string content = content_of(number, "client", 20 * frame);
    std::string octets;
    for (std::size_t i = 0; i < 20; ++i)
      octets +=
          frames::data(static_cast<std::uint32_t>(stream.id()), std::string_view(content).substr(i * frame, frame));
    peer_.send_raw(std::move(octets));
    co_await hear(stream, number);
  }

  // Or is left: nobody keeps a connection for ever that nobody uses.
  Task<void> leave() {
    if (!hostile_ && dice_.one_in(3)) {
      co_await peer_.pause(std::chrono::minutes(2));
      if (!peer_.over() && !story_.over) story_.fault("the gate keeps a connection that nobody uses, after", number_);
      if (peer_.over()) co_return story_.count("left by the gate");
    }
    if (dice_.one_in(3)) peer_.codec.end(ErrorCode::no_error);
    if (story_.calm || dice_.one_in(3)) {  // what the gate still says has to be heard, or it is a reset
      co_await peer_.finish();
      story_.count("half close");
    } else {
      co_await peer_.flush();
      if (dice_.one_in(6)) peer_.reset();
      peer_.close();
    }
  }

  Dice dice_;
  Story& story_;
  SimH2Peer peer_;
  runtime::Scope scope_;
  std::uint32_t number_;
  bool hostile_;
};

}  // namespace

Task<void> run_h2_client(std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, Manner manner,
                         std::uint64_t seed, Story& story) {
  H2Client client(std::move(stream), first_number, manner, seed, story);
  co_await client.run();
}

}  // namespace sp::testing
