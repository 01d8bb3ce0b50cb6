// `policy propose` and `policy diff` as a shell sees them.
#include "app/policy_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/record_place.h"
#include "app/rule_place.h"
#include "app/rule_text.h"
#include "app/testing.h"
#include "app/text_edit.h"
#include "config/load.h"
#include "services/record/store.h"
#include "testing/temporary_folder.h"

namespace sp::app {
namespace {

using record::SightingKey;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestWorld;
using Verdict = policy::Observed::Verdict;

constexpr std::int32_t today = 20000;

class PolicyCommand : public ::testing::Test {
 protected:
  PolicyCommand() {
    t.world.now = std::chrono::sys_days(std::chrono::days(today)) + std::chrono::hours(12);
    t.files.files[policy::PublicSuffixes::usual_path] =
        "// ===BEGIN ICANN DOMAINS===\ncom\nnet\n// ===END ICANN DOMAINS===\n";
  }

  std::string database() const { return folder + "/egress.db"; }
  void configure(const std::string& rules, const std::string& more = {}) {
    t.files.files["sallyport.yaml"] = "outbound:\n  - name: egress\n    listen: [ \"proxy://127.0.0.1:3128\" ]\n" +
                                      more + "    record: " + database() + "\n" + rules;
  }
  // Ten times on two days.
  void see(const std::string& host, Verdict verdict = Verdict::would_refuse, const std::string& user = {}) const {
    record::Sightings all;
    for (const std::int32_t day : {today - 1, today}) {
      const SightingKey key{.path = database(),
                            .entry = "egress",
                            .user = user,
                            .client = "127.0.0.1",
                            .host = host,
                            .port = 443,
                            .verdict = verdict,
                            .code = verdict == Verdict::refused ? "destination_refused" : "",
                            .rule = {},
                            .day = day};
      all[key] = {.count = 5,
                  .reached = verdict == Verdict::refused ? 0U : 5U,
                  .first = day * 86400LL,
                  .last = day * 86400LL + 60,
                  .address = "8.8.8.8"};
    }
    auto store = record::Store::open(database());
    ASSERT_TRUE(store) << store.error();
    ASSERT_TRUE(store->add(all, database()));
  }
  Exit propose(const PolicyProposeArguments& arguments = {}) { return policy_propose_command(arguments, t.world); }
  Exit diff(const std::string& with) { return policy_diff_command({.with = with}, t.world); }

