// What those who meet at the gate in the simulation roll their dice for, and what is told of a run.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sp::testing {

enum class Speaks : std::uint8_t { http1, http2 };

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::uint64_t seed() { return random_(); }

 private:
  std::mt19937_64 random_;
};

// What happened in one run, and what must not have. Requests have numbers, each of its own.
struct Story {
  bool calm = false;                       // nobody is hostile, nothing breaks: every request must be answered in whole
  bool over = false;                       // the gate is gone: nobody pauses any more
  std::vector<std::string> lines;          // for a person, when something went wrong
  std::vector<std::string> wrong;          // empty after a good run
  std::map<std::uint32_t, unsigned> seen;  // how often a server read anything of a request
  std::map<std::uint32_t, Speaks> served_by;  // which kind of server was the last one to do so
  std::set<std::uint32_t> refused;   // a gate of HTTP/2 has said of them that nothing was done: they can be sent again
  std::set<std::uint32_t> declined;  // tunnels that a server does not want
  std::set<std::uint32_t> cut;       // tunnels in which somebody stopped before its end, as if it were the end
  std::set<std::uint32_t> tunnels;   // those that came to be: the client has heard a 101
  // With trailers, as they were sent last; who speaks HTTP/2 has to hear them.
  std::set<std::uint32_t> request_trailers, response_trailers;
  // Responses that nobody had asked for, sent by themselves: the gate may take each for the response to the next
  // request.
  int surplus = 0;
  std::set<std::uint32_t> answers;                           // requests whose response came in whole
  std::map<std::string, std::size_t, std::less<>> happened;  // what the run was made of, by name

  // Whether what ends cleanly but too early in this tunnel was cut by somebody in between.
  bool must_be_whole(std::uint32_t tunnel) const { return tunnels.contains(tunnel) && !cut.contains(tunnel); }
  void count(std::string_view what) { ++happened[std::string(what)]; }
  void note(std::string line) { lines.push_back(std::move(line)); }
  void fault(std::string line) {
    note("WRONG: " + line);
    wrong.push_back(std::move(line));
  }
  void fault(std::string_view what, std::uint32_t number) { fault(std::string(what) + " " + std::to_string(number)); }
};

}  // namespace sp::testing
