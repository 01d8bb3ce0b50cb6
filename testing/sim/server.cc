#include <array>
#include <tuple>

#include "runtime/scope.h"
#include "runtime/wait.h"
#include "testing/sim/actors.h"
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
        co_await tunnel(head->number());
        co_return;
      }
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

  // What must not be done twice goes to a server again only where none has read an octet of it.
  void saw(const SimMessage& head) {
    if (++story_.seen[head.number()] > 1 && head.line.starts_with("POST "))
      story_.fault("a POST was sent twice:", head.number());
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
    const bool post = head.line.starts_with("POST ");
    if (!is_of(head.number(), "client", head.content))
      story_.fault("another's octets in the content of request", head.number());
    if (post && head.whole && !head.content.ends_with(";"))
      story_.fault("a truncated request looked whole:", head.number());
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

  Task<void> tunnel(std::uint32_t number) {
    bool sent = co_await send_octets(*stream_, tunnel_response(), patience());
    if (!sent) co_return;
    runtime::Scope scope;
    scope.spawn(talk(number));
    std::string content;
    bool clean = co_await reader_.rest(content, patience());
    co_await scope.join();
    if (!is_of(number, "client", content)) story_.fault("another's octets at the server of tunnel", number);
    const bool whole = clean && content.ends_with(";");
    if (clean && !whole && story_.must_be_whole(number))
      story_.fault("what was cut looks ended at the server of tunnel", number);
    if (story_.calm && !whole) story_.fault("for no reason a server did not get all of tunnel", number);
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
