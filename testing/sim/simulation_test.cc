#include "testing/sim/simulation.h"

#include <gtest/gtest.h>
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>

namespace sp::testing {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// How to run the present seed again: for a person, and told too where something ends the program at once.
char again[512] = "";

// In seconds: no clock inside a run stops one that goes round without an end.
constexpr unsigned patience = 60;

void tell() { std::ignore = write(STDERR_FILENO, again, std::strlen(again)); }
void died(int signal) {
  tell();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void tell_if_it_dies() {
  std::signal(SIGABRT, &died);
  std::signal(SIGALRM, &died);
#if __has_feature(address_sanitizer)
  __sanitizer_set_death_callback(&tell);
#elif !__has_feature(thread_sanitizer)
  std::signal(SIGSEGV, &died);
#endif
}

void about_to_run(std::uint64_t seed) {
  static const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::snprintf(again, sizeof again, "seed %llu; again: SP_SIM_FIRST=%llu SP_SIM_SEEDS=1 %s\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed), program.c_str());
  alarm(patience);
}

std::string text_of(const Story& story) {
  std::string text;
  for (const std::string& line : story.lines) text += line + "\n";
  for (const auto& [what, times] : story.happened) text += what + ": " + std::to_string(times) + "\n";
  return text;
}

// What has to happen more than once in so many seeds, which is about a third of how often it does.
struct Expected {
  std::string_view what;
  std::uint64_t seeds;
};
constexpr Expected expected[] = {
    // ---- HTTP/1 ----
    {"answer from h1 to h1", 1},
    {"half close", 3},
    {"half close of a server", 20},
    {"reset", 10},
    {"content wanted", 10},
    {"content not wanted", 100},
    {"closed as a request came", 10},
    {"surplus", 50},
    // ---- HTTP/2 ----
    {"answer from h1 to h2", 2},
    {"answer from h2 to h1", 8},
    {"answer from h2 to h2", 2},
    {"interim response over h2", 8},
    {"trailers over h2", 8},
    {"answered before everything came", 50},
    {"request taken back", 30},
    {"refused", 200},
    {"refused by a server", 40},
    {"response cut by a reset", 50},
    {"less content than declared", 200},
    {"tunnel reset over h2", 500},
    {"left by the gate", 25},
    {"goaway of a server", 20},
    {"goaway with a last stream", 80},
    {"goaway of a client", 400},
    {"closed under requests", 150},
    {"flow-control breach", 500},
    {"window too large", 400},
    {"flood of questions", 400},
    {"stopped reading", 500},
    {"misbehaviour of a server", 50},
    // ---- both ----
    {"tunnel whole at the client of tunnel", 5},
    {"tunnel whole at the server of tunnel", 5},
    {"reload with connections", 8},
    {"drain with connections", 15},
    {"cut", 80},
};

// SP_SIM_SEEDS=N runs more of them, SP_SIM_FIRST=SEED begins there: with SP_SIM_SEEDS=1 it is the run that failed.
// CMakeLists.txt says which ones are run each time.
TEST(Simulation, keeps_requests_apart_whole_and_single_whatever_happens) {
  const std::uint64_t first = number_from("SP_SIM_FIRST", 1), seeds = number_from("SP_SIM_SEEDS", 100);
  std::size_t answered = 0, seen = 0;
  tell_if_it_dies();
  std::map<std::string, std::size_t, std::less<>> happened;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    about_to_run(seed);
    const Story story = run_simulation(seed);
    answered += story.answers.size();
    seen += story.seen.size();
    for (const auto& [what, times] : story.happened) happened[what] += times;
    if (story.wrong.empty() && !HasFailure()) continue;
    FAIL() << again << text_of(story);
  }
  alarm(0);
  if (seeds < 100) return;
  if (number_from("SP_SIM_TELL", 0) != 0) {
    for (const auto& [what, times] : happened) std::printf("%s: %zu\n", what.c_str(), times);
  }
  // The dice are not so bad that nothing works, or that nothing happens.
  EXPECT_GT(answered, seeds * 2);
  EXPECT_GE(seen, answered);
  for (const Expected& each : expected) {
    if (seeds < 4 * each.seeds) continue;
    EXPECT_GT(happened[std::string(each.what)], seeds / each.seeds) << each.what;
  }
}

TEST(Simulation, is_the_same_for_the_same_seed) {
  for (std::uint64_t seed : {7u, 8u, 9u}) {
    const Story a = run_simulation(seed), b = run_simulation(seed);
    EXPECT_EQ(a.lines, b.lines);
    EXPECT_EQ(a.answers, b.answers);
    EXPECT_EQ(a.seen, b.seen);
    EXPECT_EQ(a.happened, b.happened);
  }
}

}  // namespace
}  // namespace sp::testing
