// Examines a server: by a connection as the configuration has it, and, where that does not work, by others, to find
// what would.
#pragma once

#include <optional>
#include <vector>

#include "services/doctor/diagnose.h"
#include "services/doctor/probe.h"

namespace sp::doctor {

enum class Effort : std::uint8_t {
  if_wrong,     // others only where something is wrong
  if_in_doubt,  // and where nothing can be said, since the server waits for its client to speak
  all,
};

// All of it within this time, names and connections too.
inline constexpr runtime::Duration most_time{4300};

struct Examination {
  const Subject* subject = nullptr;
  std::vector<Observation> seen;  // what is configured comes first
  std::optional<Diagnosis> diagnosis;
};

// Ends after most_time at the latest, and soon after `token` is cancelled.
runtime::Task<void> examine(const ProbeWorld& world, const Subject& subject, Effort effort, runtime::CancelToken& token,
                            Examination& into);

// The first is what is configured.
std::vector<Way> ways_to(const Subject& subject);

}  // namespace sp::doctor
