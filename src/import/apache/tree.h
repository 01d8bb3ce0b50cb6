// An Apache configuration as a tree: directives with their arguments, sections with what is in them. Includes,
// definitions and the conditions that are decided when Apache starts are resolved; every directive keeps its place.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/import.h"

namespace sp::import::apache {

struct Directive {
  std::string name;  // as written
  std::vector<std::string> args;
  std::string file;
  int line = 0;
  bool section = false;
  std::vector<Directive> children;  // of a section

  bool is(std::string_view other) const;       // names compare without case
  const std::string& arg(size_t index) const;  // empty where there is none
  std::string text() const;                    // on one line, for people
};

// Bounds, so that no file can make this run away. Far above what real servers have.
struct ReadLimits {
  size_t directives = 200'000;
  size_t file_bytes = 16 << 20;
  size_t line_bytes = 1 << 16;
  int depth = 64;  // of sections and includes together
};

struct Tree {
  std::vector<Directive> directives;
  std::vector<Untranslated> notes;  // conditions that were assumed
  std::vector<config::Finding> errors;
};

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, const ReadLimits& limits = {});

bool same_word(std::string_view a, std::string_view b);  // without ASCII case
std::string lower(std::string_view text);

}  // namespace sp::import::apache
