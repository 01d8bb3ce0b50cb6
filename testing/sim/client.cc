#include <tuple>

#include "runtime/scope.h"
#include "runtime/wait.h"
#include "testing/sim/actors.h"
#include "testing/sim/judge.h"
#include "testing/sim/lines.h"
#include "testing/sim/words.h"

namespace sp::testing {
namespace {

using runtime::Duration;
using runtime::Task;
using runtime::TimePoint;

TimePoint in(Duration time) { return runtime::Loop::current().now() + time; }
TimePoint patience() { return in(std::chrono::minutes(10)); }

class Client {
 public:
  Client(std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, Manner manner, std::uint64_t seed,
         Story& story)
      : stream_(std::move(stream)),
        reader_(*stream_),
        number_(first_number),
        hostile_(manner == Manner::hostile),
        dice_(seed),
        story_(story) {}

  Task<void> run() {
    bool goes_on = true;
    for (std::size_t rounds = 1 + dice_.below(4); rounds > 0 && goes_on; --rounds) {
      const std::size_t kind = dice_.below(8);
      if (kind == 0) {
        goes_on = co_await tunnel(number_++);
      } else if (kind == 1) {
        goes_on = co_await ask_first(number_++);
      } else {
        goes_on = co_await ask();
      }
      if (goes_on) co_await think();
    }
    if (goes_on) co_await leave();
  }

 private:
  // A request or several at once. Each returns whether another can follow on this connection.
  Task<bool> ask() {
    const std::uint32_t from = number_;
    std::string octets;
    for (std::size_t together = 1 + (dice_.one_in(3) ? dice_.below(3) : 0); together > 0; --together) {
      const SimWords words = request_words(number_++, dice_.one_in(3), {}, dice_);
      octets += words.head + words.content;
    }
    const bool cut = hostile_ && dice_.one_in(4);
    if (cut) octets.resize(dice_.below(octets.size()));
    if (hostile_ && !cut && dice_.one_in(6)) octets += "\x16\x03garbage\r\n\r\n";
    bool sent = co_await send_octets(*stream_, std::move(octets), patience());
    if (!sent || cut || (hostile_ && dice_.one_in(5))) co_return leave_at_once();
    const bool last = dice_.one_in(8);
    if (last) co_await finish();
    for (std::uint32_t each = from; each < number_; ++each) {
      bool goes_on = co_await hear(each);
      if (!goes_on) co_return false;
    }
    co_return !last;
  }

  // Asks whether its content is wanted before it sends that.
  Task<bool> ask_first(std::uint32_t number) {
    const SimWords words = request_words(number, true, "Expect: 100-continue\r\n", dice_);
    bool sent = co_await send_octets(*stream_, words.head, patience());
    bool told = false;
    while (sent && !told) {
      bool heard = !reader_.octets().empty();
      if (!heard) heard = co_await reader_.more(in(Duration(3000)));
      if (!heard) break;  // nobody says anything: it is sent all the same
      auto head = co_await reader_.head(patience());
      if (!head) co_return lost(number);
      told = head->status() == 100;
      if (head->status() / 100 == 1) continue;
      co_await reader_.content(*head, patience());
      std::ignore = judge(number, *head);
      story_.count("content not wanted");
      co_return false;
    }
    if (told) story_.count("content wanted");
    if (hostile_ && dice_.one_in(4)) co_return leave_at_once();
    if (sent) sent = co_await send_octets(*stream_, words.content, patience());
    bool goes_on = co_await hear(number);
    co_return goes_on&& sent;
  }

  Task<bool> tunnel(std::uint32_t number) {
    bool sent = co_await send_octets(*stream_, tunnel_request(number), patience());
    std::optional<SimMessage> head;
    do {
      head = co_await reader_.head(patience());
    } while (head && head->status() == 103);
    if (!sent || !head) co_return lost(number);
    if (head->status() != 101) {
      co_await reader_.content(*head, patience());
      co_return judge(number, *head) && !head->close;
    }
    story_.tunnels.insert(number);
    runtime::Scope scope;
    scope.spawn(talk(number));
    std::string content;
    bool clean = co_await reader_.rest(content, patience());
    co_await scope.join();
    judge_tunnel(story_, at_client, {number, content, clean});
    co_return false;
  }
  Task<void> talk(std::uint32_t number) {
    std::string content = content_of(number, "client", 1 + dice_.below(20'000));
    if (hostile_ && dice_.one_in(3)) {
      story_.cut.insert(number);
      content.resize(dice_.below(content.size()));
      if (dice_.one_in(2)) stream_->reset_on_close();
    }
    bool sent = co_await send_slowly(*stream_, std::move(content), dice_, patience());
    if (sent) co_await finish();
  }

  Task<void> finish() {
    std::ignore = co_await stream_->finish(patience());
    story_.count("half close");
  }
  Task<void> think() {
    // In steps, so that it may be in the very moment in which somebody else does something.
    std::ignore = co_await runtime::sleep_for(Duration(100 * dice_.below(20)));
    if (!hostile_ && !reader_.octets().empty()) story_.fault("octets that nobody asked for before", number_);
  }
  Task<void> leave() {
    if (dice_.one_in(3)) {
      co_await finish();
      std::string rest;
      std::ignore = co_await reader_.rest(rest, patience());
      if (!hostile_ && !rest.empty()) story_.fault("octets after the last response, before", number_);
    }
    if (dice_.one_in(3)) std::ignore = leave_at_once();
  }
  bool leave_at_once() {
    if (dice_.one_in(2)) return false;
    stream_->reset_on_close();
    story_.count("reset");
    return false;
  }

  Task<bool> hear(std::uint32_t number) {
    auto message = co_await reader_.response(patience());
    if (!message) co_return lost(number);
    co_return judge(number, *message) && !message->close;
  }
  bool lost(std::uint32_t number) {
    judge_silence(story_, number);
    return false;
  }
  bool judge(std::uint32_t number, const SimMessage& message) {
    return judge_response(story_, Speaks::http1, message.status(), {number, message.content, message.whole});
  }

  std::unique_ptr<runtime::Stream> stream_;
  SimReader reader_;
  std::uint32_t number_;
  bool hostile_;
  Dice dice_;
  Story& story_;
};

}  // namespace

Task<void> run_client(std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, Manner manner,
                      std::uint64_t seed, Story& story) {
  Client client(std::move(stream), first_number, manner, seed, story);
  co_await client.run();
}

}  // namespace sp::testing
