#include "stages/access_log/writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stages/access_log/test_pipe.h"

namespace sp::access_log {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

config::LogConfig to(std::string_view access, config::LogFormat format = config::LogFormat::json) {
  return {.access = {.value = std::string(access)}, .format = format};
}

class LogWriterTest : public testing::Test {
 protected:
  LogWriterTest() : log_({.descriptor = operator_.in(), .lines_per_second = 1000}) {
    folder_ = fs::temp_directory_path() / ("sallyport-log-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    options_.places.standard_output = output_.in();
  }
  ~LogWriterTest() override { fs::remove_all(folder_); }

  LogWriter& writer() {
    if (writer_ == nullptr) writer_ = std::make_unique<LogWriter>(log_, options_);
    return *writer_;
  }
  void hand(std::string batch) { writer().hand_over(batch); }
  std::string file(std::string_view name) const { return folder_ / name; }
  // Waits, for a bounded time, until the operator's log says it; gives all that it said.
  std::string told(std::string_view what) {
    for (int i = 0; i < 100 && said_.find(what) == std::string::npos; ++i) said_ += operator_.read_until(1);
    return said_;
  }
  // Hands over until a batch is dropped: the sink takes no more.
  std::string fill() {
    std::string handed;
    for (int number = 0;; ++number) {
      std::string batch;
      for (int i = 0; i < 100; ++i)
        batch += std::to_string(number) + "/" + std::to_string(i) + std::string(100, '.') + "\n";
      const std::uint64_t before = writer().dropped();
      std::string copy = batch;
      writer().hand_over(copy);
      if (writer().dropped() != before) return handed;
      handed += batch;
    }
  }

  fs::path folder_;
  TestPipe operator_, output_;
  OperatorLog log_;
  LogWriter::Options options_;
  std::unique_ptr<LogWriter> writer_;
  std::string said_;
};

TEST_F(LogWriterTest, writes_a_file_that_others_may_not_read) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  EXPECT_TRUE(writer().wanted());
  hand("one\n");
  hand("two\nthree\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log")), "one\ntwo\nthree\n");
  struct stat status{};
  ASSERT_EQ(stat(file("a.log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0027, 0u);
}

TEST_F(LogWriterTest, appends_to_what_is_there) {
  std::ofstream(file("a.log")) << "before\n";
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  hand("after\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log")), "before\nafter\n");
}

TEST_F(LogWriterTest, a_file_that_was_renamed_is_opened_again) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  hand("one\n");
  ASSERT_TRUE(writer().flush(10s));
  fs::rename(file("a.log"), file("a.log.1"));
  hand("two\n");
  ASSERT_TRUE(writer().flush(10s));
  writer().reopen();
  hand("three\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log.1")), "one\ntwo\n");
  EXPECT_EQ(content(file("a.log")), "three\n");
}

TEST_F(LogWriterTest, a_file_that_cannot_be_opened_again_stays_in_use) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  fs::rename(file("a.log"), file("a.log.1"));
  fs::create_directory(file("a.log"));
  writer().reopen();
  hand("one\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log.1")), "one\n");
  EXPECT_NE(told("access_log_reopen_failed").find("Is a directory"), std::string::npos);
}

TEST_F(LogWriterTest, a_sink_that_cannot_be_opened_changes_nothing) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  auto refused = writer().set_sink(to(file("no/such/folder/a.log"), config::LogFormat::common));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_EQ(writer().format(), Format::json);
  hand("one\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log")), "one\n");
}

TEST_F(LogWriterTest, a_reload_may_change_the_sink_and_the_format) {
  EXPECT_FALSE(writer().wanted());
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  hand("one\n");
  ASSERT_TRUE(writer().set_sink(to(file("b.log"), config::LogFormat::common)));
  EXPECT_EQ(writer().format(), Format::common);
  ASSERT_TRUE(writer().set_sink(to(file("b.log"), config::LogFormat::combined)));
  EXPECT_EQ(writer().format(), Format::combined);
  hand("two\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log")), "one\n");
  EXPECT_EQ(content(file("b.log")), "two\n");
  ASSERT_TRUE(writer().set_sink(to("off")));
  EXPECT_FALSE(writer().wanted());
  hand("three\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("b.log")), "two\n");
  EXPECT_EQ(writer().dropped(), 0u);
}

TEST_F(LogWriterTest, sinks_that_change_quickly_get_their_own_lines) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(writer().set_sink(to(file(std::to_string(i)))));
    hand(std::to_string(i) + "\n");
  }
  ASSERT_TRUE(writer().flush(10s));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(content(file(std::to_string(i))), std::to_string(i) + "\n");
}

