// request_headers and response_headers of a site and a route, applied to a message.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "config/model.h"
#include "http/fields.h"
#include "policy/site_table.h"

namespace sp::policy {

// In the order remove, set, add. An error is a sentence: a name that is no token, a field that belongs to framing or to
// the connection (Content-Length, Host, ...), a value that no field can have, an unknown placeholder.
struct FieldEditProblem {
  config::Place place;
  std::string message;
};
std::vector<FieldEditProblem> compile_edits(const config::FieldEdits& edits, std::vector<FieldEdit>& out);

// An edit whose value expands to nothing, with placeholders, leaves no field (`set` then removes it).
void apply_edits(std::span<const FieldEdit> edits, http::Fields& fields, const Variables& variables, Arena& arena);

}  // namespace sp::policy
