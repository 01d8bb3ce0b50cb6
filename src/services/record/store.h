// One database of what was seen. SQLite in WAL mode, so that others read while the gate writes; the file is made for
// its owner alone (0600).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "policy/observed.h"
#include "services/record/sighting.h"
#include "services/record/sqlite.h"

namespace sp::record {

// So many rows an entry may have; beyond it the oldest of those that were seen once are forgotten, then the oldest.
inline constexpr std::size_t most_rows = 200'000;

class Store {
 public:
  // Makes the file and its table where there are none. Fails, with a sentence, for a file that is no database, another
  // program's, or of a later version of this one.
  static std::expected<Store, std::string> open(const std::string& path);

  // Whether the file is still the one that was opened.
  bool is_at(const std::string& path) const;
  // All of those with this path, in one transaction; on an error none of them.
  SqlResult add(const Sightings& sightings, const std::string& path);
  // Forgets what was seen before `oldest_day`, and what is too much.
  SqlResult forget(const std::string& entry, std::int32_t oldest_day, std::size_t most);
  // For tests: from then on the disk is full.
  SqlResult set_most_pages(int count);

 private:
  struct Identity {
    std::uint64_t device = 0, file = 0;
    bool operator==(const Identity&) const = default;
  };
  static Identity identity_of(const std::string& path);
  Store(Database database, Identity identity) : database_(std::move(database)), identity_(identity) {}
  SqlResult write(const Sightings& sightings, const std::string& path);
  Database database_;
  Identity identity_;
};

// What a database has of an entry since a day (days since 1970). Reads only, also while the gate writes.
std::expected<std::vector<policy::Observed>, std::string> read_observed(const std::string& path,
                                                                        const std::string& entry,
                                                                        std::int32_t since_day);

}  // namespace sp::record
