// The users of a way out, by an htpasswd file.
#pragma once

#include <memory>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"
#include "proxy/outbound/users.h"
#include "services/identity/htpasswd.h"

namespace sp::identity {

// So many passwords may wait to be verified; who comes then is told that the gate is busy.
inline constexpr std::size_t most_waiting = 256;

// One for each file of a configuration; its thread ends with it. What was verified is forgotten with it too: another
// file, another password. Throws std::system_error where there is no thread or no random number to be had.
std::shared_ptr<proxy::Users> make_users(Hashes hashes);

// Reads the file that the configuration names; null, and what is wrong in `findings`.
std::shared_ptr<proxy::Users> load_users(const config::Text& file, const config::FileSystem& files,
                                         std::vector<config::Finding>& findings);

}  // namespace sp::identity
