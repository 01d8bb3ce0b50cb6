// `sallyport import`: the configurations of other proxies, as a sallyport.yaml that says the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/files.h"
#include "config/finding.h"

namespace sp::import {

// What became of a directive that was not translated word for word; the gravest comes first.
enum class Fate : std::uint8_t {
  lost,        // the other proxy did something that the result does not do: a person has to decide
  changed,     // the result does it otherwise, or by itself
  not_needed,  // it means nothing to a proxy, or nothing to this one
};

struct Untranslated {
  std::string file;
  int line = 0;
  std::string directive;  // as it stands in the file, on one line
  std::string why;        // and what to do about it
  Fate fate = Fate::lost;
};

struct Imported {
  std::string yaml;                        // the lost ones stand at its top, as comments; empty: see `errors`
  std::vector<Untranslated> untranslated;  // in the order of the files
  // What could not be read at all: a missing file, a section that is not closed. What is around it was translated.
  std::vector<config::Finding> errors;
};

// Reads the files in this order, as one configuration; what they include is read from where it stands.
Imported import_apache(std::span<const std::string> files, const config::FileSystem& disk);
Imported import_haproxy(std::span<const std::string> files, const config::FileSystem& disk);
Imported import_nginx(std::span<const std::string> files, const config::FileSystem& disk);
Imported import_squid(std::span<const std::string> files, const config::FileSystem& disk);

}  // namespace sp::import
