#include "stages/access_log/sink.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "stages/access_log/test_pipe.h"

namespace sp::access_log {
namespace {

namespace fs = std::filesystem;

// The receiving end of a log daemon.
class Daemon {
 public:
  explicit Daemon(const std::string& path) : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    unlink(path.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::system_error(errno, std::generic_category(), path);
    }
  }
  ~Daemon() { close(socket_); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // The next datagram that is there already; nothing if there is none.
  std::optional<std::string> receive() {
    std::string text(100'000, '\0');
    ssize_t got = recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    if (got < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(got));
    return text;
  }

 private:
  int socket_;
};

class SinkTest : public testing::Test {
 protected:
  SinkTest() : folder_(fs::temp_directory_path() / ("sallyport-sink-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    places_.syslog_socket = folder_ / "log";
    places_.journal_socket = folder_ / "journal";
    places_.standard_error = error_.in();
  }
  ~SinkTest() override { fs::remove_all(folder_); }
  std::unique_ptr<Sink> open(std::string_view access) {
    auto sink = open_sink(access, places_);
    EXPECT_TRUE(sink);
    return sink ? *std::move(sink) : nullptr;
  }

  fs::path folder_;
  TestPipe error_;
  SinkPlaces places_;
};

TEST_F(SinkTest, off_is_no_sink) { EXPECT_EQ(open("off"), nullptr); }

TEST_F(SinkTest, the_journal_gets_fields_one_datagram_for_each_line) {
  Daemon journal(places_.journal_socket);
  auto sink = open("journal");
  std::string_view lines = "{\"a\":1}\ntwo\n";
  EXPECT_EQ(sink->write(lines), Sink::Outcome::done);
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(journal.receive(), "PRIORITY=6\nSYSLOG_IDENTIFIER=sallyport\nMESSAGE={\"a\":1}\n");
  EXPECT_EQ(journal.receive(), "PRIORITY=6\nSYSLOG_IDENTIFIER=sallyport\nMESSAGE=two\n");
  EXPECT_EQ(journal.receive(), std::nullopt);
}

TEST_F(SinkTest, without_a_journal_lines_go_to_standard_error) {
  auto sink = open("journal");
  std::string_view lines = "one\n";
  EXPECT_EQ(sink->write(lines), Sink::Outcome::done);
  EXPECT_EQ(error_.read(), "one\n");
}

TEST_F(SinkTest, syslog_gets_facility_level_time_and_process) {
  Daemon daemon(places_.syslog_socket);
  auto sink = open("syslog");
  std::string_view lines = "one\n";
  EXPECT_EQ(sink->write(lines), Sink::Outcome::done);
  auto datagram = daemon.receive();
  ASSERT_TRUE(datagram);
  EXPECT_TRUE(datagram->starts_with("<30>")) << *datagram;
  EXPECT_TRUE(datagram->ends_with(" sallyport[" + std::to_string(getpid()) + "]: one")) << *datagram;
  EXPECT_EQ(datagram->find("sallyport"), std::strlen("<30>Nov  3 12:00:00 "));
}

TEST_F(SinkTest, a_daemon_that_is_not_there_is_a_failure_until_it_comes) {
  auto sink = open("syslog");
  std::string_view lines = "one\n";
  EXPECT_EQ(sink->write(lines), Sink::Outcome::failed);
  EXPECT_EQ(sink->fault(), ENOENT);
  EXPECT_EQ(lines, "one\n");
  Daemon daemon(places_.syslog_socket);
  EXPECT_EQ(sink->write(lines), Sink::Outcome::done);
  EXPECT_TRUE(daemon.receive());
}

TEST_F(SinkTest, a_daemon_that_was_started_anew_is_found_again) {
  std::optional<Daemon> daemon(std::in_place, places_.syslog_socket);
  auto sink = open("syslog");
  std::string_view lines = "one\n";
  ASSERT_EQ(sink->write(lines), Sink::Outcome::done);
  daemon.reset();
  daemon.emplace(places_.syslog_socket);
  lines = "two\n";
  EXPECT_EQ(sink->write(lines), Sink::Outcome::done);
  EXPECT_TRUE(daemon->receive()->ends_with("two"));
}

TEST_F(SinkTest, a_daemon_that_is_busy_blocks_without_waiting) {
  Daemon daemon(places_.syslog_socket);
  auto sink = open("syslog");
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "line\n";
  std::string_view lines = text;
  ASSERT_EQ(sink->write(lines), Sink::Outcome::blocked);
  std::size_t sent = (text.size() - lines.size()) / 5;
  std::size_t received = 0;
  while (daemon.receive()) ++received;
  EXPECT_EQ(received, sent);
  EXPECT_GE(sink->descriptor(), 0);
}

TEST_F(SinkTest, a_line_that_is_too_long_for_a_datagram_is_cut) {
  Daemon daemon(places_.syslog_socket);
  auto sink = open("syslog");
  const std::string text = std::string(4'000'000, 'x') + "\nshort\n";
  std::string_view lines = text;
  EXPECT_EQ(sink->write(lines), Sink::Outcome::done);
  EXPECT_EQ(daemon.receive()->size(), 8000u);
  EXPECT_TRUE(daemon.receive()->ends_with("short"));
}

TEST_F(SinkTest, a_blocking_pipe_is_written_without_waiting) {
  TestPipe pipe;
  auto sink = make_stream_sink(pipe.in(), "stdout");
  const std::string text(1'000'000, '\n');
  std::string_view lines = text;
  EXPECT_EQ(sink->write(lines), Sink::Outcome::blocked);
  EXPECT_LT(lines.size(), text.size());
  EXPECT_EQ(fcntl(pipe.in(), F_GETFL) & O_NONBLOCK, 0) << "others share it";
  EXPECT_EQ(pipe.read().size(), text.size() - lines.size());
}

TEST_F(SinkTest, a_blocking_socket_is_written_without_waiting) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  auto sink = make_stream_sink(ends[0], "stdout");
  const std::string text(8'000'000, '\n');
  std::string_view lines = text;
  EXPECT_EQ(sink->write(lines), Sink::Outcome::blocked);
  EXPECT_LT(lines.size(), text.size());
  close(ends[1]);
  EXPECT_EQ(sink->write(lines), Sink::Outcome::failed);
  EXPECT_EQ(sink->fault(), EPIPE);
  close(ends[0]);
}

TEST_F(SinkTest, files_that_cannot_be_opened_say_why) {
  EXPECT_EQ(open_file_sink(folder_ / "no" / "such").error().code, Code::not_found);
  EXPECT_EQ(open_file_sink(folder_).error().code, Code::permission_denied);
}

}  // namespace
}  // namespace sp::access_log
