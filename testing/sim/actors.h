// Those who meet at the gate in the simulation: clients and servers, each a coroutine with dice of its own. What they
// say carries the number of its request, so that nothing can be taken for something else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runtime/scope.h"
#include "testing/fake_loop.h"
#include "testing/fake_network.h"

namespace sp::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

// What happened in one run, and what must not have.
struct Story {
  std::vector<std::string> lines;             // for a person, when something went wrong
  std::vector<std::string> wrong;             // empty after a good run
  std::map<std::uint32_t, unsigned> arrived;  // requests by number: how often a server saw the whole of one
  std::set<std::uint32_t> posts;
  std::size_t answered = 0;  // complete responses of servers that clients got

  void note(std::string line) { lines.push_back(std::move(line)); }
  void fault(std::string line) {
    note("WRONG: " + line);
    wrong.push_back(std::move(line));
  }
};

// What `who` (client or server) says of request `number`: its last octet, and no other, is a semicolon.
std::string content_of(std::uint32_t number, std::string_view who, std::size_t size);
// Whether `content` is that, or the beginning of it.
bool is_of(std::uint32_t number, std::string_view who, std::string_view content);

// Asks a few requests over one connection, some of them at once, then goes in one way or another. Breaks off at random
// if `hostile`, and sends garbage.
runtime::Task<void> run_client(FakeLoop& loop, std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number,
                               bool hostile, std::uint64_t seed, Story& story);
// Serves one connection of the gate, faithfully or not.
runtime::Task<void> run_server(FakeLoop& loop, std::unique_ptr<runtime::Stream> stream, bool hostile,
                               std::uint64_t seed, Story& story);

}  // namespace sp::testing
