// The path half of reverse_map.h: public paths for paths that a server wrote.
#pragma once

#include <string_view>

#include "policy/reverse_map.h"
#include "policy/reverse_table.h"

namespace sp::policy {

// A path of the server's own, under one of its names. Returns the argument itself where nothing changes.
std::string_view map_own_path(ReverseTable::Group group, std::string_view path, const ReverseContext& context,
                              Arena& arena);
// A path that can be the server's own or public already.
std::string_view map_either_path(std::string_view path, const ReverseContext& context, Arena& arena);

}  // namespace sp::policy
