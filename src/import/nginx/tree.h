// An NGINX configuration as a tree: directives with their words, blocks with what is in them. Includes are resolved,
// and what stands outside of any http, stream or mail (a file of sites-enabled/) is put where it belongs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/import.h"

namespace sp::import::nginx {

struct Directive {
  std::string name;
  std::vector<std::string> args;
  std::string file;
  int line = 0;
  bool block = false;
  std::vector<Directive> children;  // of a block

  bool is(std::string_view other) const { return name == other; }
  const std::string& arg(size_t index) const;  // empty where there is none
  bool has_arg(std::string_view word) const;
  std::string text() const;  // on one line, for people
};

// Bounds, so that no file can make this run away. Far above what real servers have.
struct ReadLimits {
  size_t directives = 200'000;
  size_t file_bytes = 16 << 20;
  size_t words = 10'000;  // of one directive
  int depth = 64;         // of blocks and includes together
};

struct Tree {
  Directive main, http, stream, mail;  // what is in them, from all files; none of these stands in a file itself
  std::vector<Untranslated> notes;     // includes that do not matter
  std::vector<config::Finding> errors;
};

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, const ReadLimits& limits = {});

}  // namespace sp::import::nginx
