// For the tests of the importers: configurations of another proxy as people have them, each with the sallyport.yaml
// that is made of it and the list of what was not translated. After a change that is meant: SP_UPDATE_GOLDEN=1
// import_test, then read the differences.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/files.h"
#include "import/import.h"

namespace sp::import {

inline std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

struct GoldenFiles {
  std::filesystem::path folder;  // where they are
  std::string shown_folder;      // where they seem to be: "/etc/nginx/"
  std::string extension;         // ".conf"

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
  }
  // The name of each, without its extension.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
      if (each.path().extension() == extension) found.push_back(each.path().stem().string());
    }
    std::ranges::sort(found);
    return found;
  }
  std::vector<std::string> shown(const std::string& name) const { return {shown_folder + name + extension}; }
  std::string text(const std::string& name) const { return content(folder / (name + extension)); }

  config::MemoryFileSystem all() const {
    config::MemoryFileSystem files;
    for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
      if (each.is_regular_file())
        files.files[shown_folder + std::filesystem::relative(each.path(), folder).string()] = content(each.path());
    }
    return files;
  }

  std::string list(const Imported& imported) const {
    static constexpr const char* fates[] = {"LOST", "changed", "not needed"};
    std::ostringstream out;
    for (const config::Finding& error : imported.errors)
      out << "ERROR " << config::text(error.place) << ": " << error.message << '\n';
    for (const Untranslated& note : imported.untranslated) {
      out << fates[static_cast<std::size_t>(note.fate)] << ' ' << note.file.substr(shown_folder.size()) << ':'
          << note.line << ": " << note.directive << "\n    " << note.why << '\n';
    }
    return std::move(out).str();
  }

  void compare(const std::string& name, const Imported& imported) const {
    compare(folder / (name + ".yaml"), imported.yaml);
    compare(folder / (name + ".untranslated"), list(imported));
  }

  static std::string name_of_test(const testing::TestParamInfo<std::string>& each) {
    std::string name = each.param;
    std::ranges::replace(name, '-', '_');
    return name;
  }

 private:
  static void compare(const std::filesystem::path& path, const std::string& made) {
    if (std::getenv("SP_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << made;
      return;
    }
    EXPECT_EQ(made, content(path)) << path;
  }
};

}  // namespace sp::import
