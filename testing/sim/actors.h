// Those who meet at the gate in the simulation: clients and servers, each a coroutine with dice of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/stream.h"
#include "runtime/task.h"
#include "testing/sim/story.h"

namespace sp::testing {

enum class Manner : std::uint8_t { faithful, hostile };  // who is hostile breaks off at random and says nonsense

// Asks a few requests over one connection, some of them at once, then goes in one way or another: closes, resets,
// or says only that it will send nothing more.
runtime::Task<void> run_client(std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, Manner manner,
                               std::uint64_t seed, Story& story);
// Serves one connection of the gate.
runtime::Task<void> run_server(std::unique_ptr<runtime::Stream> stream, Manner manner, std::uint64_t seed,
                               Story& story);

// The same in HTTP/2: many requests at a time, some of them taken back.
runtime::Task<void> run_h2_client(std::unique_ptr<runtime::Stream> stream, std::uint32_t first_number, Manner manner,
                                  std::uint64_t seed, Story& story);
runtime::Task<void> run_h2_server(std::unique_ptr<runtime::Stream> stream, Manner manner, std::uint64_t seed,
                                  Story& story);

}  // namespace sp::testing
