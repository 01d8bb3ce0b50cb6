#include "testing/sim/actors.h"

#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "runtime/wait.h"
#include "testing/sim/lines.h"

namespace sp::testing {

using runtime::Task;

namespace {

std::string numbered(std::string_view what, std::uint32_t number) {
  return std::string(what) + " " + std::to_string(number);
}

runtime::TimePoint patience(FakeLoop& loop) { return loop.now() + std::chrono::minutes(10); }

std::string request_of(std::uint32_t number, Dice& dice, Story& story) {
  const bool post = dice.one_in(3);
  if (post) story.posts.insert(number);
  std::string head = (post ? "POST /" : "GET /") + std::to_string(number) + " HTTP/1.1\r\nHost: a.test\r\n";
  if (!post) return head + "\r\n";
  const std::string content = content_of(number, "client", 1 + dice.below(3000));
  if (dice.one_in(2)) return head + "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", content.size());
  return head + "Transfer-Encoding: chunked\r\n\r\n" + size + content + "\r\n0\r\n\r\n";
}

// A response must be that of the request that was sent: in whole, or visibly not.
void judge(std::uint32_t number, const SimMessage& message, Story& story) {
  if (!message.line.starts_with("HTTP/1.1 200 ")) {
    story.note(numbered("client got '" + message.line + "' for", number));
    return;
  }
  if (!is_of(number, "server", message.content))
    story.fault(numbered("another's octets in the response to", number) + ": " + message.content.substr(0, 40));
  if (message.whole && !message.content.ends_with(";"))
    story.fault(numbered("a truncated response looked whole to", number));
  if (message.whole) ++story.answered;
}

// "/17" of "GET /17 HTTP/1.1".
std::uint32_t number_in(const std::string& line) {
  const std::size_t slash = line.find('/');
  return slash == std::string::npos ? 0
                                    : static_cast<std::uint32_t>(std::strtoul(line.c_str() + slash + 1, nullptr, 10));
}

void arrived(const SimMessage& message, Story& story) {
  const std::uint32_t number = number_in(message.line);
  if (!is_of(number, "client", message.content)) {
    story.fault(numbered("another's octets in the content of request", number));
  }
  const bool post = message.line.starts_with("POST ");
  if (!message.whole) return;
  if (post && !message.content.ends_with(";")) story.fault(numbered("a truncated request looked whole:", number));
  if (++story.arrived[number] > 1 && post) story.fault(numbered("a POST was delivered twice:", number));
}

std::string response_of(std::uint32_t number, Dice& dice) {
  const std::string content = content_of(number, "server", 1 + dice.below(5000));
  const std::string early = dice.one_in(8) ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" : "";
  if (dice.one_in(2))
    return early + "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", content.size());
  return early + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + content + "\r\n0\r\n\r\n";
}

}  // namespace

std::string content_of(std::uint32_t number, std::string_view who, std::size_t size) {
  const std::string unit = std::string(who) + std::to_string(number) + ",";
  std::string text;
  while (text.size() < size) text += unit;
  text.resize(size);
  text.back() = ';';
  return text;
}

bool is_of(std::uint32_t number, std::string_view who, std::string_view content) {
  if (content.empty()) return true;
  std::string expected = content_of(number, who, content.size() + 1);
  if (content.ends_with(';')) content.remove_suffix(1);
  return expected.starts_with(content);
}

Task<void> run_client(FakeLoop& loop, std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, bool hostile,
                      std::uint64_t seed, Story& story) {
  Dice dice(seed);
  SimReader reader(*stream);
  std::uint32_t number = first_number;
  for (std::size_t rounds = 1 + dice.below(4); rounds > 0; --rounds) {
    std::string octets;
    const std::uint32_t from = number;
    for (std::size_t together = 1 + (dice.one_in(3) ? dice.below(3) : 0); together > 0; --together) {
      octets += request_of(number++, dice, story);
    }
    bool cut = hostile && dice.one_in(4);
    if (cut) octets.resize(dice.below(octets.size()));
    if (hostile && !cut && dice.one_in(6)) octets += "\x16\x03garbage\r\n\r\n";
    bool sent = co_await send_octets(*stream, std::move(octets), patience(loop));
    if (!sent || cut) break;
    if (hostile && dice.one_in(5)) break;
    for (std::uint32_t each = from; each < number; ++each) {
      auto message = co_await reader.next(true, patience(loop));
      if (!message) co_return;
      judge(each, *message, story);
      if (!message->whole || message->close) co_return;
    }
    std::ignore = co_await runtime::sleep_for(runtime::Duration(dice.below(2000)));
  }
  if (dice.one_in(3)) stream->reset_on_close();
}

Task<void> run_server(FakeLoop& loop, std::unique_ptr<runtime::Stream> stream, bool hostile, std::uint64_t seed,
                      Story& story) {
  Dice dice(seed);
  SimReader reader(*stream);
  for (;;) {
    if (hostile && dice.one_in(12)) co_return;  // a kept connection ends as the next request comes
    auto message = co_await reader.next(false, patience(loop));
    if (!message) co_return;
    arrived(*message, story);
    if (!message->whole) co_return;
    if (dice.one_in(3)) std::ignore = co_await runtime::sleep_for(runtime::Duration(dice.below(3000)));
    std::string octets = response_of(number_in(message->line), dice);
    bool cut = hostile && dice.one_in(8);
    if (cut) octets.resize(dice.below(octets.size()));
    if (hostile && !cut && dice.one_in(10)) octets += response_of(999'999, dice);  // nobody asked for it
    bool sent = co_await send_octets(*stream, std::move(octets), patience(loop));
    if (hostile && dice.one_in(10)) stream->reset_on_close();
    if (!sent || cut) co_return;
    if (hostile && dice.one_in(6)) co_return;
  }
}

}  // namespace sp::testing
