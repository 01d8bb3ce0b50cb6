// What only a real socket can show: what its kernel knows of the other side.
#include "runtime/epoll_stream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "runtime/wait.h"
#include "testing/real_sockets.h"

namespace sp::runtime {
namespace {

// A connection over loopback that has carried a request and its response: ours is a Stream, the server's a descriptor.
class KeptConnection : public ::testing::Test {
 protected:
  KeptConnection() {
    Loop::set_current(&loop);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener, generic, length), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    EXPECT_EQ(getsockname(listener, generic, &length), 0);
    const int ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(ours, generic, length), 0);
    int on = 1;
    setsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    server = accept(listener, nullptr, nullptr);
    close(listener);
    stream.emplace(loop, ours);
    write("a first request");
    EXPECT_EQ(read_all(), 15);
    EXPECT_EQ(send(server, "and its response", 16, MSG_NOSIGNAL), 16);
    await_something(ours);
    std::array<char, 64> response;
    EXPECT_EQ(stream->try_read(response).bytes, 16u);
    ours_ = ours;
    mark = stream->sent();
  }
  ~KeptConnection() override {
    if (server >= 0) close(server);
  }
  IoResult write(std::string_view text) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    return stream->try_write({&piece, 1});
  }
  void write_in_two(std::string_view text) {
    write(text.substr(0, text.size() - 1));
    write(text.substr(text.size() - 1));
  }
  ssize_t read_all() {
    std::array<char, 4096> octets;
    return recv(server, octets.data(), octets.size(), 0);
  }
  void read_request() {
    for (ssize_t got = 0; got < 19;) got += read_all();
  }
  void close_server(bool hard) {
    linger how{.l_onoff = 1, .l_linger = 0};
    if (hard) setsockopt(server, SOL_SOCKET, SO_LINGER, &how, sizeof how);
    close(std::exchange(server, -1));
  }
  // Until our side hears of the end, however it came.
  void await_end() { await_something(ours_); }
  static void await_something(int descriptor) {
    pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&wait, 1, 10'000), 1);
  }

  EpollLoop loop;
  std::optional<EpollStream> stream;
  int server = -1;
  int ours_ = -1;
  std::uint64_t mark = 0;
};

TEST_F(KeptConnection, that_was_closed_before_has_taken_nothing) {
  close_server(false);
  write_in_two("POST / HTTP/1.1\r\n\r\n");
  await_end();
  EXPECT_FALSE(stream->may_have_arrived(mark));
}

TEST_F(KeptConnection, that_is_closed_with_the_request_unread_has_taken_nothing) {
  write_in_two("POST / HTTP/1.1\r\n\r\n");
  await_something(server);
  close_server(false);
  await_end();
  EXPECT_FALSE(stream->may_have_arrived(mark));
}

TEST_F(KeptConnection, whose_server_reads_and_closes_may_have_done_it) {
  write_in_two("POST / HTTP/1.1\r\n\r\n");
  read_request();
  close_server(false);
  await_end();
  EXPECT_TRUE(stream->may_have_arrived(mark));
}

TEST_F(KeptConnection, whose_server_reads_and_resets_may_have_done_it) {
  write_in_two("POST / HTTP/1.1\r\n\r\n");
  read_request();
  close_server(true);
  await_end();
  EXPECT_TRUE(stream->may_have_arrived(mark));
}

TEST_F(KeptConnection, whose_server_reads_a_part_of_much_and_resets_may_have_done_it) {
  write_in_two(std::string(10'000, 'x'));
  await_something(server);
  std::array<char, 8000> octets;
  EXPECT_GT(recv(server, octets.data(), octets.size(), 0), 0);
  close_server(false);
  await_end();
  std::array<char, 16> nothing;
  EXPECT_NE(stream->try_read(nothing).status, IoStatus::done);
  EXPECT_TRUE(stream->may_have_arrived(mark));
}

TEST_F(KeptConnection, on_which_nothing_was_sent_has_taken_nothing) { EXPECT_FALSE(stream->may_have_arrived(mark)); }

// Counts how often it is called.
struct Told {
  int times = 0;
  HangupWatch watch{&Told::call, this, HangupWatch::For::reset};
  static void call(void* self) { ++static_cast<Told*>(self)->times; }
};

Task<void> end_both_ways(Stream& near, Stream& far) {
  std::array<char, 16> octets;
  for (auto [ends, other] : {std::pair(&far, &near), std::pair(&near, &far)}) {
    auto finished = co_await ends->finish();
    EXPECT_TRUE(finished);
    auto ended = co_await other->read(octets);
    EXPECT_EQ(ended.value_or(1), 0u);
  }
  std::ignore = co_await sleep_for(Duration(1));
}

Task<void> await_failure(Stream& near) {
  std::array<char, 16> octets;
  auto read = co_await near.read(octets);
  EXPECT_FALSE(read);
}

TEST(Hangup, of_both_sides_is_no_reset) {
  testing::RealLoop world;
  testing::TcpPair pair = testing::tcp_pair(world.loop);
  Told told;
  pair.near->watch_hangup(&told.watch);
  world.run(end_both_ways(*pair.near, *pair.far));
  EXPECT_EQ(told.times, 0);
}

TEST(Hangup, by_a_reset_is_told) {
  testing::RealLoop world;
  testing::TcpPair pair = testing::tcp_pair(world.loop);
  Told told;
  pair.near->watch_hangup(&told.watch);
  pair.far->reset_on_close();
  pair.far.reset();
  world.run(await_failure(*pair.near));
  EXPECT_EQ(told.times, 1);
}

// Octets before urgent ones (RFC 9293 section 3.8.5: Telnet and FTP have them) are read by themselves.
Task<void> read_around_urgent_octets(testing::TcpPair& pair) {
  const int far = pair.far->plain_descriptor();
  EXPECT_EQ(send(far, "before", 6, MSG_NOSIGNAL), 6);
  EXPECT_EQ(send(far, "!", 1, MSG_NOSIGNAL | MSG_OOB), 1);
  EXPECT_EQ(send(far, "behind", 6, MSG_NOSIGNAL), 6);
  ::shutdown(far, SHUT_WR);
  const auto slept = co_await sleep_for(Duration(20));
  EXPECT_TRUE(slept);
  std::string all;
  const bool received = co_await testing::receive(*pair.near, all);
  EXPECT_TRUE(received);
  EXPECT_EQ(all, "beforebehind");
}

TEST(UrgentOctets, hide_nothing_behind_them) {
  testing::RealLoop world;
  testing::TcpPair pair = testing::tcp_pair(world.loop);
  world.run(read_around_urgent_octets(pair));
}

}  // namespace
}  // namespace sp::runtime
