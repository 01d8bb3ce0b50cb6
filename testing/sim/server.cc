#include <array>
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

TimePoint patience() { return runtime::Loop::current().now() + std::chrono::minutes(10); }

class Server {
 public:
  Server(std::unique_ptr<runtime::Stream> stream, Manner manner, std::uint64_t seed, Story& story)
      : stream_(std::move(stream)),
        reader_(*stream_),
        hostile_(manner == Manner::hostile),
        dice_(seed),
        story_(story) {}

  Task<void> run() {
    for (bool goes_on = true; goes_on;) {
      bool stays = co_await wait_for_request();
      if (!stays) co_return;
      auto head = co_await reader_.head(patience());
      if (!head) co_return saw_part();
      saw(*head);
      if (head->upgrade && !dice_.one_in(6)) {
        co_await tunnel(head->number(), head->key);
        co_return;
      }
      if (head->upgrade) story_.declined.insert(head->number());
      bool wants_answer = co_await take_content(*head);
      if (!wants_answer) co_return;
      if (dice_.one_in(3)) std::ignore = co_await runtime::sleep_for(Duration(dice_.below(3000)));
      goes_on = co_await answer(head->number());
      if (!head->whole && goes_on) {
        co_await reader_.content(*head, patience());
        goes_on = head->whole;
      }
    }
  }

 private:
  bool now_and_then(std::size_t one_in) { return hostile_ && dice_.one_in(one_in); }

  // A kept connection may be closed at any time: at once, after a while, in the moment in which the request comes.
  Task<bool> wait_for_request() {
    if (now_and_then(12)) co_return false;
    if (now_and_then(12)) {
      std::ignore = co_await stream_->readable(patience());
      story_.count("closed as a request came");
      co_return false;  // what came is not read: this is a reset
    }
    if (now_and_then(12)) {
      std::ignore = co_await runtime::sleep_for(Duration(100 * dice_.below(20)));
      co_return false;
    }
    if (now_and_then(16)) {  // what it reads behind that is dropped (RFC 9112 section 9.6)
      std::ignore = co_await stream_->finish(patience());
      std::string dropped;
      std::ignore = co_await reader_.rest(dropped, patience());
      story_.count("half close of a server");
      co_return false;
    }
    co_return true;
  }

  void saw(const SimMessage& head) {
    judge_arrival(story_, Speaks::http1, head.number(), head.line.starts_with("POST "));
  }
  void saw_part() {
    const SimMessage head{.line = std::string(reader_.octets().substr(0, reader_.octets().find("\r\n")))};
    if (head.line.ends_with(" HTTP/1.1")) saw(head);
  }

  // False where the connection ends without an answer.
  Task<bool> take_content(SimMessage& head) {
    if (now_and_then(16)) co_return false;
    if (head.expects_100) {
      if (now_and_then(4)) co_return true;  // answers before it has read it
      if (dice_.one_in(2)) {
        bool sent = co_await send_octets(*stream_, "HTTP/1.1 100 Continue\r\n\r\n", patience());
        if (!sent) co_return false;
      }
    }
    co_await reader_.content(head, patience());
    judge_request(story_, head.line.starts_with("POST "), {head.number(), head.content, head.whole});
    co_return head.whole;
  }

  Task<bool> answer(std::uint32_t number) {
    std::string octets = response_words(number, dice_);
    const bool cut = now_and_then(8);
    if (cut) octets.resize(dice_.below(octets.size()));
    const bool surplus = !cut && now_and_then(10);
    bool sent = false;
    if (surplus) {
      sent = co_await send_with_surplus(std::move(octets));
    } else {
      sent = co_await send_octets(*stream_, std::move(octets), patience());
    }
    if (now_and_then(10)) stream_->reset_on_close();
    co_return sent && !cut && !surplus && !now_and_then(6);
  }

  // A response, and one that nobody asked for. The gate can tell unless they come one after the other.
  Task<bool> send_with_surplus(std::string octets) {
    const std::size_t end = octets.size();
    octets += response_words(nobodys_number, dice_);
    for (std::size_t sent = 0; sent < octets.size();) {
      if (sent == end) ++story_.surplus;
      std::array<iovec, 1> piece{iovec{octets.data() + sent, octets.size() - sent}};
      auto wrote = co_await stream_->write(piece, patience());
      if (!wrote) co_return false;
      sent += *wrote;
    }
    story_.count("surplus");
    co_return true;
  }

  Task<void> tunnel(std::uint32_t number, const std::string& key) {
    story_.declined.erase(number);  // perhaps of another server, from which no answer came
    bool sent = co_await send_octets(*stream_, tunnel_response(key), patience());
    if (!sent) co_return;
    runtime::Scope scope;
    scope.spawn(talk(number));
    std::string content;
    bool clean = co_await reader_.rest(content, patience());
    co_await scope.join();
    judge_tunnel(story_, at_server, {number, content, clean});
  }
  Task<void> talk(std::uint32_t number) {
    std::string content = content_of(number, "server", 1 + dice_.below(20'000));
    if (now_and_then(3)) {
      story_.cut.insert(number);
      content.resize(dice_.below(content.size()));
      if (dice_.one_in(2)) stream_->reset_on_close();
    }
    bool sent = co_await send_slowly(*stream_, std::move(content), dice_, patience());
    if (sent) std::ignore = co_await stream_->finish(patience());
  }

  std::unique_ptr<runtime::Stream> stream_;
  SimReader reader_;
  bool hostile_;
  Dice dice_;
  Story& story_;
};

}  // namespace

Task<void> run_server(std::unique_ptr<runtime::Stream> stream, Manner manner, std::uint64_t seed, Story& story) {
  Server server(std::move(stream), manner, seed, story);
  co_await server.run();
}

}  // namespace sp::testing
