// request_headers and response_headers of a site and a route, applied to a message.
#pragma once

#include <span>
#include <vector>

#include "base/arena.h"
#include "config/finding.h"
#include "config/model.h"
#include "http/fields.h"
#include "policy/site_table.h"

namespace sp::policy {

// Appends the edits to `out`, in the order remove, set, add. Findings: a field that belongs to framing or to the
// connection (Content-Length, Host, ...), a value that no field can have, an unknown placeholder.
void compile_edits(const config::FieldEdits& edits, const config::Place& place, std::vector<FieldEdit>& out,
                   std::vector<config::Finding>& findings);

// An edit whose value expands to nothing, with placeholders, leaves no field (`set` then removes it).
void apply_edits(std::span<const FieldEdit> edits, http::Fields& fields, const Variables& variables, Arena& arena);

}  // namespace sp::policy
