// The configuration, documented from its own schema.
#pragma once

#include <string>

namespace sp::config {

// The reference page in Markdown: every key with its type, default and meaning, section by section.
std::string reference();

// A JSON Schema (draft 2020-12) for editors. It accepts what the parser accepts as far as a schema can say it.
std::string json_schema();

}  // namespace sp::config