TEST_F(LogWriterTest, a_full_disk_is_said_once_and_tried_again) {
  ASSERT_TRUE(writer().set_sink(to("/dev/full")));
  for (int i = 0; i < 5; ++i) {
    hand("one\ntwo\n");
    ASSERT_TRUE(writer().flush(10s));
  }
  EXPECT_EQ(writer().dropped(), 10u);
  const std::string said = told("access_log_lines_dropped");
  EXPECT_NE(
      said.find(
          "access_log_failed: the access log cannot be written sink=/dev/full detail=\"No space left on device\""),
      std::string::npos)
      << said;
  EXPECT_EQ(std::ranges::count(said, '\n'), 2)
      << "the failure, and the first loss: the next is a minute away: " << said;
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  hand("three\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(content(file("a.log")), "three\n");
}

TEST_F(LogWriterTest, losses_are_said_again_after_a_while_and_at_the_end) {
  options_.report_every = 1ms;
  ASSERT_TRUE(writer().set_sink(to("/dev/full")));
  hand("one\n");
  ASSERT_TRUE(writer().flush(10s));
  told("lines=1");
  hand("two\n");
  hand("three\n");
  writer_.reset();
  said_ += operator_.read();
  int lines = 0;
  for (std::size_t at = 0; (at = said_.find(" lines=", at)) != std::string::npos;)
    lines += std::stoi(said_.substr(at += 7));
  EXPECT_EQ(lines, 3) << said_;
}

TEST_F(LogWriterTest, a_pipe_that_nobody_reads_blocks_no_worker) {
  options_.queue_octets = 1u << 20;
  ASSERT_TRUE(writer().set_sink(to("stdout")));
  const std::string handed = fill();
  EXPECT_NE(told("access_log_lines_dropped").find("sink=stdout"), std::string::npos);
  EXPECT_FALSE(writer().flush(0ms));
  EXPECT_EQ(output_.read_until(handed.size()), handed) << "what was taken arrives whole";
  EXPECT_TRUE(writer().flush(10s));
  hand("and on it goes\n");
  EXPECT_EQ(output_.read_until(15), "and on it goes\n");
}

TEST_F(LogWriterTest, a_pipe_that_nobody_reads_does_not_hold_up_the_end) {
  options_.queue_octets = 1u << 20;
  options_.stop_within = 10ms;
  ASSERT_TRUE(writer().set_sink(to("stdout")));
  fill();
  writer_.reset();
  told("access_log_lines_dropped");
}

TEST_F(LogWriterTest, another_sink_does_not_begin_with_the_end_of_a_line) {
  options_.queue_octets = 1u << 20;
  ASSERT_TRUE(writer().set_sink(to("stdout")));
  fill();
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  ASSERT_TRUE(writer().flush(10s));
  const std::string text = content(file("a.log"));
  const std::string first = text.substr(0, text.find('\n'));
  EXPECT_EQ(first.substr(first.find('.')), std::string(100, '.'));
  EXPECT_NE(first.find('/'), std::string::npos) << first;
}

TEST_F(LogWriterTest, a_reader_that_has_gone_is_a_failure_not_a_signal) {
  ASSERT_TRUE(writer().set_sink(to("stdout")));
  output_.close_out();
  hand("one\n");
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(writer().dropped(), 1u);
  EXPECT_NE(told("access_log_failed").find("Broken pipe"), std::string::npos);
}

TEST_F(LogWriterTest, what_is_left_is_written_at_the_end) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    all += std::to_string(i) + "\n";
    hand(std::to_string(i) + "\n");
  }
  writer_.reset();
  EXPECT_EQ(content(file("a.log")), all);
}

TEST_F(LogWriterTest, batches_come_back_empty_and_with_room) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  std::string batch(100'000, '\n');
  writer().hand_over(batch);
  EXPECT_TRUE(batch.empty());
  ASSERT_TRUE(writer().flush(10s));
  batch = "x\n";
  writer().hand_over(batch);
  EXPECT_TRUE(batch.empty());
  EXPECT_GE(batch.capacity(), 100'000u);
}

TEST_F(LogWriterTest, many_threads_hand_over_at_once) {
  ASSERT_TRUE(writer().set_sink(to(file("a.log"))));
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 200; ++j) hand(std::to_string(i) + " " + std::to_string(j) + "\n");
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(writer().flush(10s));
  EXPECT_EQ(std::ranges::count(content(file("a.log")), '\n'), 800);
}

}  // namespace
}  // namespace sp::access_log
