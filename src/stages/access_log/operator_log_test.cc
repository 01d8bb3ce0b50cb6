#include "stages/access_log/operator_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "stages/access_log/test_pipe.h"

namespace sp::access_log {
namespace {

using namespace std::chrono_literals;

std::atomic<std::int64_t> milliseconds;  // of the clock of these tests
WallTime now() {
  return std::chrono::sys_days{std::chrono::year{2026} / 11 / 3} + 12h + std::chrono::milliseconds(milliseconds.load());
}

class OperatorLogTest : public testing::Test {
 protected:
  void SetUp() override { milliseconds = 0; }
  OperatorLog::Options options() { return {.descriptor = pipe_.in(), .lines_per_second = 3, .now = &now}; }
  TestPipe pipe_;
};

TEST_F(OperatorLogTest, one_line_for_each_event) {
  OperatorLog log(options());
  log.write(
      Severity::error, "connection_refused", "nothing listens there",
      {{"route", "path /sympa"}, {"server", "http://10.0.0.7:80"}, {"detail", ""}, {"remedy", "look \"there\"\nnow"}});
  log.write(Severity::debug, "unseen", "less than the minimum");
  log.write(Severity::notice, "ready", "");
  EXPECT_EQ(pipe_.read(),
            "2026-11-03T12:00:00.000Z error connection_refused: nothing listens there route=\"path /sympa\" "
            "server=http://10.0.0.7:80 remedy=\"look \\\"there\\\"\\nnow\"\n"
            "2026-11-03T12:00:00.000Z notice ready\n");
}

TEST_F(OperatorLogTest, the_journal_gets_a_level_and_has_its_own_time) {
  auto journal = options();
  journal.journal_prefix = true;
  OperatorLog log(journal);
  log.write(Severity::warning, "code", "what");
  EXPECT_EQ(pipe_.read(), "<4>code: what\n");
}

TEST_F(OperatorLogTest, the_journal_is_known_by_device_and_inode) {
  struct stat status{};
  ASSERT_EQ(fstat(pipe_.in(), &status), 0);
  std::string itself = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  EXPECT_TRUE(is_journal_stream(pipe_.in(), itself.c_str()));
  EXPECT_FALSE(is_journal_stream(pipe_.in(), "8:1"));
  EXPECT_FALSE(is_journal_stream(pipe_.in(), nullptr));
  EXPECT_FALSE(is_journal_stream(-1, itself.c_str()));
}

TEST_F(OperatorLogTest, a_flood_of_one_code_is_counted_and_others_pass) {
  OperatorLog log(options());
  for (int i = 0; i < 10; ++i) log.write(Severity::info, "flood", "");
  log.write(Severity::info, "other", "");
  EXPECT_EQ(std::ranges::count(pipe_.read(), '\n'), 4);
  EXPECT_TRUE(log.holding_back());
  log.catch_up();
  EXPECT_EQ(pipe_.read(), "") << "its second is not over";
  milliseconds = 1000;
  log.catch_up();
  EXPECT_EQ(pipe_.read(), "2026-11-03T12:00:01.000Z info flood: ...and 7 more such lines within a second\n");
  EXPECT_FALSE(log.holding_back());
  log.write(Severity::info, "flood", "again");
  EXPECT_EQ(pipe_.read(), "2026-11-03T12:00:01.000Z info flood: again\n");
}

TEST_F(OperatorLogTest, what_was_held_back_is_said_before_the_next_line_and_at_the_end) {
  {
    OperatorLog log(options());
    for (int i = 0; i < 4; ++i) log.write(Severity::info, "flood", "");
    milliseconds = 1500;
    log.write(Severity::info, "flood", "next");
    for (int i = 0; i < 4; ++i) log.write(Severity::info, "flood", "");
    pipe_.read();
  }
  EXPECT_EQ(pipe_.read(), "2026-11-03T12:00:01.500Z info flood: ...and 2 more such lines within a second\n");
}

TEST_F(OperatorLogTest, lines_have_a_bound) {
  OperatorLog log(options());
  const std::string huge(100'000, '\x1b');
  log.write(Severity::info, huge, huge, {{"a", huge}, {"b", huge}});
  std::string line = pipe_.read();
  EXPECT_LE(line.size(), 4096u);
  EXPECT_TRUE(line.ends_with("...\n"));
}

TEST_F(OperatorLogTest, standard_error_that_is_not_read_blocks_nobody_and_the_loss_is_said) {
  auto many = options();
  many.lines_per_second = 1'000'000;
  OperatorLog log(many);
  const std::string text(1000, 'x');
  while (log.lost() < 5) log.write(Severity::info, "code", text);
  pipe_.read();
  log.write(Severity::info, "code", "after");
  EXPECT_EQ(pipe_.read(), "2026-11-03T12:00:00.000Z info code: after lines_lost_before=5\n");
}

TEST_F(OperatorLogTest, text_is_written_as_it_is_and_blocks_nobody) {
  OperatorLog log(options());
  std::string text = "a.yaml:3: error\n  remedy: none\n";
  for (int i = 0; i < 100; ++i) log.write_text(text);
  std::string all = pipe_.read();
  EXPECT_EQ(std::ranges::count(all, '\n'), 200);
  EXPECT_TRUE(all.starts_with(text + text));
  while (text.size() < 200'000) text += text;  // three times what the pipe holds
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  log.write_text(text);
  all = pipe_.read();
  EXPECT_TRUE(text.starts_with(all));
  EXPECT_TRUE(all.ends_with("\n"));
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(all, '\n')) + log.lost(), lines);
  log.write(Severity::info, "code", "after");
  EXPECT_TRUE(pipe_.read().ends_with(" lines_lost_before=" + std::to_string(log.lost()) + "\n"));
}

TEST_F(OperatorLogTest, lines_of_many_threads_stay_whole) {
  auto many = options();
  many.lines_per_second = 1'000'000;
  OperatorLog log(many);
  const std::string text(100, 'x');
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) log.write(Severity::info, "code", text);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string all = pipe_.read();
  EXPECT_EQ(std::ranges::count(all, '\n'), 200);
  EXPECT_EQ(all.size() % 200, 0u);
}

}  // namespace
}  // namespace sp::access_log
