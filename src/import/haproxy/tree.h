// An HAProxy configuration as sections with their directives. Conditional blocks (.if) are decided; every directive
// keeps its place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/haproxy/report.h"

namespace sp::import::haproxy {

struct Directive {
  std::vector<std::string> words;  // never empty
  Origin at;

  const std::string& word(size_t index) const;  // empty where there is none
  // The words from `index` on.
  std::span<const std::string> from(size_t index) const;
};

enum class SectionKind : std::uint8_t { global, defaults, frontend, backend, listen, other };

struct Section {
  SectionKind kind = SectionKind::other;
  std::string name;
  std::string from;  // the `defaults` that it names; empty: the last one before it
  Origin at;
  std::vector<Directive> directives;
};

// Bounds, so that no file can make this run away. Far above what real servers have.
struct ReadLimits {
  size_t directives = 200'000;
  size_t file_bytes = 16 << 20;
  size_t line_bytes = 1 << 16;
};

struct Tree {
  std::vector<Section> sections;
  std::vector<config::Finding> errors;
};

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, Report& report,
               const ReadLimits& limits = {});

}  // namespace sp::import::haproxy
