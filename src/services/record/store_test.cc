#include "services/record/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "services/record/sqlite.h"
#include "testing/temporary_folder.h"

namespace sp::record {
namespace {

using policy::Observed;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class Folder : public ::testing::Test {
 protected:
  SightingKey key(std::string_view host, std::int32_t day = 100, std::string_view entry = "egress") const {
    return {.path = path,
            .entry = std::string(entry),
            .user = "me",
            .client = "10.0.0.5",
            .host = std::string(host),
            .port = 443,
            .code = {},
            .rule = "sallyport.yaml:7",
            .day = day};
  }
  static SightingSum once(std::int64_t when = 1000) {
    return {
        .count = 1, .reached = 1, .octets_out = 10, .octets_in = 20, .first = when, .last = when, .address = "8.8.8.8"};
  }
  std::vector<std::string> hosts(std::string_view entry = "egress", std::int32_t since = 0) const {
    std::vector<std::string> result;
    const auto seen = read_observed(path, std::string(entry), since);
    if (!seen) ADD_FAILURE() << seen.error();
    for (const Observed& each : seen.value_or(std::vector<Observed>{})) result.push_back(each.host);
    return result;
  }
  void write(const Sightings& sightings) const {
    auto store = Store::open(path);
    ASSERT_TRUE(store) << store.error();
    const auto added = store->add(sightings, path);
    ASSERT_TRUE(added) << added.error();
  }

  const sp::testing::TemporaryFolder temporary;
  const std::string& folder = temporary.path;
  const std::string path = folder + "/egress.db";
};

TEST_F(Folder, counts_add_up) {
  write({{key("a.example"), once(1000)}});
  SightingSum later = once(5000);
  later.address = "9.9.9.9";
  write({{key("a.example"), later}, {key("a.example", 101), once(90000)}});
  const auto seen = read_observed(path, "egress", 0);
  ASSERT_TRUE(seen) << seen.error();
  ASSERT_EQ(seen->size(), 2U);
  const Observed& first = seen->at(0).day == 100 ? seen->at(0) : seen->at(1);
  EXPECT_EQ(first.count, 2U);
  EXPECT_EQ(first.reached, 2U);
  EXPECT_EQ(first.octets_out, 20U);
  EXPECT_EQ(first.octets_in, 40U);
  EXPECT_EQ(first.first.time_since_epoch().count(), 1000);
  EXPECT_EQ(first.last.time_since_epoch().count(), 5000);
  EXPECT_EQ(first.address, "9.9.9.9");
  EXPECT_EQ(first.user, "me");
  EXPECT_EQ(first.client.text(), "10.0.0.5");
  EXPECT_EQ(first.rule, "sallyport.yaml:7");
}

TEST_F(Folder, is_for_its_owner_alone) {
  write({{key("a.example"), once()}});
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(Folder, only_the_rows_of_its_path_and_of_the_entry_that_is_asked_for) {
  SightingKey elsewhere = key("c.example");
  elsewhere.path = folder + "/other.db";
  write({{key("a.example"), once()}, {key("b.example", 100, "second"), once()}, {elsewhere, once()}});
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example"));
  EXPECT_THAT(hosts("second"), UnorderedElementsAre("b.example"));
}

TEST_F(Folder, since_a_day) {
  write({{key("old.example", 99), once()}, {key("new.example", 100), once()}});
  EXPECT_THAT(hosts("egress", 100), UnorderedElementsAre("new.example"));
}

TEST_F(Folder, what_is_old_is_forgotten) {
  auto store = Store::open(path);
  ASSERT_TRUE(store->add(
      {{key("old.example", 9), once()}, {key("new.example", 10), once()}, {key("other.example", 9, "second"), once()}},
      path));
  ASSERT_TRUE(store->forget("egress", 10, 100));
  EXPECT_THAT(hosts(), UnorderedElementsAre("new.example"));
  EXPECT_THAT(hosts("second"), UnorderedElementsAre("other.example"));
}

TEST_F(Folder, of_too_much_what_was_seen_once_goes_first) {
  SightingSum often = once(1);
  often.count = 2;
  auto store = Store::open(path);
  Sightings all{{key("often.example"), often}};
  for (int i = 0; i < 20; ++i) all.emplace(key("random" + std::to_string(i) + ".example"), once(100 + i));
  ASSERT_TRUE(store->add(all, path));
  ASSERT_TRUE(store->forget("egress", 0, 3));
  EXPECT_THAT(hosts(), UnorderedElementsAre("often.example", "random18.example", "random19.example"));
}

TEST_F(Folder, texts_are_data) {
  SightingKey odd = key("a.example");
  odd.user = "'); drop table seen; --";
  write({{odd, once()}});
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example"));
}

TEST_F(Folder, reads_while_another_writes) {
  auto store = Store::open(path);
  ASSERT_TRUE(store->add({{key("a.example"), once()}}, path));
  auto writer = Database::open(path, SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(writer->run("begin immediate; delete from seen;"));
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example"));
}

TEST_F(Folder, a_locked_file_is_an_error_and_nothing_is_written) {
  auto store = Store::open(path);
  auto other = Database::open(path, SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(other->run("begin immediate"));
  const auto added = store->add({{key("a.example"), once()}}, path);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error(), HasSubstr("locked"));
  ASSERT_TRUE(other->run("commit"));
  EXPECT_TRUE(store->add({{key("b.example"), once()}}, path));
  EXPECT_THAT(hosts(), UnorderedElementsAre("b.example"));
}

TEST_F(Folder, a_full_disk_is_an_error_and_nothing_of_it_is_written) {
  auto store = Store::open(path);
  ASSERT_TRUE(store->add({{key("a.example"), once()}}, path));
  ASSERT_TRUE(store->set_most_pages(8));
  Sightings many;
  for (int i = 0; i < 2000; ++i) many.emplace(key("name" + std::to_string(i) + ".example"), once());
  const auto added = store->add(many, path);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error(), HasSubstr("full"));
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example"));
}

TEST_F(Folder, files_of_others_are_left_alone) {
  struct Row {
    const char* name;
    const char* sql;
    const char* error;
  };
  for (const Row& row : {Row{"another program's", "create table t (x)", "another program"},
                         Row{"a later version's",
                             "pragma application_id = 1397781091; pragma user_version = 2; "
                             "create table t (x)",
                             "later version"}}) {
    std::filesystem::remove(path);
    ASSERT_TRUE(Database::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)->run(row.sql));
    const auto store = Store::open(path);
    ASSERT_FALSE(store) << row.name;
    EXPECT_THAT(store.error(), HasSubstr(row.error));
    EXPECT_THAT(read_observed(path, "egress", 0).error(), HasSubstr(row.error));
  }
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_FALSE(Store::open(path));
  EXPECT_FALSE(Store::open(folder + "/no/such/folder"));
  EXPECT_THAT(read_observed(folder + "/none.db", "egress", 0).error(), HasSubstr("No such file"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/none.db"));
}

TEST_F(Folder, knows_when_the_file_is_gone) {
  const auto store = Store::open(path);
  EXPECT_TRUE(store->is_at(path));
  std::filesystem::remove(path);
  EXPECT_FALSE(store->is_at(path));
  std::ofstream(path) << "another";
  EXPECT_FALSE(store->is_at(path));
}

TEST_F(Folder, rows_that_this_program_does_not_write_are_passed_over) {
  write({{key("a.example"), once()}});
  auto database = Database::open(path, SQLITE_OPEN_READWRITE);
  for (const char* sql : {
           "insert into seen select entry, user, client, 'not a name', port, kind, verdict, code, rule, day, count, "
           "reached, special, octets_out, octets_in, first, last, address from seen limit 1",
           "insert into seen select entry, user, 'nowhere', host, port, kind, verdict, code, rule, day, count, "
           "reached, special, octets_out, octets_in, first, last, address from seen limit 1",
           "insert into seen select entry, user, client, host, 70000, kind, verdict, code, rule, day, count, "
           "reached, special, octets_out, octets_in, first, last, address from seen limit 1",
           "insert into seen select entry, user, client, host, port, 9, verdict, code, rule, day, count, "
           "reached, special, octets_out, octets_in, first, last, address from seen limit 1",
       }) {
    const auto done = database->run(sql);
    ASSERT_TRUE(done) << done.error();
  }
  EXPECT_THAT(hosts(), UnorderedElementsAre("a.example"));
}

}  // namespace
}  // namespace sp::record