  const sp::testing::TemporaryFolder temporary;
  const std::string& folder = temporary.path;
  TestWorld t;
};

TEST_F(PolicyCommand, propose_is_a_diff_that_keeps_what_there_is) {
  configure(
      "    rules:\n      # ours\n      - allow: [ example.com ]  # first\n\n      # the rest\n      - deny: [ \"*\" "
      "]\n");
  see("www.example.com", Verdict::allowed);
  see("a.other.com");
  see("8.8.8.8");
  ASSERT_EQ(propose(), Exit::ok) << t.err();
  EXPECT_EQ(t.out(),
            "# egress: 30 requests since 2024-09-27; the rules of today admit 10 of them.\n"
            "# Left out:\n"
            "#   8.8.8.8:443: it is an address, and not a name (10 times on 2 days, last 2024-10-04 00:01)\n"
            "--- sallyport.yaml\n"
            "+++ sallyport.yaml\n"
            "@@ -6,5 +6,6 @@\n"
            "       # ours\n"
            "       - allow: [ example.com ]  # first\n"
            " \n"
            "+      - allow: [ a.other.com ]  # 10 times on 2 days\n"
            "       # the rest\n"
            "       - deny: [ \"*\" ]\n");
}

TEST_F(PolicyCommand, propose_begins_a_list_where_there_is_none) {
  for (const char* rules : {"    rules: []  # none yet\n", ""}) {
    configure(rules);
    see("a.other.com");
    TestWorld& world = t;
    world.out_stream.str("");
    ASSERT_EQ(propose(), Exit::ok) << t.err();
    EXPECT_THAT(t.out(), HasSubstr("+    rules:")) << rules;
    EXPECT_THAT(t.out(), HasSubstr("+      - allow: [ a.other.com ]")) << rules;
  }
}

TEST_F(PolicyCommand, propose_says_what_to_do_where_the_list_is_on_one_line) {
  configure("    rules: [ { allow: [ example.com ] }, { deny: [ \"*\" ] } ]\n");
  see("a.other.com");
  see("b.other.com");
  ASSERT_EQ(propose(), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("# Put these before the rule at sallyport.yaml:5:"));
  EXPECT_THAT(t.out(), HasSubstr("\n- allow:\n    - a.other.com  # 10 times on 2 days\n    - b.other.com"));
  EXPECT_THAT(t.out(), Not(HasSubstr("+++")));
}

TEST_F(PolicyCommand, propose_for_one_user) {
  t.files.files["users"] = "";
  configure("", "    users: users\n");
  see("mine.com", Verdict::would_refuse, "me");
  see("yours.com", Verdict::would_refuse, "you");
  ASSERT_EQ(propose({.recorded = {.user = "me"}}), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("mine.com"));
  EXPECT_THAT(t.out(), HasSubstr("+        who: [ me ]"));
  EXPECT_THAT(t.out(), Not(HasSubstr("yours.com")));
}

TEST_F(PolicyCommand, propose_for_somebody_of_whom_nothing_was_seen) {
  t.files.files["users"] = "me:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n";
  configure("", "    users: users\n");
  see("mine.com", Verdict::would_refuse, "me");
  ASSERT_EQ(propose({.recorded = {.user = "nobody"}}), Exit::ok) << t.err();
  EXPECT_EQ(t.out(), "# egress: nothing was recorded of nobody since 2024-09-27, who is not in users.\n");
}

TEST_F(PolicyCommand, propose_as_json) {
  configure("");
  see("a.other.com");
  see("intranet");
  ASSERT_EQ(propose({.format = Format::json}), Exit::ok) << t.err();
  const auto json = nlohmann::json::parse(t.out());
  EXPECT_EQ(json["entries"][0]["rules"][0]["allow"][0]["destination"], "a.other.com");
  EXPECT_EQ(json["entries"][0]["left_out"][0]["host"], "intranet");
  EXPECT_THAT(json["diff"].get<std::string>(), StartsWith("--- sallyport.yaml\n"));
}

TEST_F(PolicyCommand, propose_has_nothing_to_add) {
  configure("    rules:\n      - allow: [ other.com, unused.com ]\n      - allow: [ never.com ]\n");
  see("a.other.com", Verdict::allowed);
  ASSERT_EQ(propose(), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("# There is nothing to add."));
  EXPECT_THAT(t.out(), HasSubstr("# Nothing that was seen needs the rule at sallyport.yaml:7"));
}

TEST_F(PolicyCommand, propose_needs_the_list_of_suffixes) {
  configure("");
  see("a.other.com");
  t.files.files.erase(policy::PublicSuffixes::usual_path);
  EXPECT_EQ(propose(), Exit::failed);
  EXPECT_THAT(t.err(), HasSubstr("publicsuffix"));
  EXPECT_EQ(t.out(), "");
}

TEST_F(PolicyCommand, what_stands_in_the_way) {
  struct Row {
    const char* yaml;
    RecordedArguments arguments;
    Exit exit;
    const char* error;
  };
  const std::string recorded =
      "outbound: [ { name: a, listen: [ \"proxy://127.0.0.1:3128\" ], record: /no/such.db } ]\n";
  for (const Row& row : {
           Row{"outbound: [ { listen: [ \"proxy://127.0.0.1:3128\" ], rules: [ { allow: [ a.com ] } ] } ]\n",
               {},
               Exit::failed,
               "record: "},
           Row{recorded.c_str(), {}, Exit::failed, "`/no/such.db` cannot be read: No such file or directory"},
           Row{recorded.c_str(), {.entry = "b"}, Exit::failed, "with the name `b`"},
           Row{recorded.c_str(), {.since = "soon"}, Exit::usage, "`soon` is not a duration"},
           Row{"outbound: 1\n", {}, Exit::configuration, "outbound"},
       }) {
    TestWorld other;
    other.files.files["sallyport.yaml"] = row.yaml;
    EXPECT_EQ(policy_propose_command({.recorded = row.arguments}, other.world), row.exit) << row.yaml;
    EXPECT_THAT(other.err(), HasSubstr(row.error));
  }
}

TEST_F(PolicyCommand, diff_says_what_would_be_refused_and_what_would_pass) {
  configure("    rules:\n      - allow: [ example.com ]\n");
  see("www.example.com", Verdict::allowed);
  see("a.other.com", Verdict::would_refuse);
  see("b.other.com", Verdict::refused);
  t.files.files["new.yaml"] =
      "outbound:\n  - name: egress\n    listen: [ \"proxy://127.0.0.1:3128\" ]\n    rules:\n      - allow: [ "
      "b.other.com ]\n";
  EXPECT_EQ(diff("new.yaml"), Exit::failed) << t.err();
  EXPECT_EQ(t.out(),
            "egress: 30 requests since 2024-09-27, by the rules of new.yaml\n"
            "Would be refused, and has passed:\n"
            "  a.other.com:443: 10 times on 2 days, last 2024-10-04 00:01\n"
            "    no rule is for a.other.com:443\n"
            "  www.example.com:443: 10 times on 2 days, last 2024-10-04 00:01\n"
            "    no rule is for www.example.com:443\n"
            "Would pass, and was refused:\n"
            "  b.other.com:443: 10 times on 2 days, last 2024-10-04 00:01\n"
            "    b.other.com leads to 8.8.8.8: rule 1 (new.yaml:5) allows `b.other.com`\n");
}

TEST_F(PolicyCommand, diff_is_content_where_nothing_that_passed_would_be_refused) {
  configure("");
  see("a.other.com");
  t.files.files["new.yaml"] =
      "outbound: [ { listen: [ \"proxy://127.0.0.1:3128\" ], rules: [ { allow: [ other.com ] } ] } ]\n";
  EXPECT_EQ(diff("new.yaml"), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("Nothing would change."));
  EXPECT_EQ(diff("none.yaml"), Exit::configuration);
}

TEST(RecordPlace, check_warns_of_a_folder_that_is_missing) {
  config::MemoryFileSystem files;
  config::RecordConfig record;
  record.path.value = "/var/lib/sallyport/egress.db";
  const auto missing = record_obstacle(record, files);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->severity, config::Finding::Severity::warning);
  EXPECT_THAT(missing->remedy, HasSubstr("mkdir -p /var/lib/sallyport"));
  files.files["/var/lib/sallyport/x"] = "";
  EXPECT_FALSE(record_obstacle(record, files));
  record.path.value = "/var/lib/sallyport";
  EXPECT_THAT(record_obstacle(record, files)->message, HasSubstr("it is a folder"));
}

TEST(RuleText, scalars_that_yaml_would_read_as_something_else_are_quoted) {
  for (const char* plain : {"mattermost", "a.example.com", ".example.com", "a.com:8443", "a-b_c"})
    EXPECT_EQ(yaml_scalar(plain), plain);
  for (const char* odd :
       {"no", "yes", "null", "1", "1.5", "", "a b", "a: b", "#x", "*", "Ab", "x:", "a,b", "[x]", "-x"})
    EXPECT_EQ(yaml_scalar(odd), '"' + std::string(odd) + '"') << odd;
  EXPECT_EQ(yaml_scalar("a\"b\n\x1b"), "\"a\\\"b\\n\\u001b\"");
}

TEST(TextEdit, diffs_as_diff_writes_them) {
  const std::string text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n";
  struct Row {
    std::vector<TextEdit> edits;
    const char* diff;
  };
  for (const Row& row : {
           Row{{{0, 0, {"a"}}}, "@@ -1,3 +1,4 @@\n+a\n 1\n 2\n 3\n"},
           Row{{{20, 0, {"a"}}}, "@@ -18,3 +18,4 @@\n 18\n 19\n 20\n+a\n"},
           Row{{{9, 1, {"a", "b"}}}, "@@ -7,7 +7,8 @@\n 7\n 8\n 9\n-10\n+a\n+b\n 11\n 12\n 13\n"},
           Row{{{3, 0, {"a"}}, {8, 0, {"b"}}},
               "@@ -1,11 +1,13 @@\n 1\n 2\n 3\n+a\n 4\n 5\n 6\n 7\n 8\n+b\n 9\n 10\n 11\n"},
           Row{{{1, 0, {"a"}}, {18, 0, {"b"}}},
               "@@ -1,4 +1,5 @@\n 1\n+a\n 2\n 3\n 4\n@@ -16,5 +17,6 @@\n 16\n 17\n 18\n+b\n 19\n 20\n"},
       }) {
    EXPECT_EQ(unified_diff("f", text, row.edits), std::string("--- f\n+++ f\n") + row.diff);
  }
  EXPECT_EQ(unified_diff("f", "a", {{1, 0, {"b"}}}),
            "--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
  EXPECT_EQ(edited("a", {{1, 0, {"b"}}}), "a\nb\n");
  EXPECT_EQ(edited("a\nb\n", {{0, 1, {"c"}}}), "c\nb\n");
  EXPECT_EQ(unified_diff("f", text, {}), "");
}

}  // namespace
}  // namespace sp::app
