#include "services/record/recorder.h"
#include "testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>

namespace sp::record {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Recording : public ::testing::Test {
 protected:
  std::vector<config::OutboundConfig> entries(const std::string& at) const {
    std::vector<config::OutboundConfig> all(1);
    all[0].name = "egress";
    all[0].record.emplace().path.value = at;
    all[0].record->keep = std::chrono::days(10);
    return all;
  }
  Recorder::Tell tell() {
    return [this](Severity, std::string_view what, std::string_view detail) {
      const std::lock_guard lock(mutex);
      told.push_back(std::string(what) + " " + std::string(detail));
    };
  }
  Recorder::Settings settings() {
    Recorder::Settings made;
    made.clock = [] { return std::chrono::system_clock::time_point(std::chrono::days(100)); };
    return made;
  }
  void hand_over(Recorder& recorder, std::string_view host, std::int32_t day = 100) const {
    Sightings batch;
    batch[{.path = path, .entry = "egress", .client = "10.0.0.5", .host = std::string(host), .port = 443, .day = day}] =
        {.count = 1, .first = 1, .last = 1};
    recorder.hand_over(batch);
    EXPECT_TRUE(batch.empty());
  }
  std::vector<std::string> hosts() const {
    std::vector<std::string> result;
    for (const auto& each : read_observed(path, "egress", 0).value()) result.push_back(each.host);
    return result;
  }

  const sp::testing::TemporaryFolder temporary;
  const std::string& folder = temporary.path;
  std::string path = folder + "/egress.db";
  std::mutex mutex;
  std::vector<std::string> told;
};

TEST_F(Recording, writes_what_was_handed_over) {
  Recorder recorder(tell(), settings());
  recorder.adopt(entries(path));
  EXPECT_TRUE(recorder.wanted());
  hand_over(recorder, "a.example");
  hand_over(recorder, "a.example");
  hand_over(recorder, "b.example");
  recorder.settle();
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example", "b.example"));
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(Recording, writes_what_is_left_at_its_end) {
  {
    Recorder recorder(tell(), settings());
    recorder.adopt(entries(path));
    hand_over(recorder, "a.example");
  }
  EXPECT_THAT(hosts(), ElementsAre("a.example"));
}

TEST_F(Recording, has_no_thread_and_no_file_where_nothing_is_recorded) {
  Recorder recorder(tell(), settings());
  recorder.adopt(std::vector<config::OutboundConfig>(1));
  EXPECT_FALSE(recorder.wanted());
  recorder.settle();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Recording, goes_on_through_a_new_configuration_and_writes_what_belongs_to_the_old_one) {
  Recorder recorder(tell(), settings());
  recorder.adopt(entries(path));
  recorder.settle();
  recorder.adopt(entries(folder + "/second.db"));
  hand_over(recorder, "late.example");
  recorder.settle();
  EXPECT_THAT(hosts(), ElementsAre("late.example"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/second.db"));
}

TEST_F(Recording, applies_keep) {
  {
    Recorder recorder(tell(), settings());
    recorder.adopt(entries(path));
    hand_over(recorder, "old.example", 89);
    hand_over(recorder, "new.example", 90);
  }
  Recorder again(tell(), settings());
  again.adopt(entries(path));
  again.settle();
  EXPECT_THAT(hosts(), ElementsAre("new.example"));
}

TEST_F(Recording, a_file_that_cannot_be_written_is_told_once_and_what_waits_is_written_when_it_can_be) {
  Recorder recorder(tell(), settings());
  path = folder + "/later/egress.db";
  recorder.adopt(entries(path));
  hand_over(recorder, "a.example");
  recorder.settle();
  hand_over(recorder, "b.example");
  recorder.settle();
  {
    const std::lock_guard lock(mutex);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_THAT(told[0], HasSubstr("record_failed"));
    EXPECT_THAT(told[0], HasSubstr("No such file or directory"));
  }
  std::filesystem::create_directory(folder + "/later");
  recorder.settle();
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example", "b.example"));
  const std::lock_guard lock(mutex);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[1], HasSubstr("record_works"));
}

TEST_F(Recording, a_file_that_was_removed_is_made_again) {
  Recorder recorder(tell(), settings());
  recorder.adopt(entries(path));
  hand_over(recorder, "a.example");
  recorder.settle();
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  hand_over(recorder, "b.example");
  recorder.settle();
  EXPECT_THAT(hosts(), ElementsAre("b.example"));
}

TEST_F(Recording, what_waits_is_bounded_and_what_is_lost_is_counted) {
  Recorder::Settings few = settings();
  few.most_pending = 2;
  Recorder recorder(tell(), few);
  path = folder + "/none/egress.db";
  recorder.adopt(entries(path));
  recorder.settle();
  for (const char* host : {"a.example", "b.example", "c.example", "a.example", "d.example"}) hand_over(recorder, host);
  recorder.settle();
  recorder.settle();
  std::filesystem::create_directory(folder + "/none");
  recorder.settle();
  EXPECT_LE(hosts().size(), 4U);  // two that waited, and two that came while these were being tried
  const std::lock_guard lock(mutex);
  EXPECT_THAT(told, ::testing::Contains(HasSubstr("record_incomplete")));
}

}  // namespace
}  // namespace sp::record
