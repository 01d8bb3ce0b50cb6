// A Squid configuration as directives, each with its words and its place; what is included is read where it stands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "import/haproxy/report.h"

namespace sp::import::squid {

// The remarks are the same as those about HAProxy.
using haproxy::Origin;
using haproxy::Report;

struct Directive {
  std::vector<std::string> words;  // never empty
  Origin at;                       // passwords are not in its text

  const std::string& word(std::size_t index) const;  // empty where there is none
  std::span<const std::string> from(std::size_t index) const;
};

// Bounds, so that no file can make this run away. Far above what real servers have.
struct ReadLimits {
  std::size_t directives = 200'000;
  std::size_t file_bytes = 16 << 20;
  std::size_t files = 1'000;
  int depth = 16;  // of includes, as Squid has it
};

struct Tree {
  std::vector<Directive> directives;
  std::vector<config::Finding> errors;
};

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, Report& report,
               const ReadLimits& limits = {});

// The words of a file of values, a line each; '#' begins a comment.
std::vector<std::string> values_of_file(std::string_view content);

}  // namespace sp::import::squid
